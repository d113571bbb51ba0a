"""Ways through the model (`model`), walked by the product's counters in a `World`: at every step both see the same."""

from collections.abc import Sequence
from random import Random

from processors.counters.memory_log import MemoryEpochLog
from processors.counters.port import EpochChanged, EpochRecord, OwnerChanged, StateLost
from tests.counters import model
from tests.counters.twins import Twin
from tests.counters.world import COMPANY_WIDE, Ends, Worker, World, WorldRegisters, a_claim


def walk(scope: model.Scope, seed: int, length: int) -> tuple[model.Step, ...]:
    """A random way through the model. Trouble is rarer than work, so that batches come to their end."""
    random, world = Random(seed), model.start(scope)
    way: list[model.Step] = []
    while len(way) < length and (possible := list(model.steps(world, scope))):
        weights = [_weight(step) for step, _ in possible]
        ((step, world),) = random.choices(possible, weights)
        way.append(step)
    return tuple(way)


def _weight(step: model.Step) -> int:
    who, what, observed = step
    if who == "world" or what in ("drop", "crash", "own") or observed in ("lost", "owner", "wait", "taken"):
        return 1
    return 8


class WayEnds(Exception):
    """Thrown out of a rebuild in whose midst the way ends."""


class Replay:
    """One way over `twin`, which is empty; `spare` is the server that others find when `twin` is cut off."""

    def __init__(self, twin: Twin, spare: Twin, way: Sequence[model.Step]) -> None:
        self.world = World(twin)
        self.world.log = _AskingLog(self)
        self.spare, self.way = spare, list(way)
        self.began = True
        self.workers = (self.world.worker("w0", 0), self.world.worker("w1", 1))
        self.rebuilder = self.world.worker("r")
        self.rebuilder.rebuild()
        self.began = False
        self.ends: dict[Worker, Ends] = {}
        self.at = 0

    def run(self) -> None:
        """Walk all of it. Raises AssertionError where the product sees something else than the model."""
        try:
            while self.at < len(self.way):
                self._until_rebuild()
                if self.at < len(self.way):
                    assert self.way[self.at][1] == "epoch"
                    self.rebuilder.rebuild(
                        WorldRegisters(
                            self.world,
                            noted=lambda: self._expect("note ends"),
                            reading=lambda: self._expect("switch", "give up"),
                        )
                    )
        except WayEnds:
            pass
        assert self.world.repeated == []

    def _expect(self, *what: str) -> None:
        """The rebuild has come to its next step: go on with the others until it is its turn."""
        self._until_rebuild()
        if self.at >= len(self.way):
            raise WayEnds
        assert self.way[self.at][1] in what, f"the rebuild is at {what}, the model at {self.way[self.at]}"
        self.at += 1

    def before_append(self, record: EpochRecord) -> None:
        if record.kind == "epoch" and not self.began:
            self._expect("epoch")

    def _until_rebuild(self) -> None:
        while self.at < len(self.way) and self.way[self.at][0] != "r":
            who, what, observed = self.way[self.at]
            self.at += 1
            if who == "world":
                self._world(what)
            else:
                seen = self._step(self.workers[int(who[1])], what)
                assert seen == observed, f"step {self.at} of {self.way}: expected {observed}, got {seen}"

    def _world(self, what: str) -> None:
        match what:
            case "flush":
                self.world.twin.flush()
            case "cut off":
                self.workers[1].line.to = self.spare.connect()
                self.rebuilder.line.to = self.spare.connect()
            case "move":
                self.workers[1].assigned(0)

    def _step(self, worker: Worker, what: str) -> model.Observed:
        match what.split():
            case ["reserve", p]:
                return self._reserve(worker, int(p))
            case ["claim" | "release" as kind, p]:
                return self._claim(worker, int(p), kind)
            case ["tell"]:
                worker.counters.flush_outcomes()
            case ["own"]:
                worker.counters.own([0])
            case ["note", "ends"]:
                self.ends[worker] = worker.note_ends(0)
            case ["take", "over"]:
                try:
                    worker.catch_up(self.ends.pop(worker), 0)
                except OwnerChanged:
                    return "owner"
                return "ok"
            case ["flush"]:
                worker.flush()
            case ["confirm"]:
                return self._confirm(worker)
            case ["send", "offsets"]:
                if all(self.world.group[p] is worker for p in worker.transaction.partitions()):
                    return "ok"
                worker.drop()
                return "fenced"
            case ["commit"]:
                self.world.end(worker.transaction, commits=True)
                worker.tell()
            case ["drop"]:
                worker.drop()
            case ["crash"]:
                worker.crash()
        return None

    def _reserve(self, worker: Worker, p: int) -> model.Observed:
        try:
            worker.reserve({(COMPANY_WIDE, p): 2})
        except StateLost:
            return "lost"
        except OwnerChanged:
            return "owner"
        assert worker.reservation
        granted = worker.reservation.grants[COMPANY_WIDE.key, p]
        worker.take(COMPANY_WIDE, p, 1)
        return tuple(ordinal for first, last in granted for ordinal in range(first, last + 1))

    def _claim(self, worker: Worker, p: int, kind: str) -> model.Observed:
        wanted = a_claim("X", f"item {p}", p)
        worker.reserve({})
        try:
            verdicts = worker.claim(wanted) if kind == "claim" else worker.claim(released=(wanted,))
        except (StateLost, OwnerChanged) as error:
            worker.drop()
            return "lost" if isinstance(error, StateLost) else "owner"
        if not verdicts.taken and verdicts.wait_at is None:
            return "ours"
        worker.drop()
        return "taken" if verdicts.taken else "wait"

    def _confirm(self, worker: Worker) -> model.Observed:
        try:
            worker.confirm()
        except EpochChanged as error:
            worker.drop()
            return "owner" if isinstance(error, OwnerChanged) else "epoch"
        return "ok"


class _AskingLog(MemoryEpochLog):
    """Lets the replay go on with the others before an epoch begins."""

    def __init__(self, replay: Replay) -> None:
        super().__init__()
        self._replay = replay

    def append(self, records: Sequence[EpochRecord]) -> Sequence[int]:
        for record in records:
            self._replay.before_append(record)
        return super().append(records)
