"""Python's garbage collector kept out of the way while an answer of hundreds of thousands of objects is put together.

It looks at all objects again and again while their number grows; what is made here holds no circles, so it finds
nothing. Half of the time of a large recall went into that.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

_lock = Lock()
_asking = 0
_was_on = False


@contextmanager
def without_collections() -> Iterator[None]:
    """No automatic collection meanwhile, in the whole process: for seconds, not for longer. Several may ask at once."""
    global _asking, _was_on
    with _lock:
        if not _asking:
            _was_on = gc.isenabled()
            gc.disable()
        _asking += 1
    try:
        yield
    finally:
        with _lock:
            _asking -= 1
            if not _asking and _was_on:
                gc.enable()
