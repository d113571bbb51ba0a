"""One judge of what a count has left in its topics, beside `tests.faults.checker`, whose history it looks at.

Reading order: `facts` (what whoever moved, planted and read knows), then the invariants: `differences`, `stock`,
`lines`, `answers`; and `report`, which asks them all, and those of the ledger that hold beside them.

Takes nothing from the product; a test enforces that.
"""
