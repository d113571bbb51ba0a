"""One judge of what a ledger has left in its topics: reads them all, proves the invariants (architecture §9).

Reading order: `history` (what it looks at, as plain data), `reading` and `wire` (topics to a history), `outcomes`
(which output belongs to which input), then the invariants: `answers`, `stock`, `serials`, `codes`, `counters`,
`outside`; and `report`, which asks them all. `composition` and `partitions` are the rules of codes and of keys, written
once more.

Takes nothing from the product but its schemas; a test enforces that. Quantities are whole millionths, days day numbers,
times milliseconds UTC.
"""
