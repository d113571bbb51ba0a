"""`lotstream dev`: it comes up, shows the demo, keeps what it is told to keep, and leaves no process behind."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.request import urlopen

import psutil
import pytest

from processors.embedded import ports

pytestmark = pytest.mark.real
START_LIMIT_S = 240.0
END_LIMIT_S = 60.0


class Dev:
    """A running `lotstream dev`, in a session of its own as in a terminal of its own."""

    def __init__(self, process: "subprocess.Popen[bytes]", out: Path) -> None:
        self.process, self._out = process, out
        self._ours: dict[int, psutil.Process] = {}

    @property
    def said(self) -> str:
        return self._out.read_text()

    def wait(self, happened: Callable[[], bool], limit_s: float = START_LIMIT_S) -> None:
        until = time.monotonic() + limit_s
        while time.monotonic() < until:
            self._note_children()
            if happened():
                return
            assert self.process.poll() is None, f"ended with {self.process.returncode}:\n{self.said}"
            time.sleep(0.02)
        raise AssertionError(f"did not happen within {limit_s} s:\n{self.said}")

    def wait_until_up(self) -> None:
        self.wait(lambda: "Ctrl-C ends everything" in self.said)

    def signal(self, number: int) -> None:
        os.killpg(self.process.pid, number)

    def ended(self) -> int:
        """Its exit code; no process that it started is left."""
        code = self.process.wait(END_LIMIT_S)
        until = time.monotonic() + END_LIMIT_S
        while self._running() and time.monotonic() < until:
            time.sleep(0.02)
        assert not self._running(), f"left behind: {self._running()}"
        return code

    def started_at(self, command: str) -> float:
        """When the process began whose command line ends with these words."""
        for process in self._ours.values():
            with suppress(psutil.NoSuchProcess):
                if " ".join(process.cmdline()).endswith(command):
                    return process.create_time()
        raise AssertionError(f"{command} does not run")

    @property
    def children(self) -> list[str]:
        """Command lines of what it started and what still runs."""
        self._note_children()
        return self._running()

    def _running(self) -> list[str]:
        lines = []
        for process in self._ours.values():
            # One that has ended may wait as a zombie until its new parent, the system's first process, takes note.
            with suppress(psutil.NoSuchProcess):
                if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                    lines.append(" ".join(process.cmdline()))
        return lines

    def _note_children(self) -> None:
        with suppress(psutil.NoSuchProcess):
            for child in psutil.Process(self.process.pid).children(recursive=True):
                self._ours[child.pid] = child


@contextmanager
def _dev(out: Path, *arguments: str) -> Iterator[Dev]:
    settings = ("LOTSTREAM_", "BOOTSTRAP_SERVERS")
    env = {name: value for name, value in os.environ.items() if not name.startswith(settings) or name.endswith("CACHE")}
    command = [sys.executable, "-m", "processors", "dev", *arguments]
    with out.open("wb") as sink:
        process = subprocess.Popen(command, stdout=sink, stderr=subprocess.STDOUT, env=env, start_new_session=True)
    try:
        yield Dev(process, out)
    finally:
        process.kill()
        process.wait()


def _try_what_it_says(said: str) -> str:
    """What the commands print that it offers to try, pasted into a shell as they stand."""
    offered = said.split("Try next, in another terminal:\n")[1].split("\n\n")[0]
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    told = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", offered],
        env={**os.environ, "PATH": path},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    return told.stdout


def _page(said: str, path: str) -> str:
    """What the edge shows under a path."""
    console = said.split("The console, for the browser: ")[1].split()[0]
    with urlopen(console + path, timeout=30) as answer:
        return str(answer.read().decode())


def test_the_demo_runs_is_kept_and_gone_on_from_and_kill_9_leaves_no_process(tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    with _dev(tmp_path / "first", "--persist", data) as dev:
        dev.wait_until_up()
        for line in (
            "37 movements, 25 taken, 1 known already, 11 refused",
            "MIL00001",
            "lot-blocked",
            "list SILO of inventory DEMO is closed, 3 lines, 2 as booked",
            "-25 KG",
            "Try next",
            "The console, for the browser: http://127.0.0.1:",
        ):
            assert line in dev.said
        tried = _try_what_it_says(dev.said)
        assert "MIL00001" in tried
        assert "stock-insufficient" in tried
        assert '"request_id": "MINE-1", "status": "done"' in tried
        assert "MIL00003" in tried
        assert "0 more, value 0; 1 less, value -15.5" in tried
        assert "List CAKES of inventory DEMO: warehouse FIN at F-01, counting, 1 line, counted by ben." in tried
        dev.wait(lambda: "MIL00001" in _page(dev.said, "/api/v1/lots"))
        assert "<html" in _page(dev.said, "/")
        dev.wait(lambda: len(dev.children) == 5)  # once the archive of classes is made
        dev.signal(signal.SIGINT)
        assert dev.ended() == 0
        assert dev.said.endswith("Ended.\n")
    with _dev(tmp_path / "cut-short", "--persist", data) as dev:
        dev.wait(lambda: any(line.endswith("-m processors edge") for line in dev.children))
        dev.signal(signal.SIGINT)
        assert dev.ended() == 0
        assert "Ctrl-C ends everything" not in dev.said
    with _dev(tmp_path / "second", "--persist", data) as dev:
        dev.wait_until_up()
        assert "going on from the data" in dev.said
        assert "What happened" not in dev.said
        dev.wait(lambda: len(dev.children) == 5)  # once the archive of classes is made
        # It waits for no broker: the pages of what is known stand while the servers are starting.
        assert dev.started_at("-m processors edge") < dev.started_at("-m processors worker ledger --slots 1 --slot 0")
        assert "MIL00001" in _page(dev.said, "/api/v1/lots")
        dev.process.kill()
        assert dev.ended() == -signal.SIGKILL


@pytest.mark.parametrize("presses", [1, 2])
def test_ctrl_c_during_the_start_ends_everything(tmp_path: Path, presses: int) -> None:
    data = tmp_path / "data"
    with _dev(tmp_path / "out", "--persist", str(data)) as dev:
        dev.wait(lambda: any("kafka.Kafka" in line for line in dev.children))
        for _ in range(presses):
            dev.signal(signal.SIGINT)
        dev.ended()
        assert "Ctrl-C ends everything" not in dev.said


def test_a_taken_port_is_told_with_what_to_do_and_nothing_stays(tmp_path: Path) -> None:
    with (
        socket.create_server((ports.HOST, 0)) as other,
        _dev(tmp_path / "out", "--port", str(other.getsockname()[1]), "--persist", str(tmp_path / "data")) as dev,
    ):
        assert dev.ended() == 1
        assert f"port-in-use: Port {other.getsockname()[1]}" in dev.said
        assert "--port" in dev.said


def test_a_directory_in_use_is_refused(tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    with _dev(tmp_path / "first", "--persist", data, "--no-demo") as first:
        first.wait(lambda: (tmp_path / "data" / "in-use.lock").exists())
        with _dev(tmp_path / "second", "--persist", data) as second:
            assert second.ended() == 1
            assert "data-in-use: Another lotstream uses" in second.said
        first.signal(signal.SIGINT)
        first.ended()
