"""The broker's classes, read and verified beforehand: a file that the JVM maps, which halves the work of a start.

The packaged JVM brings no such archive. A broker that starts without one writes down which classes it loads, and from
that list the archive is made afterwards, at leisure, by another JVM. It lies in the cache, for all data directories.
A JVM that an archive does not fit (another build, a jar that was exchanged) leaves it unused and starts without.
"""

import logging
import os
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from processors.embedded import children
from processors.embedded.jars import cache_dir

LIST: Final = "classes.list"
HEAP: Final = "512m"
KEPT: Final = 2
"""Archives that stay in the cache, of 65 MB each: of this JVM and its jars, and of those before an update."""
LEAST_PRIORITY: Final = 19

_log: Final = logging.getLogger(__name__)


def options(java: Path, class_path: Sequence[Path], directory: Path) -> list[str]:
    """What a broker's JVM is told: to use the archive; where there is none, to write its classes into `directory`."""
    archive = path_of(java, class_path)
    use = f"SharedArchiveFile={archive}" if archive.exists() else f"DumpLoadedClassList={directory / LIST}"
    # For the JVMs of others, which know no such archives.
    return ["-XX:+IgnoreUnrecognizedVMOptions", f"-XX:{use}"]


def path_of(java: Path, class_path: Sequence[Path]) -> Path:
    """Where the archive of this JVM and these jars lies, or would lie: told apart by size and time of each file."""
    modules = java.resolve().parents[1] / "lib" / "modules"
    seen = [_fingerprint(file) for file in (modules, *class_path)]
    return cache_dir() / "class-archives" / f"{sha256(repr(seen).encode()).hexdigest()[:16]}.jsa"


def _fingerprint(file: Path) -> tuple[str, int, int]:
    if not file.exists():
        return str(file), 0, 0
    found = file.stat()
    return str(file), found.st_size, found.st_mtime_ns


class Making:
    """An archive on its way: a JVM at the lowest priority, a few seconds long, which ends with us."""

    def __init__(self, child: children.Child, part: Path, archive: Path, lock: Any) -> None:
        self._child, self._part, self._archive, self._lock = child, part, archive, lock

    def look(self) -> bool:
        """True when it is over; what was made is in its place then."""
        if (code := self._child.exit_code) is None:
            return False
        if code == 0 and self._part.exists():
            self._part.replace(self._archive)
            _forget_old(self._archive.parent)
        else:
            _log.info("the archive of the broker's classes was not made (%s); starts go on without", self._child.log)
        self.stop()
        return True

    def stop(self) -> None:
        """End it, made or not."""
        self._child.kill()
        self._part.unlink(missing_ok=True)
        self._lock.release()


def begin(java: Path, class_path: Sequence[Path], directory: Path) -> Making | None:
    """Start to make the archive from what the broker of `directory` has written down so far.

    None where it is there already, where nothing was written down, where another process makes one, or where the cache
    cannot be written: it is a matter of seconds, and never in the way.
    """
    from filelock import FileLock, Timeout

    archive, written = path_of(java, class_path), directory / LIST
    if archive.exists() or not written.exists():
        return None
    try:
        archive.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(archive.parent / "making.lock", timeout=0)
        lock.acquire()
    except (OSError, Timeout):
        return None
    try:
        part, wanted = archive.with_suffix(".part"), directory / "classes.whole"
        # Its last line may be half written: the broker runs.
        wanted.write_bytes(written.read_bytes().rpartition(b"\n")[0] + b"\n")
        command = [str(java), "-Xshare:dump", f"-XX:SharedClassListFile={wanted}", f"-XX:SharedArchiveFile={part}"]
        paths = ":".join(map(str, class_path))
        child = children.start(
            "class-archive", [*command, f"-Xmx{HEAP}", "-XX:+UseSerialGC", "-cp", paths], directory / "classes.log"
        )
        os.setpriority(os.PRIO_PROCESS, child.pid, LEAST_PRIORITY)
    except OSError:
        lock.release()
        return None
    return Making(child, part, archive, lock)


def _forget_old(folder: Path) -> None:
    newest_first = sorted(folder.glob("*.jsa"), key=lambda each: each.stat().st_mtime_ns, reverse=True)
    for archive in newest_first[KEPT:]:
        archive.unlink(missing_ok=True)
