"""A run: a site under load, a nemesis that hurts it, and the checker at the end; with a history that is kept."""

import json
import random
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.brokers import nodes_that_fit
from tests.faults.checker.history import Violation
from tests.faults.checker.report import Report, check
from tests.faults.cluster import Cluster
from tests.faults.company import Scope
from tests.faults.load import Load
from tests.faults.nemesis.disk import NODE, SmallDisk
from tests.faults.nemesis.fault import Fault
from tests.faults.nemesis.menu import Make, Nemesis, menu
from tests.faults.pacing import Pace
from tests.faults.site import Site
from tests.faults.waiting import until

PER_S = 120.0
WARM = 200
"""Movements that are done before the first fault."""
LAG_LIMIT_S = 120.0
STRIKES_WITHIN_S = 60.0
"""A fault that has not come about by then is given up: its point was not passed."""
QUIET_S = (0.5, 2.0)
Draw = Callable[[], Sequence[Fault]]


@dataclass(slots=True)
class Plan:
    """What a run is. `faults`: only these, in this order, once; None: drawn from all until the time is over."""

    seconds: float
    seed: int
    directory: Path
    faults: Sequence[Sequence[Make]] | None = None
    slots: int = 2
    per_s: float = PER_S
    lot_scope: Scope = "item"
    items: int = 120
    module: str = "processors"
    environment: dict[str, str] = field(default_factory=dict)
    nodes: tuple[int, ...] | None = None
    lag_limit_s: float = LAG_LIMIT_S


class Notes:
    """The history: one JSON line an event, printed and kept."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._began = time.monotonic()
        self.faults = 0

    def note(self, event: str, **what: object) -> None:
        line = json.dumps({"at_s": round(time.monotonic() - self._began, 2), "event": event, **what})
        with self.file.open("a") as opened:
            opened.write(line + "\n")
        print(line, file=sys.stderr, flush=True)


def run(plan: Plan) -> Report:
    """Do it. The report has what the checker found, lag that did not return, and workers that ended as none may."""
    plan.directory.mkdir(parents=True, exist_ok=True)
    notes = Notes(plan.directory / "history.jsonl")
    nodes = plan.nodes or nodes_that_fit()
    disk = SmallDisk(plan.directory / f"broker-{NODE}-on-a-small-disk", wanted=NODE in nodes)
    site: Site | None = None
    try:
        site = Site(
            plan.directory,
            nodes,
            plan.environment,
            {} if disk.missing else {NODE: disk.at},
            plan.module,
        )
        return _Run(plan, site, notes, disk).go()
    finally:
        if site is not None:
            site.end()
        disk.close()


class _Run:
    def __init__(self, plan: Plan, site: Site, notes: Notes, disk: SmallDisk) -> None:
        self._plan, self._site, self._notes, self._disk = plan, site, notes, disk
        self._random = random.Random(plan.seed)
        self._violations: list[Violation] = []

    def go(self) -> Report:
        plan, site = self._plan, self._site
        self._notes.note("begin", seed=plan.seed, seconds=plan.seconds, brokers=len(site.brokers.nodes))
        site.begin(plan.slots)
        load = Load(plan.seed, site.partitions, plan.lot_scope, plan.items)
        watcher = site.watch()
        site.send_master_data(load)
        site.wait(site.worked_off, site.standing, plan.lag_limit_s)
        pace = Pace(site, load, plan.per_s)
        self._notes.note("load", per_s=plan.per_s, slots=plan.slots, lots=plan.lot_scope)
        try:
            # Counters are made with the first movements: there is something to lose.
            site.wait(lambda: site.done() >= WARM, site.standing, plan.lag_limit_s)
            self._hurt(pace)
        finally:
            pace.stop()
        self._notes.note("load ends")
        if not self._violations:
            self._returns("the end", site.settle)
            self._notes.note("workers ended")
        site.wanted = set()
        Cluster.end(site)  # those that could not end in order
        seen = watcher.stop()
        history = site.history(stores=not self._violations)
        history.seen = seen
        report = check(history)
        report.violations = [*self._violations, *self._wrong(), *report.violations]
        report.counts["faults"] = self._notes.faults
        self._notes.note("checked", seed=plan.seed, report=str(report))
        return report

    def _hurt(self, pace: Pace) -> None:
        until_s = time.monotonic() + self._plan.seconds
        nemesis = Nemesis(self._plan.seed, menu(self._disk), self._site)
        fixed = None if self._plan.faults is None else [[make() for make in makes] for makes in self._plan.faults]
        while not self._violations and (fixed if fixed is not None else time.monotonic() < until_s):
            self._pass(self._random.uniform(*QUIET_S), ())
            pace.check()
            faults = fixed.pop(0) if fixed is not None else nemesis.next()
            self._suffer(faults)
        for name, reason in nemesis.missing.items():
            self._notes.note("left out", fault=name, why=reason)

    def _suffer(self, faults: Sequence[Fault]) -> None:
        """Begin each, hold, end each, and see the lag return to zero."""
        begun: list[Fault] = []
        names = " + ".join(fault.name for fault in faults)
        try:
            for fault in faults:
                begun.append(fault)
                what = fault.begin(self._site, self._random)
                self._notes.faults += 1
                self._notes.note("fault begins", fault=fault.name, what=what)
                self._pass(self._random.uniform(0, 0.5), begun)
            held_s = max(self._random.uniform(*fault.hold_s) for fault in faults)
            late = time.monotonic() + STRIKES_WITHIN_S / len(faults)
            while time.monotonic() < late and not all(fault.has_struck(self._site) for fault in faults):
                self._pass(0.1, begun)
            for fault in faults:
                if not fault.has_struck(self._site):
                    self._notes.note("did not come about", fault=fault.name)
            self._pass(held_s, begun)
        finally:
            for fault in reversed(begun):
                fault.end(self._site)
                self._notes.note("fault ends", fault=fault.name)
        self._returns(names, self._caught_up)

    def _pass(self, seconds: float, faults: Sequence[Fault]) -> None:
        """Let time pass, with workers looked after."""
        over = time.monotonic() + seconds

        def passed() -> bool:
            self._site.look_after()
            for fault in faults:
                fault.tick(self._site, self._random)
            return time.monotonic() >= over

        until(passed, "time passes", seconds + 60, 0.1)

    def _caught_up(self, limit_s: float) -> None:
        """Brokers are whole, and all that was sent until now is worked off."""
        site, began = self._site, time.monotonic()
        ends: dict[tuple[str, int], int] = {}
        lag_s: list[float] = []

        def reached() -> bool:
            if not ends:
                ends.update(site.ends() or {})
            if not lag_s and ends and site.reached(ends):
                lag_s.append(round(time.monotonic() - began, 2))
            return bool(lag_s) and site.brokers.are_whole()

        site.wait(reached, site.standing, limit_s)
        self._notes.note("lag is zero", after_s=lag_s[0], brokers_whole_after_s=round(time.monotonic() - began, 2))

    def _returns(self, what: str, settle: Callable[[float], None]) -> None:
        try:
            settle(self._plan.lag_limit_s)
        except AssertionError as failure:
            self._violations.append(Violation("lag-returns-to-zero", ("movements", -1, -1), f"after {what}: {failure}"))
            self._notes.note("lag does not return", after=what)

    def _wrong(self) -> list[Violation]:
        return [Violation("workers-end-as-they-may", ("movements", -1, -1), what) for what in self._site.wrong]
