"""A server's data directory: writable, and kept to one process at a time.

Kafka takes its own lock only after it has opened the logs, which is too late: a second broker on the same directory can
end the first one. So the directory is locked before a server starts.
"""

from pathlib import Path
from typing import Any

from processors.embedded.trouble import Trouble


class DataDirectory:
    """One directory, made where it is missing, and held from `take` to `give_back` or to this process' end."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: Any = None

    def take(self) -> None:
        """Hold it, or go on holding it. Trouble `data-in-use`, `disk-full` (it cannot be written), `extra-missing`."""
        if self._lock is not None:
            return
        try:
            from filelock import FileLock, Timeout
        except ImportError:
            what = "The embedded servers need the extra `dev` of lotstream, which is not installed"
            raise Trouble("extra-missing", what, 'Install it: pip install "lotstream[dev]"') from None
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.path / "in-use.lock", timeout=0)
            lock.acquire()
        except Timeout:
            what = f"Another lotstream uses {self.path}"
            raise Trouble("data-in-use", what, "End it, or name another directory") from None
        except OSError as error:
            what = f"The data directory {self.path} cannot be written ({error.strerror})"
            raise Trouble("disk-full", what, "Name another directory, or make room") from error
        self._lock = lock

    def give_back(self) -> None:
        """Let others have it; nothing happens where it is not held."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None
