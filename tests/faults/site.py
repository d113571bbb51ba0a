"""A ledger whose every part can be hurt: three brokers, Redis, worker slots, and the network between them."""

import os
import shutil
import signal
import time
from collections.abc import Mapping
from pathlib import Path

from processors.embedded import children
from tests.faults.brokers import NODES, Brokers, nodes_that_fit
from tests.faults.cluster import Cluster
from tests.faults.links import Link, Proxy
from tests.faults.redises import Redises
from tests.faults.waiting import until

SLOTS = (0, 1, 2, 3)
SETTINGS = {
    "LOTSTREAM_SESSION_TIMEOUT_MS": "4000",
    "LOTSTREAM_TRANSACTION_TIMEOUT_MS": "4000",
    "LOTSTREAM_BATCH_MAX": "100",
}
TAKEN_OVER = "tasks taken over"
ENDS_ITSELF = "this worker ends: "
AGAIN_AFTER_S = 0.3
ROOT = Path(__file__).parents[2]


class Site(Cluster):
    """`wanted`: the slots that are kept running, as a supervisor does. `wrong`: workers that ended as none may."""

    def __init__(
        self,
        directory: Path,
        nodes: tuple[int, ...] | None = None,
        settings: Mapping[str, str] | None = None,
        directories: dict[int, Path] | None = None,
        module: str = "processors",
    ) -> None:
        self.proxy = Proxy()
        self.brokers = Brokers(directory, self.proxy, nodes or nodes_that_fit(), directories)
        self.redises = Redises(directory, self.proxy, SLOTS)
        super().__init__(
            self.brokers.servers, self.redises.main.url, directory, settings={**SETTINGS, **(settings or {})}
        )
        self.environment["PYTHONPATH"] = str(ROOT)
        self.module = module
        self.wanted: set[int] = set()
        self.wrong: list[str] = []
        self.doubles: list[children.Child] = []
        self._ended_at: dict[int, float] = {}
        self._noted: set[int] = set()

    def begin(self, slots: int) -> None:
        """Start everything, make the topics, and start the first slots."""
        self.brokers.start()
        self.set_up()
        self.wanted = set(SLOTS[:slots])
        for slot in self.wanted:
            self.start(slot)

    @property
    def has_three(self) -> bool:
        return len(self.brokers.nodes) == len(NODES)

    # workers

    def start(self, slot: int, crash_at: str = "", module: str = "", **environment: str) -> children.Child:
        named = {
            "LOTSTREAM_BOOTSTRAP_SERVERS": self.brokers.servers_of(slot),
            "LOTSTREAM_REDIS_URL": self.redises.url_of(slot),
            **environment,
        }
        return super().start(slot, crash_at, module or self.module, **named)

    def restart(self, slot: int, crash_at: str = "", module: str = "", **environment: str) -> None:
        """End a slot with kill -9, whatever it does, and start it anew."""
        self.kill_slot(slot)
        self.start(slot, crash_at, module, **environment)

    def kill_slot(self, slot: int) -> None:
        if slot in self.workers:
            self._noted.add(self.workers[slot].pid)
            self.workers[slot].kill()

    def stop_slot(self, slot: int) -> None:
        """SIGTERM, as a release does; one that does not end in time is killed."""
        if slot in self.workers and self.workers[slot].is_running:
            self._noted.add(self.workers[slot].pid)
            self.workers[slot].stop(20)
            if self.workers[slot].exit_code not in (0, 1, -signal.SIGKILL, -signal.SIGTERM):
                self._blame(slot)

    def start_double(self, slot: int) -> None:
        """A second process with the same slot, beside the first."""
        first = self.workers.pop(slot)
        self.doubles.append(first)
        self.start(slot)

    def state_of(self, slot: int) -> Path:
        """Where the slot keeps its stores."""
        return self.state_dir / f"ledger-{slot}"

    def remove_state(self, slot: int) -> None:
        shutil.rmtree(self.state_of(slot), ignore_errors=True)

    def freeze(self, slot: int) -> None:
        os.kill(self.workers[slot].pid, signal.SIGSTOP)

    def thaw(self, slot: int) -> None:
        if self.workers[slot].is_running:
            os.kill(self.workers[slot].pid, signal.SIGCONT)

    def wake(self, slot: int) -> None:
        """Thaw a slot that was told to freeze at a point; one that is not there yet is ended, lest it freeze later."""
        if self.is_frozen(slot):
            self.thaw(slot)
        else:
            self.kill_slot(slot)

    def is_frozen(self, slot: int) -> bool:
        """Whether the slot's process has been stopped by a signal."""
        try:
            stat = Path(f"/proc/{self.workers[slot].pid}/stat").read_text()
        except OSError:
            return False
        return stat.rpartition(")")[2].split()[0] == "T"

    def look_after(self) -> None:
        """Start again what has ended and is wanted, as a supervisor does; note what ended as none may."""
        now = time.monotonic()
        for slot in sorted(self.wanted):
            worker = self.workers.get(slot)
            if worker is not None and worker.is_running:
                continue
            if worker is not None and worker.pid not in self._noted:
                self._noted.add(worker.pid)
                self._ended_at[slot] = now
                if worker.exit_code != -signal.SIGKILL and not self._ended_well(slot):
                    self._blame(slot)
            if now - self._ended_at.get(slot, 0.0) >= AGAIN_AFTER_S:
                self.start(slot)

    def _ended_well(self, slot: int) -> bool:
        return self.workers[slot].exit_code == 1 and self.said(slot, ENDS_ITSELF)

    def _blame(self, slot: int) -> None:
        self.wrong.append(f"worker {slot} ended with {self.workers[slot].exit_code}: {self.tail(slot)}")

    # network

    def links_of(self, slot: int) -> list[Link]:
        """The ways of a worker slot to the brokers."""
        return [self.proxy.links[f"worker-{slot}>broker-{node}"] for node in self.brokers.nodes]

    def links_among(self, node: int) -> list[Link]:
        """The ways of the other brokers to one."""
        return [self.proxy.links[f"{name}-{node}"] for name in ("REPL", "CONTROLLER")]

    # the end

    def settle(self, limit_s: float) -> None:
        """Everything is whole again and worked off; then all workers end in order."""
        self.wait(self.worked_off, self.standing, limit_s)
        self.wait(self.worked_off, self.standing, limit_s)
        self.wanted = set()
        for slot in list(self.workers):
            self.stop_slot(slot)

    def wait(self, condition, what, limit_s: float) -> None:  # type: ignore[no-untyped-def]
        """`until`, with the workers looked after meanwhile."""

        def looked() -> bool:
            self.look_after()
            return bool(condition())

        until(looked, what, limit_s, 0.1)

    def end(self) -> None:
        for double in self.doubles:
            double.kill()
        super().end()
        self.redises.end()
        self.brokers.end()
        self.proxy.close()
