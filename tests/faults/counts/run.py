"""A run: goods move, operators count, workers die, papers come late; at the end everything is judged."""

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.faults.checker.history import History, Value, Violation
from tests.faults.counts import company
from tests.faults.counts.company import Item, shelves_of
from tests.faults.counts.judge.facts import Facts
from tests.faults.counts.judge.report import judge
from tests.faults.counts.movers import Movers
from tests.faults.counts.operators import INVENTORY, Book, Walk
from tests.faults.counts.reading import read_counts
from tests.faults.counts.shelves import Planter, Shelves, Thing
from tests.faults.counts.site import Site, Told
from tests.faults.run import Notes

READS_A_THING = 2.9
"""Reads that a thing takes, those of two operators in one zone counted in."""
PIECES_A_ITEM = 28
"""Pieces with serials that an item has on all shelves together."""
CRASHES = ("after-consume:3", "after-produce:2", "after-flush:4", "after-offsets-sent:2", "after-commit:5")
LIMIT_S = 120.0
HELD_WITHIN_MS = 2500


@dataclass(slots=True)
class Plan:
    """What a run is. `reads`, `per_s`: reads and movements a second; `seconds`: how long the counting takes about."""

    seed: int
    directory: Path
    reads: float = 50.0
    per_s: float = 2000.0
    seconds: float = 60.0
    slots: int = 1
    kills: int = 8
    """Kills at drawn moments; those at chosen ones come beside them. 0: nobody dies."""
    module: str = "processors"
    mutant: str = ""


@dataclass(slots=True)
class Report:
    """What was found, and what there was to find."""

    violations: list[Violation]
    counts: dict[str, int]
    facts: Facts
    history: History

    def __str__(self) -> str:
        seen = ", ".join(f"{count} {name}" for name, count in self.counts.items())
        if not self.violations:
            return f"no violation: {seen}"
        by_name: dict[str, int] = {}
        for violation in self.violations:
            by_name[violation.invariant] = by_name.get(violation.invariant, 0) + 1
        totals = ", ".join(f"{count} of {name}" for name, count in by_name.items())
        firsts = [str(next(v for v in self.violations if v.invariant == name)) for name in by_name]
        return "\n".join([f"violations: {totals} ({seen}); the first of each:", *firsts])


def run(plan: Plan, servers: str, redis_url: str) -> Report:
    """Do it, on a broker without topics."""
    plan.directory.mkdir(parents=True, exist_ok=True)
    environment = {"COUNTS_MUTANT": plan.mutant} if plan.mutant else {}
    site = Site(servers, redis_url, plan.directory, plan.module, **environment)
    try:
        return _Run(plan, site, Notes(plan.directory / "history.jsonl")).go()
    finally:
        site.end()


class _Run:
    def __init__(self, plan: Plan, site: Site, notes: Notes) -> None:
        self._plan, self._site, self._notes = plan, site, notes
        self._random = random.Random(plan.seed)
        things = plan.reads * plan.seconds / READS_A_THING
        pieced = max(2, round(things * 0.3 / PIECES_A_ITEM))
        places = round(things * 0.7)
        goods = max(2, round(places / 15))
        items = [Item("plain", n) for n in range(goods)] + [Item("lot", n) for n in range(max(2, goods // 2))]
        self._shelves = Shelves([*items, *(Item("serial", n) for n in range(pieced))])
        self._movers = Movers(self._random, self._shelves, site.partitions, plan.per_s)
        self._planter = Planter(self._random, self._shelves)
        self._plants = max(12, round(things * 0.12))
        self._places = places
        self._book = Book()
        self._played = 0
        self._moved = self._read = 0.0
        self._kill_at: list[float] = []

    def go(self) -> Report:
        plan, site, notes = self._plan, self._site, self._notes
        notes.note("begin", seed=plan.seed, reads=plan.reads, per_s=plan.per_s, seconds=plan.seconds)
        site.begin(plan.slots)
        site.send_master_data(company.master_data(self._shelves.items))
        self._until(site.worked_off, "master data is judged", play=False)
        self._movers.fill(_now(), self._places)
        site.ledger.send(self._movers.due(None))
        told = Told(site.servers, site.partitions)
        try:
            self._until(site.worked_off, "the stock that all begins with is posted", play=False)
            for _ in range(self._plants // 2):
                self._planter.plant("S", before_opening=True)
            walks = self._open(told)
            watcher = site.ledger.watch()
            self._count(told, walks)
            self._close(told, walks)
            self._late()
        finally:
            told.close()
        self._until(site.worked_off, "everything is worked off", play=False)
        self._until(site.worked_off, "and so is what followed from it", play=False)
        site.stop()
        notes.note("workers ended", kills=site.kills)
        history = read_counts(site)
        history.seen = watcher.stop()
        facts = Facts(
            things={thing: self._shelves.stands(thing) for thing in self._things()},
            planted={thing: amount for thing, amount in self._shelves.planted.items() if amount},
            late={place for place, _ in self._shelves.late},
            lines={thing: (line.list, line.counted) for thing, line in self._book.lines.items()},
            reads={place: (read.scan_id, answer.status, answer.code, answer.again_of)
                   for place, (read, answer) in site.answers.items()},
            commands={place: (value["command_id"], status) for place, (value, status) in site.commands.items()},
            inventory=INVENTORY,
        )  # fmt: skip
        violations = [Violation("workers-end-as-they-may", ("movements", -1, -1), what) for what in site.wrong]
        violations += judge(history, facts)
        report = Report(violations, self._counts(history, facts), facts, history)
        notes.note("checked", seed=plan.seed, report=str(report))
        return report

    def _things(self) -> Iterator[Thing]:
        for place in self._shelves.goods:
            yield (place, None)
        for place, serials in self._shelves.pieces.items():
            yield from ((place, serial) for serial in serials)

    def _counts(self, history: History, facts: Facts) -> dict[str, int]:
        adjustments = [record.value["kind"] for record in history.of("adjustments") if record.value is not None]
        return {
            "movements": len(history.of("movements")),
            "reads": len(facts.reads),
            "lines": len(facts.lines),
            "planted": len(facts.planted),
            "differences": adjustments.count("difference"),
            "corrections": adjustments.count("correction"),
            "papers held back": self._movers.held_count,
            "kills": self._site.kills,
        }

    # the parts

    def _open(self, told: Told) -> list[Walk]:
        self._ask(told, {"action": "open_inventory", "command_id": "open"})
        walks = []
        for list_, type, zones, operators in (
            ("L1", "IG", "PQ", ["anna", "dora"]),
            ("L2", "MA", "QR", ["ben", "emil"]),
            ("L3", "ZE", "S", ["carl"]),
        ):
            shelves = shelves_of(*zones)
            value: Value = {"action": "open_list", "command_id": f"open-{list_}", "list": list_, "list_type": type}
            self._ask(told, {**value, "warehouse": company.WAREHOUSE, "locations": shelves, "operator": operators[0]})
            self._random.shuffle(shelves)
            walks.append(Walk(self._random, self._shelves, self._book, list_, shelves, operators, type == "ZE"))
        self._ask(told, {"action": "open_list", "command_id": "open-no", "list": "L9", "list_type": "?"}, "refused")
        self._notes.note("lists are open", things=len(list(self._things())), planted=len(self._shelves.planted))
        return walks

    def _ask(self, told: Told, value: Value, status: str = "done") -> None:
        """Send a command and wait for its reply, while goods move."""
        self._site.command(_now(), value, status)
        self._site.flush()

        def answered() -> bool:
            told.look()
            return value["command_id"] in told.replies

        self._until(answered, f"{value['command_id']} is answered")

    def _count(self, told: Told, walks: list[Walk]) -> None:
        plan = self._plan
        began = time.monotonic()
        self._kill_at = sorted(began + self._random.uniform(0.05, 0.95) * plan.seconds for _ in range(plan.kills))
        plants = sorted(self._random.uniform(0, 0.8) * plan.seconds for _ in range(self._plants - self._plants // 2))

        def over() -> bool:
            elapsed = time.monotonic() - began
            while plants and elapsed >= plants[0]:
                plants.pop(0)
                self._planter.plant("S", before_opening=False)
            for walk in walks:
                if walk.wants_relief:
                    # Reads and commands lie in two topics: whoever goes waits for the answers to their reads.
                    self._site.flush()
                    self._until(lambda: told.look() or told.answers >= len(self._site.answers), "reads are answered")
                    walk.relieve()
                    value: Value = {"action": "assign_list", "list": walk.list, "operator": walk.operator}
                    self._ask(told, {**value, "command_id": f"assign-{walk.list}"})
            return all(walk.is_over for walk in walks)

        self._until(over, "everything is counted", walks, plan.seconds * 3 + LIMIT_S)
        self._notes.note("all is counted", reads=self._book.reads, kills=self._site.kills)

    def _close(self, told: Told, walks: list[Walk]) -> None:
        """Close the lists behind all papers that are not held back; workers die while they settle."""
        site = self._site
        site.flush()
        site.ledger.send(self._movers.due(None))
        for number, walk in enumerate(walks):
            close: Value = {"action": "close_list", "command_id": f"close-{walk.list}", "list": walk.list}
            self._site.command(_now(), close, "done")
            if number == 0:
                self._site.command(_now(), close, "duplicate")
            self._site.command(_now(), {**close, "command_id": f"close-{walk.list}-again"}, "done")
        site.flush()
        if self._plan.kills:
            site.kill(site.counting, 0, "after-flush:2")
            site.kill(site.ledger, 0, "after-flush:3")

        def closed() -> bool:
            told.look()
            return all(told.lists.get(walk.list) == "closed" for walk in walks)

        self._until(closed, lambda: f"all lists are closed, and not {told.lists}")
        self._notes.note("lists are closed", kills=site.kills)

    def _late(self) -> None:
        """The papers that were held back come, between others."""
        self._movers.release(_now(), HELD_WITHIN_MS)
        over = time.monotonic() + HELD_WITHIN_MS / 1000
        if self._plan.kills:
            self._site.kill(self._site.ledger, 0, "after-offsets-sent:2")
        self._until(lambda: time.monotonic() > over, "papers come")
        self._site.ledger.send(self._movers.due(None))
        self._notes.note("all papers are there", held_back=self._movers.held_count)

    def _kill_one(self) -> None:
        site = self._site
        cluster = self._random.choice(site.clusters)
        slot = self._random.choice(list(cluster.workers))
        crash_at = self._random.choice((*CRASHES, "", ""))
        self._notes.note("killed", worker=f"{cluster.processor.name}-{slot}", then=crash_at)
        site.kill(cluster, slot, crash_at)

    # time

    def _play(self, walks: "list[Walk] | tuple[()]") -> None:
        """Everything that has happened since the last time, in its order; and the papers that are due."""
        now = _now()
        last = self._played or now
        self._played = now
        elapsed = min(now - last, 2000)
        if elapsed <= 0:
            return
        self._moved += elapsed * self._plan.per_s / 1000
        self._read += elapsed * self._plan.reads / 1000 if walks else 0.0
        moves, reads = int(self._moved), int(self._read)
        self._moved -= moves
        self._read -= reads
        happening = [(now - elapsed + 1 + n * elapsed // moves, 0) for n in range(moves)]
        happening += [(now - elapsed + 1 + n * elapsed // reads, 1) for n in range(reads)]
        for moment, what in sorted(happening):
            if what == 0:  # of one millisecond, goods move before they are read
                self._movers.move(moment)
                continue
            able = [walk for walk in walks if not walk.is_over and not walk.wants_relief]
            if able:
                for read in self._random.choice(able).read(moment):
                    self._site.read(read)
        self._site.ledger.send(self._movers.due(now))

    def _until(
        self,
        condition: Callable[[], bool],
        what: str | Callable[[], str],
        walks: "list[Walk] | tuple[()]" = (),
        limit_s: float = LIMIT_S,
        play: bool = True,
    ) -> None:
        """Until a condition is true, let time pass: goods move, operators read, workers are looked after."""
        deadline = time.monotonic() + limit_s
        while not condition():
            told = what if isinstance(what, str) else what()
            assert time.monotonic() < deadline, f"not within {limit_s:g} s: {told}\n{self._site.standing()}"
            self._site.look_after()
            if self._kill_at and time.monotonic() >= self._kill_at[0]:
                self._kill_at.pop(0)
                self._kill_one()
            if play:
                self._play(walks)
            time.sleep(0.02 if play else 0.1)


def _now() -> int:
    return time.time_ns() // 1_000_000
