"""The rules of lots, serial numbers, stock and codes: standard library only, no clock, no random, no I/O.

Reading order: `quantity` and `calendar` (the two number types), `master` (master data), `movement` (what comes in),
`registers` (the rows that are kept), `events` (what goes out), `refusals` (why something is not taken), `view` (how a
decision reads rows), `progressives` (ordinals of generated codes).

Imports nothing but itself. Must never: read a clock, an environment variable or a file; keep state between calls.
"""
