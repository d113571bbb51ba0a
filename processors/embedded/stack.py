"""Broker, Redis and worker processes of one directory, started and ended together: what `lotstream dev` runs."""

import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final
from urllib.error import URLError
from urllib.request import urlopen

from processors.embedded import children, jars, ports
from processors.embedded.broker import Broker
from processors.embedded.data_directory import DataDirectory
from processors.embedded.redis import RedisServer
from processors.embedded.trouble import Trouble, end_of_log

BROKER_PORT: Final = 9092
REDIS_PORT: Final = 6379
EDGE_PORT: Final = 8080
METRICS_PORT: Final = "LOTSTREAM_METRICS_PORT"
READY_LIMIT_S: Final = 120.0
WORKER_STOP_LIMIT_S: Final = 15.0


class Worker:
    """One process of lotstream, its log, and its port for health and whatever else it serves there.

    `port_setting`: the variable by which it is told that port.
    """

    def __init__(
        self,
        name: str,
        arguments: list[str],
        env: Mapping[str, str],
        directory: Path,
        port: int | None = None,
        port_setting: str = METRICS_PORT,
    ) -> None:
        self.name = name
        self.log = directory / f"{name}.log"
        self.port = ports.free() if port is None else port
        self._command = [sys.executable, "-m", "processors", *arguments]
        self._env = {**env, port_setting: str(self.port)}
        self._child: children.Child | None = None

    @property
    def health_url(self) -> str:
        return f"http://{ports.HOST}:{self.port}"

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return None if self._child is None else self._child.exit_code

    def start(self) -> None:
        self._child = children.start(self.name, self._command, self.log, self._env)

    def wait_until_ready(self, limit_s: float = READY_LIMIT_S) -> None:
        """Return once it takes messages. Trouble `worker-failed` where it ends before, or takes longer."""
        until = time.monotonic() + limit_s
        while time.monotonic() < until:
            if self.exit_code is not None:
                raise self.trouble(f"The worker {self.name} ended with code {self.exit_code}")
            try:
                with urlopen(f"{self.health_url}/readyz", timeout=2):
                    return
            except (URLError, OSError):
                time.sleep(0.05)
        raise self.trouble(f"The worker {self.name} was not ready within {limit_s:g} s")

    def trouble(self, what: str) -> Trouble:
        """What is to be told about it, with the end of its log."""
        return Trouble("worker-failed", what, end_of_log(self.log))

    def stop(self, hurry: Callable[[], bool]) -> None:
        if self._child is not None:
            self._child.stop(WORKER_STOP_LIMIT_S, hurry)


class Stack:
    """Everything that runs here for one directory; nothing of it outlives this process.

    bootstrap_servers, redis_url: of servers that run already, which are then only used.
    port: the broker's; None = 9092 if it is free, else any.
    """

    def __init__(
        self,
        directory: Path,
        port: int | None = None,
        bootstrap_servers: str | None = None,
        redis_url: str | None = None,
    ) -> None:
        self.directory = directory
        self._data = DataDirectory(directory)
        self.workers: list[Worker] = []
        self._given = bootstrap_servers, redis_url
        self._broker = Broker(directory / "broker", port, preferred=BROKER_PORT)
        self._redis = RedisServer(directory / "redis", preferred=REDIS_PORT)

    @property
    def bootstrap_servers(self) -> str:
        return self._given[0] or self._broker.bootstrap_servers

    @property
    def redis_url(self) -> str:
        return self._given[1] or self._redis.url

    @property
    def has_own_broker(self) -> bool:
        return self._given[0] is None

    def take(self) -> None:
        """Keep the directory to this process until it ends. Trouble `data-in-use`, `disk-full`, `extra-missing`."""
        self._data.take()

    def start_broker(self, progress: jars.Progress) -> None:
        if self.has_own_broker:
            self._broker.start(progress)

    def start_redis(self) -> None:
        if self._given[1] is None:
            self._redis.start()

    def start_worker(
        self,
        name: str,
        arguments: list[str],
        port_setting: str = METRICS_PORT,
        preferred: int | None = None,
    ) -> Worker:
        """Start `python -m processors ARGUMENTS…` against this stack, with its store in this directory.

        It listens at the port `preferred` where that is free, else at any.
        """
        env = {
            "LOTSTREAM_BOOTSTRAP_SERVERS": self.bootstrap_servers,
            "LOTSTREAM_REDIS_URL": self.redis_url,
            "LOTSTREAM_STATE_DIR": str(self.directory / "state"),
        }
        worker = Worker(name, arguments, env, self.directory, ports.choose(preferred), port_setting)
        self.workers.append(worker)
        worker.start()
        return worker

    def check(self) -> None:
        """Trouble where a server has ended by itself, with the end of its log."""
        if self.has_own_broker and not self._broker.is_running:
            raise Trouble("broker-failed", "The broker ended", end_of_log(self._broker.log))
        if self._given[1] is None and not self._redis.is_running:
            raise Trouble("redis-failed", "Redis ended", end_of_log(self._redis.log))

    def stop(self, hurry: Callable[[], bool]) -> None:
        """End the workers, then the servers, in order; at once as soon as `hurry` says so."""
        for worker in reversed(self.workers):
            worker.stop(hurry)
        self._redis.stop(hurry=hurry)
        self._broker.stop(hurry=hurry)
