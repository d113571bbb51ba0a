"""How fast the product is, measured on the embedded broker and Redis; figures are printed, never asserted.

`python -m benchmarks` runs all, `python -m benchmarks.posting` one; each has --help. Reading order: `stack` (broker,
Redis, topics), `company` (master data and movements), `sending` (movements into the log), `worker` (one worker process
that measures itself), `stages` (where its time goes), `figures` (what is printed, and of which machine), then the
benchmarks: `posting`, `serials`, `latency`, `restore`, `recovery`.

May import everything of the product. Nothing of the product imports this.
"""
