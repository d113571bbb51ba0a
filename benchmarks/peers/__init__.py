"""What a team might pick instead, doing the same posting work: each peer is one file, to be read by a stranger.

`faust_agent.py` (Faust: an agent with a table), `quix_app.py` (Quix Streams), `StreamsPosting.java` (Kafka Streams).
They import nothing of lotstream and run in an environment of their own (`environment`, `java`); what they are told
stands in the variables that `contenders` sets.

The work, the same for all: read a movement (Avro, the contract's bytes) from `movements`, keep one stock row per item
(loads added, unloads taken off; quantities in millionths), write one result per movement to `peer-results`, keyed by
the item: `{"movement_id": …, "stock_after": …}`. No checks, no lots, no codes, no registers: far less than the ledger
does, and as much as `benchmarks.minimal` does on lotstream's own runtime.
"""
