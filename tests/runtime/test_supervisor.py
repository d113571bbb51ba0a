"""Worker processes under a supervisor: started again when they end, ended when it is told to stop."""

import subprocess
import sys
from collections.abc import Callable

from processors.runtime.supervisor import supervise

FOREVER = "import signal, time\nwhile True: time.sleep(1)"


class Spawner:
    """Starts real child processes and remembers them; `program` gives the source to run by slot and time."""

    def __init__(self, program: Callable[[int, int], str]) -> None:
        self._program = program
        self.started: dict[int, list[subprocess.Popen[bytes]]] = {}

    def __call__(self, slot: int) -> "subprocess.Popen[bytes]":
        before = self.started.setdefault(slot, [])
        process = subprocess.Popen([sys.executable, "-c", self._program(slot, len(before))])
        before.append(process)
        return process


def test_a_worker_that_dies_is_started_again_in_its_slot() -> None:
    spawn = Spawner(lambda slot, times: FOREVER if slot == 1 or times else "import os, signal; os.kill(os.getpid(), 9)")
    supervise([0, 1], spawn, lambda: len(spawn.started.get(0, [])) == 2)
    assert [len(spawn.started[slot]) for slot in (0, 1)] == [2, 1]
    assert spawn.started[0][0].returncode == -9


def test_no_worker_is_left_when_the_supervisor_stops() -> None:
    spawn = Spawner(lambda slot, times: FOREVER)
    supervise([0, 1, 2], spawn, lambda: len(spawn.started) == 3)
    assert all(process.poll() is not None for ran in spawn.started.values() for process in ran)


def test_a_worker_that_can_never_run_ends_all_with_its_code() -> None:
    spawn = Spawner(lambda slot, times: "raise SystemExit(2)" if slot == 1 else FOREVER)
    assert supervise([0, 1], spawn, lambda: False, final=lambda code: code == 2) == 2
    assert all(process.poll() is not None for ran in spawn.started.values() for process in ran)
