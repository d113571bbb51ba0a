"""The inventory-keyed processor: commands and reads of a physical inventory in; answers, lists and lines out.

Reading order: `processor` (what the loop calls), `registers` (the rows and their indexes), `step` (what one decision
has changed so far). Reads: `scanning` (one read), `barcode_rules`, `fields` (what a read gives), `sessions` (what an
operator has read and not confirmed), `checks`, `places`, `writing` (a confirmed line), `questions` (add or replace),
`feedback`. Commands: `commands`, `opening`, `closing`, `reviewing`, `cancelling`. The ledger: `to_ledger` (what it is
told), `results` (what it answers). `seen` (ids that were taken, and their first answer), `tidying` (when they go).

Counting never knows a book quantity before the ledger's result. Imports `domain` and `barcodes`. Must never: do I/O,
read a clock, keep rows between calls.
"""
