"""How long `lotstream dev` takes to show its console with data, and to be whole: a first start, and those after it.

    python -m benchmarks.starts [--again N] [--data DIR] [--keep-cache]

Each start is a process as a person would begin it, ended by Ctrl-C once it is whole. Seconds from its begin: until the
page of lots shows one, until it says how to end it, and from Ctrl-C to its end. CPU: user and system, of all processes.
Without --keep-cache the first start finds the broker's jars, but no archive of its classes, as on a new machine.
"""

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

import psutil

from benchmarks.figures import Figure, show
from processors.embedded import jars

LIMIT_S = 300.0
LOOK_S = 0.02
PAGE = "http://127.0.0.1:8080/lots"
"""The edge takes this port where it is free, which a measurement needs."""
SHOWN = "MIL00001"
"""A lot of the demo."""
WHOLE = "Ctrl-C ends everything"


@dataclass(frozen=True, slots=True)
class Start:
    """Seconds from the begin until the page and until all is ready; of CPU; from Ctrl-C to the end."""

    page_s: float
    whole_s: float
    user_s: float
    system_s: float
    end_s: float


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--again", type=int, default=5, help="starts after the first one")
    parser.add_argument("--data", type=Path, help="a directory of an earlier run: its first start is one more again")
    parser.add_argument("--keep-cache", action="store_true")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="lotstream-starts-") as folder:
        cache = jars.cache_dir() if options.keep_cache else _cache_with_jars_only(Path(folder))
        data = options.data or Path(folder) / "data"
        show("Starts of lotstream dev", figures(cache, data.absolute(), options.again))


def figures(cache: Path, data: Path, again: int) -> Iterable[Figure]:
    yield from _told("first", [start(cache, data)], "")
    yield from _told("again (median)", [start(cache, data) for _ in range(again)], "6 s")


def _told(name: str, starts: Sequence[Start], aim: str) -> Iterable[Figure]:
    for what, field in (("first page with data", "page_s"), ("all ready", "whole_s"), ("Ctrl-C to the end", "end_s")):
        seconds = [getattr(each, field) for each in starts]
        yield f"{name}: {what}", f"{statistics.median(seconds):.1f} s", aim if field == "page_s" else ""
    user, system = (statistics.median([getattr(each, field) for each in starts]) for field in ("user_s", "system_s"))
    yield f"{name}: CPU, user + system", f"{user:.1f} + {system:.1f} s", ""


def start(cache: Path, data: Path) -> Start:
    """One start, to its end. The archive of the broker's classes is waited for, as a person would let it run."""
    ours = ("LOTSTREAM_", "BOOTSTRAP_SERVERS")
    env = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    command = [sys.executable, "-m", "processors", "dev", "--persist", str(data)]
    with tempfile.TemporaryFile("w+") as said:
        began = time.monotonic()
        process = subprocess.Popen(command, stdout=said, env=env | {"LOTSTREAM_CACHE": str(cache)})
        try:
            page_s = _until(lambda: SHOWN in _page(), process) - began
            whole_s = _until(lambda: WHOLE in os.pread(said.fileno(), 1 << 20, 0).decode(), process) - began
            user_s, system_s = _cpu(process.pid)
            _until(lambda: any((cache / "class-archives").glob("*.jsa")), process)
            asked = time.monotonic()
            process.send_signal(signal.SIGINT)
            process.wait(LIMIT_S)
            return Start(page_s, whole_s, user_s, system_s, time.monotonic() - asked)
        finally:
            process.kill()
            process.wait()


def _until(happened: Callable[[], bool], process: "subprocess.Popen[bytes]") -> float:
    """When it happened. RuntimeError where it does not, or the process ends before."""
    until = time.monotonic() + LIMIT_S
    while not happened():
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"lotstream dev ended with {process.returncode}, or took over {LIMIT_S:g} s")
        time.sleep(LOOK_S)
    return time.monotonic()


def _page() -> str:
    with suppress(OSError), urlopen(PAGE, timeout=LIMIT_S) as answer:
        return str(answer.read().decode())
    return ""


def _cpu(pid: int) -> tuple[float, float]:
    """Of a process and all below it, with those that have ended."""
    process = psutil.Process(pid)
    times = [each.cpu_times() for each in (process, *process.children(recursive=True))]
    user = sum(each.user + each.children_user for each in times)
    return user, sum(each.system + each.children_system for each in times)


def _cache_with_jars_only(folder: Path) -> Path:
    there = jars.class_path()[0].parent
    (folder / "cache").mkdir()
    (folder / "cache" / there.name).symlink_to(there)
    return folder / "cache"


if __name__ == "__main__":
    main()
