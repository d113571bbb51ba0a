"""The API under `/api/v1`: registers to look up and export, requests to send, answers to wait for.

Reading order: `app` (what is put together), `roles` and `tokens` (who may), `problems` (how errors look), `limits`,
`catalogue` (the registers, their fields and filters as data), `reading` (pages and details), `exports` (files),
`freshness` (lag and ETag of every answer), `writing`, `answers`, `dead_letters` (what is sent), `description`
(OpenAPI), `examples`.

Asks the store through `store.queries_registers` only, and sends through the `publisher` that it is given. It decides
nothing about lots, serials or counts: a request that has the right form is published, and the processors answer it.
"""
