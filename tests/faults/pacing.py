"""The load while things break: movements at a steady pace, from a thread of its own."""

import threading
import time

from tests.faults.cluster import Cluster
from tests.faults.load import Load

PIECE_S = 0.1


class Pace:
    """Sends `per_s` movements a second until it is stopped; while the brokers are away, it waits and then goes on."""

    def __init__(self, cluster: Cluster, load: Load, per_s: float) -> None:
        self._cluster, self._load, self._per_s = cluster, load, per_s
        self._stop = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="load", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            owed, last = 0.0, time.monotonic()
            while not self._stop.wait(PIECE_S):
                now = time.monotonic()
                owed, last = min(owed + (now - last) * self._per_s, 5 * self._per_s), now
                self._cluster.send(self._load.movements(int(owed)))
                owed -= int(owed)
        except BaseException as failure:
            self._failure = failure

    def check(self) -> None:
        """Raise what ended it."""
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(300)
        assert not self._thread.is_alive(), "the last movements are sent"
        self.check()
