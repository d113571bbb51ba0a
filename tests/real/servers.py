"""Broker, Redis and ledger for tests that kill some of it; what cannot be mended is made anew for the next test."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from processors.embedded.broker import Broker
from processors.embedded.redis import RedisServer
from processors.embedded.trouble import Trouble
from tests.real.ledger import RealLedger


class SharedLedger:
    """One ledger at a time, in a directory of its own under `directory`.

    absent: leaves the running test out where a server cannot be had here (part, reason).
    """

    def __init__(self, directory: Path, absent: Callable[[str, str], None]) -> None:
        self._under, self._absent = directory, absent
        self._directory: Path | None = None
        self._ledger: RealLedger | None = None
        self._broker: Broker | None = None
        self._redis: RedisServer | None = None

    def running(self) -> RealLedger:
        """The ledger with its worker running and nothing left to do.

        One that cannot be brought to that is ended, so that only the test that left it so fails.
        """
        ledger = self._ledger or self._make()
        try:
            ledger.ensure_running()
        except BaseException:
            self.end()
            raise
        return ledger

    def _make(self) -> RealLedger:
        self._directory = Path(tempfile.mkdtemp(prefix="real-", dir=self._under))
        self._broker, self._redis = Broker(self._directory / "broker"), RedisServer(self._directory / "redis")
        try:
            self._broker.start()
            self._redis.start()
        except Trouble as trouble:
            self.end()
            if trouble.code not in ("network-missing", "java-missing", "redis-missing"):
                raise
            self._absent("embedded broker and Redis", str(trouble))
        (self._directory / "ledger").mkdir()
        self._ledger = RealLedger(self._broker, self._redis, self._directory / "ledger")
        return self._ledger

    def end(self) -> None:
        """End everything at once and forget it."""
        if self._ledger is not None:
            self._ledger.end()
        if self._redis is not None:
            self._redis.kill()
        if self._broker is not None:
            self._broker.kill()
        if self._directory is not None:
            shutil.rmtree(self._directory, ignore_errors=True)
        self._ledger = self._broker = self._redis = self._directory = None
