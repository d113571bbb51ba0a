"""The worker loop: one consumer, one transactional producer, one thread; partition p of each input is task p.

Reading order: `log` (the broker as the loop sees it) with `kafka_log` (its parts: `kafka_*`) and `memory_log`, `store`
(rows on disk or in memory) with `rocks_store` and `memory_store`, `overlay` (a batch's changes over the store),
`restore`, `tasks` (taking over and giving up), `master` (master data read whole), `batch` (decide a batch), `loop` (the
turn: consume, reserve, decide, produce, flush, confirm, commit, apply), `counter_care` (while counters cannot answer),
`worker` (one process), `supervisor` (several), `simulate` (the same loop without a broker). `metrics` and
`edge_metrics`: what workers and the edge measure of themselves.

Imports contract, counters and domain. Must never: hold a rule of the business, read the wall clock for a decision.
"""
