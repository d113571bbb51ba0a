"""The item-keyed processor: movements and master data in; replies, postings and registers out.

Reading order: `processor` (what the loop calls), `seen` (movement ids that were taken, and the first answer again),
`needs` (the ordinals that a batch may use). The rules themselves stand in `domain`.

Imports `domain` only (`contract` where a stored message is read again). Must never: do I/O, read a clock, keep rows
between calls.
"""
