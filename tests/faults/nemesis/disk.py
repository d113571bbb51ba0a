"""The disk of a broker fills up. It needs a small file system of its own, which only root can mount."""

import contextlib
import random
import subprocess
from pathlib import Path

from tests.faults.nemesis.fault import Fault, parts
from tests.faults.site import Site

NODE = 3
SIZE_MIB = 768
LEFT_BYTES = 16 * 1024


class SmallDisk:
    """A file system in memory at a directory, as long as the run lasts. `missing`: why there is none."""

    def __init__(self, at: Path, wanted: bool = True) -> None:
        self.at, self.missing = at, "" if wanted else "it was not asked for"
        if wanted:
            self._mount()

    def _mount(self) -> None:
        at = self.at
        at.mkdir(parents=True, exist_ok=True)
        command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MIB}m", "lotstream-faults", str(at)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            self.missing = "" if done.returncode == 0 else done.stderr.strip() or "mount failed"
        except OSError as failure:
            self.missing = str(failure)

    def close(self) -> None:
        if not self.missing:
            subprocess.run(["umount", "-l", str(self.at)], capture_output=True, check=False)


class LogDirectoryFull(Fault):
    """A broker finds no room for the next record; it ends, and comes back once there is room."""

    name = "log directory full"
    hurts = parts("brokers")
    hold_s = (4.0, 8.0)
    three = True

    def __init__(self, disk: SmallDisk) -> None:
        self._disk = disk

    def missing(self, site: Site) -> str:
        return super().missing(site) or (
            f"no file system can be mounted: {self._disk.missing}" if self._disk.missing else ""
        )

    def begin(self, site: Site, rng: random.Random) -> str:
        self._filler = self._disk.at / "filler"
        size = 0
        with contextlib.suppress(OSError), self._filler.open("wb", buffering=0) as file:
            while True:
                size += file.write(b"\0" * 1024 * 1024)
        with contextlib.suppress(OSError), self._filler.open("ab", buffering=0) as file:
            while True:
                size += file.write(b"\0" * 4096)
        with contextlib.suppress(OSError), self._filler.open("r+b") as file:
            file.truncate(max(0, self._filler.stat().st_size - LEFT_BYTES))
        return f"broker {NODE}: {size // 1024**2} MiB of something else"

    def end(self, site: Site) -> None:
        self._filler.unlink(missing_ok=True)
        # A broker without a log directory that works ends by itself, or works on without it: it begins anew.
        site.brokers.kill(NODE)
        site.brokers.start_one(NODE)
