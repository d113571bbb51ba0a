"""One ledger worker, a real process, on a real broker and a real Redis: what comes in wrong, what goes away, what dies.

All tests share one broker (`ledger` in `conftest`); each leaves a running worker behind.
"""
