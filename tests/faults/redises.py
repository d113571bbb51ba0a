"""The counters' server, a replica of it at need, and for each worker slot a way to one of them through the proxy."""

import shutil
import socket
from pathlib import Path

from processors.embedded import ports
from processors.embedded.redis import RedisServer
from tests.faults.links import Link, Proxy
from tests.faults.waiting import until

FILE = "appendonly.aof"


class Redises:
    """`main` is the server that counts now."""

    def __init__(self, directory: Path, proxy: Proxy, slots: tuple[int, ...]) -> None:
        self._directory, self._proxy = directory, proxy
        self._made = 0
        self.main = self._new()
        self.main.start()
        self.links = {
            slot: proxy.add(f"worker-{slot}>redis", (f"127.0.{10 + slot}.200", ports.free()), address(self.main))
            for slot in slots
        }

    def url_of(self, slot: int) -> str:
        host, port = self.links[slot].near
        return f"redis://{host}:{port}/0"

    def ask(self, command: str) -> str:
        """The first line of the main server's answer; what went wrong, where it gives none."""
        try:
            return self.main.ask(command)
        except OSError as failure:
            return f"no answer: {failure}"

    def keys(self) -> list[str]:
        """All keys of the main server, in order."""
        return sorted(self._lines("KEYS *"))

    @property
    def file(self) -> Path:
        return self.main.directory / FILE

    def restart(self, settings: dict[str, str] | None = None) -> None:
        """Start the main server again where it is not running; with `settings` for this time."""
        if self.main.is_running:
            return
        before = self.main.settings
        self.main.settings = {**before, **(settings or {})}
        try:
            self.main.start()
        finally:
            self.main.settings = before

    def add_replica(self) -> tuple[RedisServer, Link]:
        """A server that follows the main one and has caught up, and the link through which it follows."""
        replica = self._new()
        replica.start()
        near = ("127.0.200.1", ports.free())
        link = self._proxy.add(f"{replica.directory.name}>redis", near, address(self.main))
        replica.ask(f"REPLICAOF {link.near[0]} {link.near[1]}")
        until(lambda: "master_link_status:up" in info(replica), "the replica has caught up", 30)
        return replica, link

    def promote(self, replica: RedisServer, but: int | None) -> RedisServer:
        """The replica counts from now on, for every slot but one; the former main server is given back."""
        replica.ask("REPLICAOF NO ONE")
        former, self.main = self.main, replica
        for slot, link in self.links.items():
            if slot != but:
                link.aim(address(replica))
                link.reset()
        return former

    def aim_all(self) -> None:
        """Every slot goes to the main server."""
        for link in self.links.values():
            if link.far != address(self.main):
                link.aim(address(self.main))
                link.reset()

    def end(self) -> None:
        self.main.kill()

    def _new(self) -> RedisServer:
        self._made += 1
        return RedisServer(self._directory / f"redis-{self._made}")

    def _lines(self, command: str) -> list[str]:
        return answer(self.main, command)[2::2]


def address(server: RedisServer) -> tuple[str, int]:
    host, _, port = server.url.removeprefix("redis://").removesuffix("/0").partition(":")
    return host, int(port)


def answer(server: RedisServer, command: str) -> list[str]:
    """All lines of an answer to an inline command."""
    with socket.create_connection(address(server), timeout=5) as connection:
        connection.sendall(command.encode() + b"\r\nQUIT\r\n")
        with connection.makefile("rb") as reader:
            lines = reader.read().decode(errors="replace").split("\r\n")
    return lines[: lines.index("+OK")] if "+OK" in lines else lines


def info(server: RedisServer) -> str:
    return "\n".join(answer(server, "INFO replication"))


def keep_copy(file: Path, at: Path) -> None:
    """A copy of a server's file as it is now, of which the last entry may be half written."""
    shutil.copyfile(file, at)
