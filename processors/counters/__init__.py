"""Allocation of ordinals and codes: Redis hands them out, the registers in Kafka are what counts (architecture §5).

Reading order: `port` (what the worker loop asks, and the errors by the reaction they need), `state` (what one server
keeps, and the calls that change it), `allocator` (the one `Counters`: nonces, outcomes, fences, over any state),
`rebuild` (the state anew from the registers), `memory` and `memory_log` (the twin: state and log without a server),
`redis_state` with `lua/` (the same on a server), `redis_connection`, `none` (for counting, which gives out no
codes). `docs/decisions/0001-counters.md` says why no code can repeat.

Imports domain, and the Redis client in `redis_connection` alone. Must never: speak to Kafka (the log and the registers
come through `port`), read a clock of its own, wait for Redis between begin and commit.
"""
