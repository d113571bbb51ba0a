"""Start a program that must not outlive the process that asked for it: `launcher.py bind|watch PARENT FD PROGRAM …`.

Runs as a script in a fresh interpreter, standard library only. Two ways, with the same promise:

- `bind` (Linux): the kernel is told to kill this process with its parent, then the program takes its place. No extra
  process stays. The kernel watches the *thread* that started us, so this is for children of a main thread.
- `watch` (anywhere): this process stays beside the program, and kills it when the pipe FD, whose other end the parent
  holds, closes; however the parent ends, the system closes it.
"""

import os
import signal
import subprocess
import sys
import threading
from types import FrameType

PR_SET_PDEATHSIG = 1


def bind(parent: int, program: list[str]) -> None:
    """Become the program, to be killed by the kernel with the parent."""
    import ctypes

    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
    # The parent may have died before the kernel was told.
    if os.getppid() != parent:
        os._exit(1)
    os.execvp(program[0], program)


def watch(pipe: int, program: list[str]) -> int:
    """Run the program until it ends or the pipe closes; SIGTERM and SIGINT are handed on. Its exit code."""
    child = subprocess.Popen(program)

    def hand_on(number: int, _frame: FrameType | None) -> None:
        child.send_signal(number)

    def kill_at_close() -> None:
        os.read(pipe, 1)
        child.kill()

    signal.signal(signal.SIGTERM, hand_on)
    signal.signal(signal.SIGINT, hand_on)
    threading.Thread(target=kill_at_close, daemon=True).start()
    return child.wait()


if __name__ == "__main__":
    way, parent_pid, pipe_fd, *command = sys.argv[1:]
    try:
        if way == "bind":
            bind(int(parent_pid), command)
        sys.exit(watch(int(pipe_fd), command) % 256)
    except OSError as error:
        print(f"{command[0]} cannot be started: {error.strerror}", flush=True)
        sys.exit(127)
