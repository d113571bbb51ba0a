"""Counting on a real broker, while goods move and workers die: every planted difference is found, and no false one.

`python -m tests.faults.counts` (docs/faults.md). Reading order: `company` (master data), `shelves` (what really stands
where), `movers` (goods that move, and their papers, which come late, twice, in another order, or are taken back),
`operators` (who reads the shelves), `site` (workers of both kinds), `run` (all of it together), `judge` (the invariants
of counting, beside those of `tests.faults.checker` that hold here too) and `reading` (topics to what it judges);
`mutants` are planted bugs that must be found.

`judge` and `reading` take nothing from the product but its schemas. Quantities are whole millionths, times milliseconds
UTC.
"""
