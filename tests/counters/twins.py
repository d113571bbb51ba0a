"""The two counter servers under one set of handles: start, stop, forget, restore, promote."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, Protocol

import redis

from processors.counters.memory import MemoryServer, MemoryState
from processors.counters.redis_connection import RedisConnection
from processors.counters.redis_state import RedisState
from processors.counters.state import State
from processors.embedded.redis import RedisServer

PREFIX = "test"
Part = Literal["state", "counters", "claims"]


class Twin(Protocol):
    """A counter server that a test may break."""

    def connect(self) -> State:
        """A worker's connection."""
        ...

    def flush(self) -> None: ...

    def stop(self) -> None: ...

    def snapshot(self) -> Any: ...

    def restart(self, snapshot: Any) -> None:
        """Kill the server and start it on what a snapshot held; None: on nothing."""
        ...

    def promoted_replica(self) -> "Twin":
        """A replica that has become a master. This server goes on answering."""
        ...

    def delete(self, part: Part) -> None:
        """Delete one key."""
        ...

    def spoil(self, part: Part) -> None:
        """Put something of another type at one key."""
        ...


class Line:
    """A worker's connection that a test may move to another server (as after a promotion). Hands every call on."""

    def __init__(self, to: State) -> None:
        self.to = to

    def __getattr__(self, call: str) -> Any:
        return getattr(self.to, call)


class MemoryTwin:
    def __init__(self, server: MemoryServer | None = None) -> None:
        self.server = server or MemoryServer()

    def connect(self) -> State:
        return MemoryState(self.server)

    def flush(self) -> None:
        self.server.flush()

    def stop(self) -> None:
        self.server.up = False

    def snapshot(self) -> Any:
        return self.server.snapshot()

    def restart(self, snapshot: Any) -> None:
        self.server.restart(snapshot)

    def promoted_replica(self) -> "MemoryTwin":
        replica = MemoryServer("replica")
        replica.restart(self.server.snapshot())
        return MemoryTwin(replica)

    def delete(self, part: Part) -> None:
        match part:
            case "state":
                self.server.keys.pointer = None
            case "counters":
                self.server.keys.counters.clear()
            case "claims":
                self.server.keys.claims.clear()

    spoil = delete
    """A value of another type at a key is nothing that memory can hold: to a worker both are a part that is missing."""


class RedisTwin:
    """`make` starts a server with the given settings on top of our own."""

    def __init__(self, make: Callable[..., RedisServer], server: RedisServer | None = None) -> None:
        self._make = make
        self.server = server or make({"appendonly": "no", "save": ""})

    def connect(self) -> State:
        return RedisState(RedisConnection(self.server.url, timeout_s=30), PREFIX)

    def flush(self) -> None:
        self.server.flush()

    def stop(self) -> None:
        self.server.kill()

    def snapshot(self) -> Any:
        self.server.ask("SAVE")
        return (self.server.directory / "dump.rdb").read_bytes()

    def restart(self, snapshot: Any) -> None:
        self.server.kill()
        file: Path = self.server.directory / "dump.rdb"
        file.unlink(missing_ok=True)
        shutil.rmtree(self.server.directory / "appendonlydir", ignore_errors=True)
        if snapshot is not None:
            file.write_bytes(snapshot)
        self.server.start()

    def promoted_replica(self) -> "RedisTwin":
        host, port = self.server.url.removeprefix("redis://").split("/")[0].split(":")
        replica = self._make({"appendonly": "no", "save": ""})
        with redis.Redis.from_url(replica.url, decode_responses=True) as client:
            client.replicaof(host, port)
            until = time.monotonic() + 20
            while client.info("replication")["master_link_status"] != "up":
                assert time.monotonic() < until, "the replica did not come up"
            with redis.Redis.from_url(self.server.url) as master:
                assert master.wait(1, 10_000) == 1
            client.replicaof("NO", "ONE")
        return RedisTwin(self._make, replica)

    def delete(self, part: Part) -> None:
        with redis.Redis.from_url(self.server.url, decode_responses=True) as client:
            for key in client.scan_iter(f"{PREFIX}:{{company}}:{part}*"):
                client.delete(key)

    def spoil(self, part: Part) -> None:
        with redis.Redis.from_url(self.server.url, decode_responses=True) as client:
            for key in list(client.scan_iter(f"{PREFIX}:{{company}}:{part}*")):
                client.delete(key)
                client.set(key, "something else")
