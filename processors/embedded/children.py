"""Child processes that end with us: in order on Ctrl-C, at once on a second one, by the system if we are killed."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Final, Literal

LAUNCHER: Final = Path(__file__).with_name("launcher.py")
POLL_S: Final = 0.02
Way = Literal["bind", "watch"]


class Child:
    """One running program, in a session of its own: a terminal's Ctrl-C reaches it only through `stop`."""

    def __init__(self, name: str, process: "subprocess.Popen[bytes]", lifeline: int | None, log: Path) -> None:
        self.name = name
        self.log = log
        self._process = process
        self._lifeline = lifeline
        self._was_asked = False

    @property
    def pid(self) -> int:
        """Process id of the program (started by `watch`: of the process beside it)."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative: the number of the signal that ended it."""
        return self._process.poll()

    @property
    def is_running(self) -> bool:
        return self.exit_code is None

    def signal(self, number: int) -> None:
        """Send a signal; nothing happens where it has ended already."""
        if self.is_running:
            self._process.send_signal(number)

    def ask_to_end(self) -> None:
        """Ask it to end (SIGTERM), once: for a second one there may be nobody left in it who listens."""
        if not self._was_asked:
            self._was_asked = True
            self.signal(signal.SIGTERM)

    def stop(self, limit_s: float, hurry: Callable[[], bool] = lambda: False) -> None:
        """Ask it to end, kill it after `limit_s` seconds or as soon as `hurry` says so. Ended on return."""
        self.ask_to_end()
        until = time.monotonic() + limit_s
        while self.is_running and time.monotonic() < until and not hurry():
            time.sleep(POLL_S)
        self.kill()

    def kill(self) -> None:
        """End it at once (SIGKILL). Ended on return."""
        if self._lifeline is not None:
            # The process beside the program kills it when its lifeline closes, and ends itself.
            os.close(self._lifeline)
            self._lifeline = None
        elif self.is_running:
            self._process.kill()
        self._process.wait()


def way_here() -> Way:
    """How a child started now is tied to us: the kernel's way needs Linux and a thread that lives as long as we do."""
    in_main_thread = threading.current_thread() is threading.main_thread()
    return "bind" if sys.platform == "linux" and in_main_thread else "watch"


def start(
    name: str, command: Sequence[str], log: Path, env: Mapping[str, str] | None = None, way: Way | None = None
) -> Child:
    """Start a program that cannot outlive this process; what it prints goes to the end of `log`.

    Raises OSError where the interpreter or the log cannot be opened; a program that does not exist ends with code 127
    and says so in the log.
    """
    way = way or way_here()
    watched, lifeline = os.pipe() if way == "watch" else (-1, None)
    launcher = [sys.executable, "-I", "-S", str(LAUNCHER), way, str(os.getpid()), str(watched)]
    try:
        with log.open("ab") as sink:
            process = subprocess.Popen(
                [*launcher, *command],
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                env=None if env is None else {**os.environ, **env},
                pass_fds=(watched,) if way == "watch" else (),
                start_new_session=True,
            )
    finally:
        if way == "watch":
            os.close(watched)
    return Child(name, process, lifeline, log)


@contextlib.contextmanager
def counted_interrupts() -> Iterator[Callable[[], bool]]:
    """While open, Ctrl-C and SIGTERM interrupt nothing; what is given says whether one of them came.

    For an orderly end: it must not itself be cut short by a second Ctrl-C, which instead means "at once".
    In another thread than the main one no handler can be set: signals then go where they went before.
    """
    came = 0

    def count(_number: int, _frame: FrameType | None) -> None:
        nonlocal came
        came += 1

    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    before = {number: signal.signal(number, count) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: came > 0
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
