"""Where lots and serials went and what they were made of, and what a recall must find (`domain.md` §11).

Reading order: `network` (the walk over the store's lineage), `balance` (quantities that add up), `trace` (the answer:
goods, steps, balances), `recall` (everything downstream, piece by piece), `recall_rows` and `epcis` with `identifiers`
(lists for others), `forms` (the answers as JSON), `collecting` (memory), `routes` (the API).

Asks the store through `edge.store.queries_trace`. Must never: change anything, or walk without remembering where it
was: lineage has circles.
"""
