"""A real Kafka broker as a child process: Apache's own jars on a JVM, one node, broker and controller (KRaft)."""

import json
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import uuid4

from processors.embedded import children, class_archive, jars, ports
from processors.embedded.data_directory import DataDirectory
from processors.embedded.java import find_java
from processors.embedded.trouble import Trouble, end_of_log
from processors.embedded.versions import KAFKA, broker_settings

LAYOUT: Final = 1
"""Version of our own layout of the broker's directory; a directory with another one is refused."""
ROOM_MIN_BYTES: Final = 512 * 1024 * 1024
START_LIMIT_S: Final = 120.0
STOP_LIMIT_S: Final = 20.0
TRIES: Final = 3
HEAP: Final = "512m"

LOGGING: Final = """\
status = error
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d{ISO8601} %-5p %c{1} %m%n
rootLogger.level = warn
rootLogger.appenderRef.out.ref = out
logger.server.name = kafka.server.KafkaRaftServer
logger.server.level = info
"""


@dataclass(frozen=True, slots=True)
class Ports:
    """The two loopback ports of a node."""

    clients: int
    controller: int


class Broker:
    """One broker with its data under `directory`. Not thread-safe; start it in the main thread where there is a choice.

    directory: kept between starts; several brokers need several.
    port: for clients, on loopback; None = a free one, the same for every start of this object.
    preferred: taken in place of a free one, if it is free itself.
    settings: broker settings over those of `deploy/broker.properties`, by Kafka's names.
    room_min: bytes that the disk must have left at a start.
    cluster_id: of a cluster of several nodes, the same for all (22 letters and digits); None = one of its own.
    java_options: for the JVM, over our own (`-Xmx256m`).
    """

    def __init__(
        self,
        directory: Path,
        port: int | None = None,
        settings: Mapping[str, str] | None = None,
        preferred: int | None = None,
        room_min: int = ROOM_MIN_BYTES,
        cluster_id: str | None = None,
        java_options: Sequence[str] = (),
    ) -> None:
        self.directory = directory
        self._cluster_id = cluster_id or uuid4().hex[:22]
        self._java_options = tuple(java_options)
        self._data = DataDirectory(directory)
        self.room_min = room_min
        self.settings = dict(settings or {})
        self._fixed_port = port
        self._preferred = preferred
        self._ports: Ports | None = None
        self._ports_are_known = False
        self._log_before = 0
        self._child: children.Child | None = None

    @property
    def bootstrap_servers(self) -> str:
        """`127.0.0.1:port`; known from the first start on."""
        assert self._ports is not None, "the broker was not started"
        return f"{ports.HOST}:{self._ports.clients}"

    @property
    def log(self) -> Path:
        """What the broker printed, all starts in one file."""
        return self.directory / "broker.log"

    @property
    def is_running(self) -> bool:
        return self._child is not None and self._child.is_running

    @property
    def pid(self) -> int:
        assert self._child is not None, "the broker was not started"
        return self._child.pid

    def start(self, progress: jars.Progress = lambda there, total, name: None, wait: bool = True) -> None:
        """Start it, and return when it answers. A directory with data is gone on from; later starts keep the port.

        wait: False = return at once, and `wait_until_up` later; one node of several answers only when most of them run.
        Raises Trouble: `port-in-use`, `data-in-use`, `disk-full`, `network-missing`, `java-missing`, `data-format-old`,
        `broker-failed`, each with what to do.
        """
        assert not self.is_running, "the broker runs already"
        java, class_path = find_java(), jars.class_path(progress)
        self._data.take()
        try:
            self._make_room()
            self._ports_are_known = self._ports is not None
            self._launch(java, class_path)
            if wait:
                self.wait_until_up()
        except BaseException:
            self.kill()
            raise

    def wait_until_up(self) -> None:
        """Return when it answers: at another address where somebody took its free port before it could.

        Raises Trouble as `start` does; it is ended then.
        """
        # Takes a while to import, in which the broker is starting already.
        from processors.contract.reachable import Unreachable, wait_until_reachable

        for attempt in range(1, TRIES + 1):
            try:
                wait_until_reachable(self.bootstrap_servers, START_LIMIT_S, go_on=lambda: self.is_running)
                return
            except Unreachable:
                assert self._child is not None, "the broker was not started"
                self._child.kill()
                trouble = self._diagnose(self._log_before)
                # A free port that somebody took in between: choose again, unless it was given or others know it.
                may_move = not (self._ports_are_known or self._fixed_port)
                if trouble.code != "port-in-use" or not may_move or attempt == TRIES:
                    raise trouble from None
                self._ports = self._preferred = None
                self._launch(find_java(), jars.class_path())

    def _launch(self, java: Path, class_path: list[Path]) -> None:
        self._choose_ports()
        self._log_before = self._log_size()
        self._format(java, class_path)
        self._child = children.start("broker", self._command(java, class_path, "kafka.Kafka"), self.log)

    def stop(self, limit_s: float = STOP_LIMIT_S, hurry: Callable[[], bool] = lambda: False) -> None:
        """End it in order (its logs are closed); killed after `limit_s` seconds, or as soon as `hurry` says so."""
        if self._child is not None:
            self._child.stop(limit_s, hurry)
        self._data.give_back()

    def kill(self) -> None:
        """End it at once, as a crash would (SIGKILL); its data stays as it was."""
        if self._child is not None:
            self._child.kill()
        self._data.give_back()

    def begin_class_archive(self) -> class_archive.Making | None:
        """Start to make what lets the next start of any broker here be quicker; None where there is nothing to do."""
        return class_archive.begin(find_java(), jars.class_path(), self.directory)

    def _make_room(self) -> None:
        (self.directory / "log4j2.properties").write_text(LOGGING, encoding="utf-8")
        free = shutil.disk_usage(self.directory).free
        if free < self.room_min:
            needed = self.room_min // 1024**2
            what = f"The disk of {self.directory} has {free // 1024**2} MiB left, the broker needs {needed}"
            raise Trouble("disk-full", what, "Make room, or name a directory on another disk")

    def _choose_ports(self) -> None:
        if self._ports is None:
            self._ports = Ports(self._fixed_port or ports.choose(self._preferred), ports.free())
        if ports.is_taken(self._ports.clients):
            what = f"Port {self._ports.clients} on {ports.HOST} is taken by another program"
            raise Trouble("port-in-use", what, "End that program, or name another port (--port)")

    def _format(self, java: Path, class_path: list[Path]) -> None:
        """Write the configuration, and format the data directory where it is new."""
        assert self._ports is not None
        data = self.directory / "data"
        note = self.directory / "layout.json"
        if note.exists():
            layout = json.loads(note.read_text(encoding="utf-8"))
            if layout["layout"] != LAYOUT or _parts(layout["kafka"]) > _parts(KAFKA):
                what = f"{self.directory} was written by Kafka {layout['kafka']}, layout {layout['layout']}"
                remedy = f"This version has Kafka {KAFKA}, layout {LAYOUT}: name another directory or remove that one"
                raise Trouble("data-format-old", what, remedy)
        elif data.exists() and any(data.iterdir()):
            # A first start that was cut short while it formatted: there is nothing in it yet.
            shutil.rmtree(data)
        listeners = {
            "listeners": f"PLAINTEXT://{ports.HOST}:{self._ports.clients},CONTROLLER://{ports.HOST}:{self._ports.controller}",
            "advertised.listeners": f"PLAINTEXT://{ports.HOST}:{self._ports.clients}",
            "controller.quorum.voters": f"1@{ports.HOST}:{self._ports.controller}",
            "log.dirs": str(data),
        }
        settings = {**broker_settings(), **listeners, **self.settings}
        lines = [f"{name}={value}" for name, value in settings.items()]
        (self.directory / "server.properties").write_text("\n".join(lines) + "\n", encoding="utf-8")
        if note.exists():
            return
        config = str(self.directory / "server.properties")
        java_args = self._command(java, class_path, "kafka.tools.StorageTool")[:-1]
        arguments = ["format", "-c", config, "-t", self._cluster_id]
        tool = subprocess.run([*java_args, *arguments], capture_output=True, text=True, check=False)
        if tool.returncode != 0:
            said = [line for line in (tool.stderr or tool.stdout).splitlines() if line and not line.startswith("\t")]
            what = f"The data directory {data} could not be formatted ({said[-1] if said else 'no message'})"
            raise Trouble("broker-failed", what, "Name another directory, or see that this one can be written")
        note.write_text(json.dumps({"layout": LAYOUT, "kafka": KAFKA}), encoding="utf-8")

    def _command(self, java: Path, class_path: list[Path], main_class: str) -> list[str]:
        return [
            str(java),
            f"-Xmx{HEAP}",
            "-XX:+UseSerialGC",
            *class_archive.options(java, class_path, self.directory),
            *self._java_options,
            "-XX:+ExitOnOutOfMemoryError",
            "-Djava.awt.headless=true",
            f"-Dlog4j2.configurationFile={self.directory / 'log4j2.properties'}",
            "-cp",
            ":".join(str(jar) for jar in class_path),
            main_class,
            str(self.directory / "server.properties"),
        ]

    def _log_size(self) -> int:
        return self.log.stat().st_size if self.log.exists() else 0

    def _diagnose(self, marker: int) -> Trouble:
        """Why the last start failed, from what it wrote to its log after `marker` bytes."""
        assert self._ports is not None
        said = self.log.read_bytes()[marker:].decode("utf-8", "replace")
        if "Address already in use" in said:
            what = f"Port {self._ports.clients} or {self._ports.controller} on {ports.HOST} is taken by another program"
            return Trouble("port-in-use", what, "End that program, or name another port (--port)")
        if "No space left on device" in said:
            what = f"The broker found no room on the disk of {self.directory}"
            return Trouble("disk-full", what, "Make room, or name a directory on another disk")
        if "UnsupportedClassVersionError" in said:
            what = "The Java runtime is too old for the broker"
            return Trouble("java-missing", what, "Set JAVA_HOME to Java 17 or newer, or unset it")
        last = next((line for line in reversed(said.splitlines()) if " ERROR " in line or " FATAL " in line), "")
        what = f"The broker did not start within {START_LIMIT_S:g} s{': ' + last if last else ''}"
        return Trouble("broker-failed", what, end_of_log(self.log))


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
