"""A call that may never come back, with a limit on how long it is waited for."""

from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from processors.runtime.errors import Fenced


class BoundedCalls:
    """One thread for calls that a library promises to end in time, and in some states does not.

    One call at a time. After one that did not come back the object is of no more use, nor is what was called: end the
    process, its supervisor starts it anew.
    """

    def __init__(self, name: str) -> None:
        self._calls: SimpleQueue[Callable[[], Any]] = SimpleQueue()
        self._answers: SimpleQueue[tuple[Any, BaseException | None]] = SimpleQueue()
        # A daemon: a process that ends does not wait for it.
        Thread(target=self._serve, name=name, daemon=True).start()

    def call(self, what: Callable[[], Any], limit_s: float) -> Any:
        """What the call returns or raises; Fenced where it has done neither within `limit_s` seconds."""
        self._calls.put(what)
        try:
            answer, failure = self._answers.get(timeout=limit_s)
        except Empty:
            raise Fenced(f"the client has not come back from a call within {limit_s:g} s") from None
        if failure is not None:
            raise failure
        return answer

    def _serve(self) -> None:
        while True:
            call = self._calls.get()
            try:
                self._answers.put((call(), None))
            except BaseException as failure:
                self._answers.put((None, failure))
            del call  # it may hold a client that is to be closed
