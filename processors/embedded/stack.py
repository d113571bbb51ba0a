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
from processors.embedded.class_archive import Making
from processors.embedded.data_directory import DataDirectory
from processors.embedded.redis import RedisServer
from processors.embedded.trouble import Trouble, end_of_log

BROKER_PORT: Final = 9092
REDIS_PORT: Final = 6379
EDGE_PORT: Final = 8080
METRICS_PORT: Final = "LOTSTREAM_METRICS_PORT"
READY_LIMIT_S: Final = 120.0
WORKER_STOP_LIMIT_S: Final = 15.0
QUICK_COMPILER: Final = "-XX:TieredStopAtLevel=1"
"""For the broker's JVM: its quick compiler alone. The thorough one would take the processor from all that starts."""


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
        self._port_setting = port_setting
        self._env: dict[str, str] = {}
        self.tell(env)
        self._child: children.Child | None = None

    @property
    def health_url(self) -> str:
        return f"http://{ports.HOST}:{self.port}"

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return None if self._child is None else self._child.exit_code

    def tell(self, env: Mapping[str, str]) -> None:
        """Variables for its next start, beside the one that tells it its port."""
        self._env = {**env, self._port_setting: str(self.port)}

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

    def ask_to_end(self) -> None:
        if self._child is not None:
            self._child.ask_to_end()

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
        self._broker = Broker(directory / "broker", port, preferred=BROKER_PORT, java_options=[QUICK_COMPILER])
        self._redis = RedisServer(directory / "redis", preferred=REDIS_PORT)
        self._archive: Making | None = None

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

    @property
    def has_own_redis(self) -> bool:
        return self._given[1] is None

    @property
    def was_used(self) -> bool:
        """True where workers have run in this directory before: its cluster is set up."""
        return self._state.exists()

    def launch(self, progress: jars.Progress) -> None:
        """Start both servers and wait for neither; their addresses are known then, as long as nobody takes a port."""
        if self.has_own_redis:
            self._redis.start(wait=False)
        if self.has_own_broker:
            self._broker.start(progress, wait=False)

    def wait_for_broker(self) -> None:
        """Return when it answers. Workers that were started before are started anew where its address has changed."""
        if not self.has_own_broker:
            return
        before = self.bootstrap_servers
        self._broker.wait_until_up()
        if self.bootstrap_servers != before:
            for worker in self.workers:
                worker.stop(lambda: True)
                worker.tell(self._env())
                worker.start()

    def wait_for_redis(self) -> None:
        """Return when it answers. Its address may have changed: workers that need it are started after this."""
        if self.has_own_redis:
            self._redis.wait_until_up()

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
        worker = Worker(name, arguments, self._env(), self.directory, ports.choose(preferred), port_setting)
        self.workers.append(worker)
        worker.start()
        return worker

    def start_edge(self) -> Worker:
        """The process whose pages people look at; it needs no answer from the broker to show what it has."""
        return self.start_worker("edge", ["edge"], "LOTSTREAM_EDGE_PORT", EDGE_PORT)

    def _env(self) -> dict[str, str]:
        return {
            "LOTSTREAM_BOOTSTRAP_SERVERS": self.bootstrap_servers,
            "LOTSTREAM_REDIS_URL": self.redis_url,
            "LOTSTREAM_STATE_DIR": str(self._state),
        }

    @property
    def _state(self) -> Path:
        return self.directory / "state"

    def hasten_next_start(self) -> None:
        """Once everything runs: begin what lets the broker start in half the time from the next start on."""
        if self.has_own_broker:
            self._archive = self._broker.begin_class_archive()

    def check(self) -> None:
        """Trouble where a server has ended by itself, with the end of its log."""
        if self.has_own_broker and not self._broker.is_running:
            raise Trouble("broker-failed", "The broker ended", end_of_log(self._broker.log))
        if self.has_own_redis and not self._redis.is_running:
            raise Trouble("redis-failed", "Redis ended", end_of_log(self._redis.log))
        if self._archive is not None and self._archive.look():
            self._archive = None

    def stop(self, hurry: Callable[[], bool]) -> None:
        """End the workers, then the servers, in order; at once as soon as `hurry` says so."""
        if self._archive is not None:
            self._archive.stop()
            self._archive = None
        for worker in self.workers:
            worker.ask_to_end()
        for worker in reversed(self.workers):
            worker.stop(hurry)
        self._redis.stop(hurry=hurry)
        self._broker.stop(hurry=hurry)
