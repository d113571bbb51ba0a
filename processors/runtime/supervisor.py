"""Several worker processes, one per slot: started, watched, started again."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

logger = logging.getLogger(__name__)

BACKOFF_S_MAX = 10.0
HEALTHY_S = 30.0
"""A worker that ran so long starts again at once; one that keeps dying waits longer each time."""
GRACE_S = 15.0


class Process(Protocol):
    """What the supervisor needs of a child process (`subprocess.Popen` has it)."""

    pid: int

    def poll(self) -> int | None: ...
    def terminate(self) -> None: ...
    def kill(self) -> None: ...


@dataclass(slots=True)
class Slot:
    number: int
    process: Process | None = None
    started_at: float = 0.0
    start_after: float = 0.0
    backoff_s: float = 0.0


def supervise(
    numbers: Sequence[int],
    spawn: Callable[[int], Process],
    stopping: Callable[[], bool],
    final: Callable[[int], bool] = lambda code: False,
) -> int:
    """Keep one process per slot number running until `stopping()`, then end them; returns an exit code.

    `final(code)`: exit codes after which starting again is of no use (wrong configuration): all slots end with it.
    """
    slots = [Slot(number) for number in numbers]
    code = 0
    try:
        while not stopping():
            for slot in slots:
                ended = _look_after(slot, spawn)
                if ended is not None and final(ended):
                    code = ended
                    logger.error("a worker cannot run: giving up", extra={"slot": slot.number, "exit_code": ended})
                    return code
            time.sleep(0.05)
    finally:
        _end([slot.process for slot in slots if slot.process is not None])
    return code


def _look_after(slot: Slot, spawn: Callable[[int], Process]) -> int | None:
    now = time.monotonic()
    if slot.process is None:
        if now >= slot.start_after:
            slot.process, slot.started_at = spawn(slot.number), now
            logger.info("worker started", extra={"slot": slot.number, "pid": slot.process.pid})
        return None
    code = slot.process.poll()
    if code is None:
        return None
    slot.backoff_s = 0.0 if now - slot.started_at > HEALTHY_S else min(max(0.2, slot.backoff_s * 2), BACKOFF_S_MAX)
    slot.start_after, slot.process = now + slot.backoff_s, None
    logger.warning("worker ended", extra={"slot": slot.number, "exit_code": code, "again_in_s": slot.backoff_s})
    return code


def _end(processes: Sequence[Process]) -> None:
    for process in processes:
        if process.poll() is None:
            process.terminate()
    deadline = time.monotonic() + GRACE_S
    while any(process.poll() is None for process in processes) and time.monotonic() < deadline:
        time.sleep(0.05)
    for process in processes:
        if process.poll() is None:
            process.kill()
