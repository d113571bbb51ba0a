"""A library's call that does not come back ends the worker, instead of holding its tasks for ever."""

from threading import Event

import pytest

from processors.runtime.bounded_call import BoundedCalls
from processors.runtime.errors import Fenced


def test_a_call_that_comes_back_gives_what_it_returns_or_raises() -> None:
    calls = BoundedCalls("test")
    assert calls.call(lambda: 1, 30) == 1
    with pytest.raises(ValueError, match="what it raised"):
        calls.call(_raise, 30)
    assert calls.call(lambda: 2, 30) == 2


def test_a_call_that_does_not_come_back_is_left_and_the_worker_is_to_be_started_anew() -> None:
    forever = Event()
    try:
        with pytest.raises(Fenced, match=r"not come back from a call within 0\.01 s"):
            BoundedCalls("test").call(forever.wait, 0.01)
    finally:
        forever.set()


def _raise() -> None:
    raise ValueError("what it raised")
