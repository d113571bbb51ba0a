"""A small TCP proxy between the processes under test: each link can be cut, held up, delayed, or left half open.

All links live in one thread with one event loop; their modes are switched from outside.
"""

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Coroutine
from typing import Any, Literal

Mode = Literal["pass", "cut", "stalled", "answers-lost", "half-open"]
"""pass: everything goes through. cut: connections are reset and refused. stalled: nothing goes through and nothing is
closed; what was held goes on when it passes again, as a network that tries again. answers-lost: requests arrive,
answers do not. half-open: the far side is closed, and the near side is not told."""
CHUNK = 1 << 20
Address = tuple[str, int]
SourceOf = Callable[[Address, Address], str]


class Link:
    """One way through: connections to `near` go on to `far`. Modes are for all of them, or for one source.

    `source_of`: who is at the other end of a connection (its address, ours), where one link has several users.
    """

    def __init__(self, name: str, near: Address, far: Address, source_of: SourceOf = lambda peer, own: "") -> None:
        self.name, self.near, self.far = name, near, far
        self._source_of = source_of
        self._modes: dict[str, Mode] = {}
        self._delay_s = 0.0
        self._open: set[_Pair] = set()
        self._changed = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._server: asyncio.Server | None = None

    def mode(self, source: str) -> Mode:
        return self._modes.get(source) or self._modes.get("", "pass")

    @property
    def delay_s(self) -> float:
        return self._delay_s

    def set(self, mode: Mode, source: str = "") -> None:
        """Switch; on the way back to `pass`, connections that have lost bytes are reset."""
        self._run(self._set(mode, source))

    def slow_down(self, seconds: float) -> None:
        """Every piece arrives so much later; 0 = no more."""
        self._delay_s = seconds

    def aim(self, far: Address) -> None:
        """New connections go elsewhere; those there are stay."""
        self.far = far

    def reset(self) -> None:
        """Reset the connections there are."""
        self._run(self._reset(None))

    async def open(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._server = await asyncio.start_server(self._accept, *self.near, limit=CHUNK, backlog=256)

    async def _set(self, mode: Mode, source: str) -> None:
        before = self.mode(source)
        if mode == "pass":
            self._modes.pop(source, None)
        else:
            self._modes[source] = mode
        for pair in list(self._open):
            if source not in ("", pair.source):
                continue
            if mode == "cut" or (mode == "pass" and before in ("answers-lost", "half-open")):
                pair.abort()
            elif mode == "half-open":
                pair.forget_far()
        self._changed.set()
        self._changed = asyncio.Event()

    async def _reset(self, source: str | None) -> None:
        for pair in list(self._open):
            if source is None or pair.source == source:
                pair.abort()

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        assert self._loop is not None, "the proxy was started"
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer, own = writer.get_extra_info("peername"), writer.get_extra_info("sockname")
        source = self._source_of(peer, own)
        pair = _Pair(source, writer)
        self._open.add(pair)
        try:
            await self._passing(source)
            if self.mode(source) == "cut":
                return
            far_reader, far_writer = await asyncio.open_connection(*self.far, limit=CHUNK)
            pair.far = far_writer
            ways = (self._pump(reader, far_writer, source, False), self._pump(far_reader, writer, source, True))
            tasks = [asyncio.ensure_future(way) for way in ways]
            _, others = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            while self.mode(source) == "half-open" and not writer.is_closing():
                await self._changed.wait()
            for task in others:
                task.cancel()
        except OSError:
            pass
        finally:
            self._open.discard(pair)
            pair.abort()

    async def _passing(self, source: str) -> None:
        while self.mode(source) == "stalled":
            await self._changed.wait()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, source: str, answers: bool
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(CHUNK):
                if self._delay_s:
                    await asyncio.sleep(self._delay_s)
                await self._passing(source)
                mode = self.mode(source)
                if mode == "half-open" or (answers and mode == "answers-lost"):
                    continue
                writer.write(data)
                await writer.drain()


class _Pair:
    """The two connections of one client."""

    def __init__(self, source: str, near: asyncio.StreamWriter) -> None:
        self.source, self.near = source, near
        self.far: asyncio.StreamWriter | None = None

    def abort(self) -> None:
        for writer in (self.near, self.far):
            if writer is None:
                continue
            with contextlib.suppress(OSError):
                # Reset, as a connection of a process that died: nothing lingers.
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    def forget_far(self) -> None:
        if self.far is not None:
            self.far.transport.abort()


class Proxy:
    """All links, in a thread of their own."""

    def __init__(self) -> None:
        self.links: dict[str, Link] = {}
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(lambda loop, context: None)  # connections end in every way here
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._thread.start()

    def add(self, link: Link) -> Link:
        """Open a link; OSError where its address is taken."""
        asyncio.run_coroutine_threadsafe(link.open(), self._loop).result(10)
        self.links[link.name] = link
        return link

    def heal(self) -> None:
        """Let everything through again."""
        for link in self.links.values():
            link.slow_down(0)
            for source in list(link._modes):
                link.set("pass", source)

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    async def _end(self) -> None:
        """All that still waits is told so, while there is a loop to hear it."""
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
