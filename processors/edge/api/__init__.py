"""The API under `/api/v1`: registers to look up and export, requests to send, answers to wait for.

Reading order: `app` (what is put together), `roles` and `tokens` (who may), `blind` (who sees books), `problems` (how
errors look), `hosts` and `limits`, `filters`, `entry` and `catalogue` (the registers as data), `forms` (rows as JSON),
`reading` (pages and details), `cursors`, `exports` and `formulas` (files), `freshness` (lag and ETag of every answer),
`writing`, `answers`, `dead_letters` (what is sent), `description` and `examples` (OpenAPI).

Asks the store through `store.queries_registers` only, and sends through the `publisher` that it is given. It decides
nothing about lots, serials or counts: a request that has the right form is published, and the processors answer it.
"""
