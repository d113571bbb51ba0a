"""The tables as they became, one module a step, for Alembic (`env`, `versions`). A released step is never changed.

A new one: change `tables`, then write `versions/<number>_<what>.py` by hand; a test says where the two differ.
"""
