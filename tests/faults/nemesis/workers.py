"""Worker processes that die, freeze, come twice, come and go."""

import os
import random
import signal
import time

from tests.faults.nemesis.fault import Fault, a_slot, parts
from tests.faults.site import SLOTS, Site

TURN_POINTS = (
    "after-consume",
    "after-reserve",
    "after-decide",
    "after-produce",
    "after-flush",
    "after-confirm",
    "after-offsets-sent",
    "after-commit",
    "after-apply",
)
"""Named points of a turn at which a worker can be told to end (`processors/runtime/crash_points.py`)."""
POINTS = (*TURN_POINTS, "during-restore")


class KilledAtPoint(Fault):
    """kill -9 at a named point of its turn."""

    name = "worker killed at a named point"
    hurts = parts("workers")

    def __init__(self, point: str = "", count: int = 0) -> None:
        self._point, self._count = point, count

    def begin(self, site: Site, rng: random.Random) -> str:
        slot, point = a_slot(site, rng), self._point or rng.choice(POINTS)
        count = self._count or (1 if point == "during-restore" else rng.randint(1, 8))
        if point == "during-restore":
            site.kill_slot(slot)
            site.remove_state(slot)
        site.restart(slot, crash_at=f"{point}:{count}")
        self._told = site.workers[slot]
        return f"slot {slot} at {point}, time {count}"

    def has_struck(self, site: Site) -> bool:
        return not self._told.is_running


class KilledAtRandom(Fault):
    """kill -9 at any moment."""

    name = "worker killed at random"
    hurts = parts("workers")

    def begin(self, site: Site, rng: random.Random) -> str:
        slot = a_slot(site, rng)
        site.kill_slot(slot)
        return f"slot {slot}"


class AllKilled(Fault):
    """kill -9 of all workers at once."""

    name = "all workers killed"
    hurts = parts("workers")

    def begin(self, site: Site, rng: random.Random) -> str:
        for slot in sorted(site.wanted):
            site.kill_slot(slot)
        return f"slots {sorted(site.wanted)}"


class CommitAnswerLost(Fault):
    """The commit is sent, and its answer does not come back: it has happened, and the worker cannot know."""

    name = "commit whose answer is lost"
    hurts = parts("workers", "network-brokers")
    hold_s = (6.0, 12.0)

    def begin(self, site: Site, rng: random.Random) -> str:
        self._slot, self._lost = a_slot(site, rng), False
        count = rng.randint(1, 5)
        site.restart(self._slot, crash_at=f"after-offsets-sent:{count}:freeze")
        return f"slot {self._slot}, commit {count}"

    def has_struck(self, site: Site) -> bool:
        return self._lost

    def tick(self, site: Site, rng: random.Random) -> None:
        if not self._lost and site.is_frozen(self._slot):
            self._lost = True
            for link in site.links_of(self._slot):
                link.set("answers-lost")
            site.thaw(self._slot)

    def end(self, site: Site) -> None:
        for link in site.links_of(self._slot):
            link.set("pass")
        if not self._lost:
            site.wake(self._slot)


class Frozen(Fault):
    """Stopped for longer than its session and its transaction last; then it wakes, as a zombie."""

    name = "worker frozen, then awake"
    hurts = parts("workers")
    hold_s = (6.0, 11.0)

    def __init__(self, point: str = "") -> None:
        self._point = point

    def begin(self, site: Site, rng: random.Random) -> str:
        self._slot = a_slot(site, rng)
        if site.workers[self._slot].is_running and rng.random() < 0.3:
            site.freeze(self._slot)
            return f"slot {self._slot}, at once"
        point, count = self._point or rng.choice(TURN_POINTS), rng.randint(1, 5)
        site.restart(self._slot, crash_at=f"{point}:{count}:freeze")
        return f"slot {self._slot} at {point}, time {count}"

    def has_struck(self, site: Site) -> bool:
        return site.is_frozen(self._slot)

    def end(self, site: Site) -> None:
        site.wake(self._slot)


class SameSlotTwice(Fault):
    """Two processes with one identity and one state directory."""

    name = "two workers with the same slot"
    hurts = parts("workers")
    hold_s = (4.0, 9.0)

    def begin(self, site: Site, rng: random.Random) -> str:
        slot = a_slot(site, rng)
        if slot not in site.workers or not site.workers[slot].is_running:
            site.look_after()
        site.start_double(slot)
        return f"slot {slot}"

    def end(self, site: Site) -> None:
        for double in site.doubles:
            double.kill()
        site.doubles.clear()


class RollingRestart(Fault):
    """Each worker in turn is asked to end, and started anew."""

    name = "rolling restart"
    hurts = parts("workers")
    hold_s = (6.0, 10.0)

    def begin(self, site: Site, rng: random.Random) -> str:
        self._left = sorted(site.wanted)
        self._next = 0.0
        return f"slots {self._left}"

    def tick(self, site: Site, rng: random.Random) -> None:
        if self._left and time.monotonic() >= self._next:
            slot = self._left.pop(0)
            site.stop_slot(slot)
            site.start(slot)
            self._next = time.monotonic() + 2.0


class ComeAndGo(Fault):
    """Slots are added and taken away every few seconds."""

    name = "workers added and removed"
    hurts = parts("workers")
    hold_s = (8.0, 14.0)

    def begin(self, site: Site, rng: random.Random) -> str:
        self._before = set(site.wanted)
        self._next = 0.0
        return f"from {len(self._before)} slots"

    def tick(self, site: Site, rng: random.Random) -> None:
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + rng.uniform(1.5, 3.5)
        others = [slot for slot in SLOTS if slot not in site.wanted]
        if others and (len(site.wanted) < 2 or rng.random() < 0.5):
            site.wanted.add(rng.choice(others))
            return
        gone = a_slot(site, rng)
        site.wanted.discard(gone)
        if rng.random() < 0.5:
            site.kill_slot(gone)
        else:
            site.stop_slot(gone)

    def end(self, site: Site) -> None:
        for slot in site.wanted - self._before:
            site.stop_slot(slot)
        site.wanted = self._before


class SlowWorker(Fault):
    """Stopped and woken again and again: a process that is given little of its processor."""

    name = "worker starved"
    hurts = parts("workers")
    hold_s = (4.0, 8.0)

    def begin(self, site: Site, rng: random.Random) -> str:
        self._slot, self._next = a_slot(site, rng), 0.0
        return f"slot {self._slot}"

    def tick(self, site: Site, rng: random.Random) -> None:
        worker = site.workers[self._slot]
        if worker.is_running and time.monotonic() >= self._next:
            self._next = time.monotonic() + rng.uniform(0.1, 0.8)
            os.kill(worker.pid, signal.SIGCONT if site.is_frozen(self._slot) else signal.SIGSTOP)

    def end(self, site: Site) -> None:
        site.thaw(self._slot)
