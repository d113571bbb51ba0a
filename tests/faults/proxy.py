"""A small TCP proxy between the processes under test, a process of its own: `python -m tests.faults.proxy`.

Each link can be cut, held up, delayed, or left half open. Commands come as JSON lines on standard input, each is
answered by one line; the end of the input is the end of the proxy. `links` has the other side.
"""

import asyncio
import contextlib
import json
import os
import socket
import struct
import sys
from typing import Any, Literal

from tests.faults.who import process_of

Mode = Literal["pass", "cut", "stalled", "answers-lost", "half-open"]
"""pass: everything goes through. cut: connections are reset and refused. stalled: nothing goes through and nothing is
closed; what was held goes on when it passes again, as a network that tries again. answers-lost: requests arrive,
answers do not. half-open: the far side is closed, and the near side is not told."""
LOSING = ("answers-lost", "half-open")
CHUNK = 1 << 20


class Way:
    """One way through: connections to `near` go on to `far`. Modes are for all of them, or for one source."""

    def __init__(self, near: tuple[str, int], far: tuple[str, int]) -> None:
        self.near, self.far = near, far
        self.modes: dict[str, Mode] = {}
        self.delay_s = 0.0
        self.pids: dict[int, str] = {}
        """Process id → name, of those that a mode can be for alone."""
        self._open: set[_Pair] = set()
        self._changed = asyncio.Event()

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._accept, *self.near, limit=CHUNK, backlog=256)

    def set(self, mode: Mode, source: str) -> None:
        before = {pair: self._mode(pair) for pair in self._open}
        if mode == "pass":
            self.modes.pop(source, None)
        else:
            self.modes[source] = mode
        for pair in list(self._open):
            after = self._mode(pair)
            if after == "cut" or (after not in LOSING and before.get(pair) in LOSING):
                pair.abort()
            elif after == "half-open":
                pair.forget_far()
        self._changed.set()
        self._changed = asyncio.Event()

    def reset(self) -> None:
        for pair in list(self._open):
            pair.abort()

    def _mode(self, pair: "_Pair") -> Mode:
        if not self.modes:
            return "pass"
        if any(self.modes):
            mode = self.modes.get(pair.source(self.pids))
            if mode is not None:
                return mode
        return self.modes.get("", "pass")

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        pair = _Pair(writer)
        self._open.add(pair)
        try:
            await self._until_passing(pair)
            if self._mode(pair) == "cut":
                return
            far_reader, far_writer = await asyncio.open_connection(*self.far, limit=CHUNK)
            pair.far = far_writer
            ways = (self._pump(reader, far_writer, pair, False), self._pump(far_reader, writer, pair, True))
            tasks = [asyncio.ensure_future(way) for way in ways]
            try:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                while self._mode(pair) == "half-open" and not writer.is_closing():
                    await self._changed.wait()
            finally:
                for task in tasks:
                    task.cancel()
        except OSError:
            pass
        finally:
            self._open.discard(pair)
            pair.abort()

    async def _until_passing(self, pair: "_Pair") -> None:
        while self._mode(pair) == "stalled":
            await self._changed.wait()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, pair: "_Pair", answers: bool
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(CHUNK):
                if self.delay_s:
                    await asyncio.sleep(self.delay_s)
                await self._until_passing(pair)
                mode = self._mode(pair)
                if mode == "half-open" or (answers and mode == "answers-lost"):
                    continue
                writer.write(data)
                await writer.drain()


class _Pair:
    """The two connections of one client."""

    def __init__(self, near: asyncio.StreamWriter) -> None:
        self._near = near
        self.far: asyncio.StreamWriter | None = None
        self._ends = near.get_extra_info("peername"), near.get_extra_info("sockname")
        self._source: str | None = None

    def source(self, pids: dict[int, str]) -> str:
        """Who is at the near end; asked when it first matters, for it takes a while."""
        if self._source is None:
            self._source = process_of(*self._ends, pids) if all(self._ends) else ""
        return self._source

    def abort(self) -> None:
        for writer in (self._near, self.far):
            if writer is None:
                continue
            with contextlib.suppress(OSError):
                # Reset, as a connection of a process that died: nothing lingers.
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    def forget_far(self) -> None:
        if self.far is not None:
            self.far.transport.abort()


async def serve() -> None:
    """Take commands until the input ends."""
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda loop, context: None)  # connections end in every way here
    ways: dict[str, Way] = {}
    commands = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    while line := await commands.readline():
        try:
            await _obey(ways, json.loads(line))
            print("done", flush=True)
        except Exception as failure:
            print(f"{type(failure).__name__}: {failure}", flush=True)
    os._exit(0)


async def _obey(ways: dict[str, Way], command: dict[str, Any]) -> None:
    name = command["link"]
    match command["do"]:
        case "open":
            way = Way((command["near"][0], command["near"][1]), (command["far"][0], command["far"][1]))
            await way.open()
            ways[name] = way
        case "set":
            ways[name].pids = {int(pid): source for pid, source in command["pids"].items()}
            ways[name].set(command["mode"], command["source"])
        case "delay":
            ways[name].delay_s = command["seconds"]
        case "aim":
            ways[name].far = (command["far"][0], command["far"][1])
        case "reset":
            ways[name].reset()


if __name__ == "__main__":
    with contextlib.suppress(OSError):
        os.nice(-10)  # a busy machine is no slow network; only root may
    asyncio.run(serve())
