"""How fast the product is, beside what a team might pick instead; figures are printed, never asserted.

`python -m benchmarks` (`make bench`) runs all, on the embedded broker and Redis; each part also runs alone with
`python -m benchmarks.NAME`, and has --help. Reading order:

- the ground: `stack` (broker, Redis, topics), `company` (master data and movements), `sending` (movements into the
  log), `pacer` (at a steady pace), `arena` (a clean ground for each run), `contenders` and `peers` (who runs),
  `minimal` (the runtime without the ledger's rules), `results` (what came out, and whether it is right);
- beside the peers: `throughput`, `latency`, `kills`;
- the product alone: `posting` (where the time goes, with `worker` and `stages`), `serials` (with `processes`), `state`,
  `many_lots`, `counting`, `projection` (into SQL), `starts` (`lotstream dev`);
- what is told: `machine`, `figures`, `tables`, `plots` and `drawings`, `report` (into docs/performance.md).

May import everything of the product. Nothing of the product imports this.
"""
