"""Topics into the store: a thread of the edge reads what is committed, in batches, and writes it with its offsets.

Reading order: `projector` (one run, from where the store stands), `supervision` (the thread: what goes wrong is shown,
and it begins again), `skipping` (a record that nobody can read), `rebuild` (a new store beside the one in use).

Must never: skip a record of its own accord, or write a row without the offset that it belongs to.
"""
