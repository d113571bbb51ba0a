"""lotstream: the lot, serial-number and physical-inventory ledger of an ERP, as a stream processor on Kafka.

Reading order: `domain` (the rules, pure), `contract` (topics and records), `counters` (progressives in Redis),
`ledger` (the item-keyed processor), `runtime` (the transactional loop), `embedded` (broker and Redis as child
processes), `cli` (the commands; the only place where parts are wired together).
"""
