"""All faults, and the seeded draw: one alone, or several that hurt different parts."""

import random
from collections.abc import Callable

from tests.faults.nemesis import brokers, clock, disk, network, redis, stores, workers
from tests.faults.nemesis.fault import Fault
from tests.faults.site import Site

Make = Callable[[], Fault]


def menu(small_disk: disk.SmallDisk) -> list[Make]:
    """Every fault, each as often as its kind should be drawn."""
    return [
        *([workers.KilledAtPoint] * 3),
        workers.KilledAtRandom,
        workers.AllKilled,
        *([workers.CommitAnswerLost] * 2),
        *([workers.Frozen] * 2),
        workers.SameSlotTwice,
        workers.RollingRestart,
        workers.ComeAndGo,
        workers.SlowWorker,
        stores.Deleted,
        stores.Truncated,
        stores.Exchanged,
        stores.Old,
        clock.ClockSteps,
        redis.Killed,
        redis.KilledWithoutFile,
        redis.Flushed,
        redis.KeyDeleted,
        redis.WrongType,
        redis.OlderSnapshot,
        redis.ReplicaPromoted,
        redis.TwoRebuilds,
        redis.RebuiltMeanwhile,
        redis.Slow,
        redis.OutOfMemory,
        redis.ReadOnly,
        redis.Loading,
        *([brokers.Killed] * 2),
        brokers.AllKilled,
        brokers.Frozen,
        brokers.Rolling,
        lambda: disk.LogDirectoryFull(small_disk),
        *([network.WorkerAndBrokers] * 2),
        network.WorkerAndRedis,
        *([network.BetweenBrokers] * 2),
    ]


class Nemesis:
    """Draws what happens next. Every fault comes once, in a shuffled order, before one comes again."""

    def __init__(self, seed: int, choices: list[Make], site: Site) -> None:
        self._random = random.Random(seed)
        self._choices = choices
        self._site = site
        self._left: list[Make] = []
        self.missing: dict[str, str] = {}
        """Fault → why it cannot be done here."""

    def next(self) -> list[Fault]:
        """One fault in half of all cases, else two or three that go together."""
        wanted = self._random.choice((1, 1, 2, 3))
        chosen: list[Fault] = []
        taken: set[str] = set()
        for _ in range(len(self._choices) * 2):
            if len(chosen) == wanted:
                break
            if not self._left:
                self._left = list(self._choices)
                self._random.shuffle(self._left)
            fault = self._left[-1]()
            reason = fault.missing(self._site)
            if reason:
                self.missing[fault.name] = reason
            elif taken & fault.hurts:
                self._left.insert(0, self._left.pop())
                continue
            else:
                chosen.append(fault)
                taken |= fault.hurts
            self._left.pop()
        return chosen
