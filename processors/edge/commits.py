"""Tells those who wait in the event loop that the projection has committed something."""

import asyncio
from contextlib import suppress


class Commits:
    """`tell` from any thread; the rest in the loop that it was made for."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._number = 0
        self._has_ended = False
        self._changed = asyncio.Event()

    @property
    def number(self) -> int:
        """Rises with every commit."""
        return self._number

    @property
    def has_ended(self) -> bool:
        """The edge is about to stop: nobody should wait any more."""
        return self._has_ended

    def end(self) -> None:
        """Let everybody go who waits."""
        self._has_ended = True
        self._wake()

    def tell(self) -> None:
        with suppress(RuntimeError):  # the loop has ended: nobody waits any more
            self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        self._number += 1
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def after(self, number: int, limit_s: float) -> int:
        """The number as soon as it is another than the one given, once the time is over, or at the end."""
        if self._number == number and not self._has_ended:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), limit_s)
        return self._number
