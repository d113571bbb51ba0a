"""What the calendar and the counters tell people ahead of time, published to the topic `alerts`, once each.

Reading order: `calendar` (lots that are to be warned of, blocked, expired), `counters` (progressives that run out),
`publishing` (what is new of both is sent). Asks the store through `edge.store.queries_alerts`.

Must never: decide whether a movement is taken (the ledger looks at the days itself), or publish what the topic has.
"""
