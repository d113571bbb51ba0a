"""What happens to the server of the counters: it dies, forgets, remembers what is old, is slow, refuses."""

import contextlib
import random
import time

from processors.embedded.redis import RedisServer
from tests.faults.nemesis.fault import Fault, a_slot, parts
from tests.faults.redises import keep_copy
from tests.faults.site import Site

REBUILT = "counters lost their state: rebuilt"
USED = 60
"""Movements that are done with the counters as they were rebuilt."""
REBUILDS = "rebuilding the company-wide counters"


class Killed(Fault):
    """kill -9; started again with its file."""

    name = "redis killed, restarted with its file"
    hurts = parts("redis")

    def begin(self, site: Site, rng: random.Random) -> str:
        site.redises.main.kill()
        return ""

    def end(self, site: Site) -> None:
        site.redises.restart()


class KilledWithoutFile(Killed):
    """kill -9; started again with nothing."""

    name = "redis killed, restarted without its file"

    def end(self, site: Site) -> None:
        site.redises.file.unlink(missing_ok=True)
        site.redises.restart()


class Flushed(Fault):
    name = "redis flushed"
    hurts = parts("redis")

    def begin(self, site: Site, rng: random.Random) -> str:
        return site.redises.ask("FLUSHALL")


class KeyDeleted(Fault):
    """One key is gone, the others stay."""

    name = "one key deleted"
    hurts = parts("redis")

    def begin(self, site: Site, rng: random.Random) -> str:
        keys = site.redises.keys()
        if not keys:
            return "no key there"
        key = rng.choice(_telling(keys))
        return f"{key}: {site.redises.ask(f'DEL {key}')}"


class WrongType(Fault):
    """At one key stands something else."""

    name = "wrong type at a key"
    hurts = parts("redis")

    def begin(self, site: Site, rng: random.Random) -> str:
        keys = site.redises.keys()
        if not keys:
            return "no key there"
        key = rng.choice(_telling(keys))
        return f"{key}: {site.redises.ask(f'DEL {key}')}, {site.redises.ask(f'SET {key} text')}"


class OlderSnapshot(Fault):
    """It comes back with its data as it was some seconds ago."""

    name = "older snapshot restored"
    hurts = parts("redis")
    hold_s = (3.0, 6.0)

    def begin(self, site: Site, rng: random.Random) -> str:
        self._copy = site.directory / "redis-copy.aof"
        keep_copy(site.redises.file, self._copy)
        return f"as of now, {self._copy.stat().st_size} bytes"

    def end(self, site: Site) -> None:
        site.redises.main.kill()
        keep_copy(self._copy, site.redises.file)
        site.redises.restart({"aof-load-truncated": "yes"})


class ReplicaPromoted(Fault):
    """A replica that lags behind takes over, while the old master still answers one worker."""

    name = "lagging replica promoted, old master answers one worker"
    hurts = parts("redis", "network-redis")
    hold_s = (5.0, 8.0)

    def begin(self, site: Site, rng: random.Random) -> str:
        self._replica, self._link = site.redises.add_replica()
        self._former: RedisServer | None = None
        self._link.set("stalled")
        self._at = time.monotonic() + rng.uniform(1.0, 2.0)
        self._slot = a_slot(site, rng)
        return f"slot {self._slot} stays with the old master"

    def tick(self, site: Site, rng: random.Random) -> None:
        if self._former is None and time.monotonic() >= self._at:
            self._former = site.redises.promote(self._replica, self._slot)

    def end(self, site: Site) -> None:
        if self._former is None:
            self._former = site.redises.promote(self._replica, None)
        site.redises.aim_all()
        self._link.set("cut")
        self._former.kill()


class TwoRebuilds(Fault):
    """The state is lost; the worker that rebuilds it freezes, another begins anew, then the first one wakes."""

    name = "two rebuilds at once"
    hurts = parts("redis", "workers")
    hold_s = (13.0, 16.0)

    def begin(self, site: Site, rng: random.Random) -> str:
        self._logs = {slot: site.log(slot).stat().st_size for slot in site.wanted if site.log(slot).exists()}
        self._frozen: int | None = None
        return site.redises.ask("FLUSHALL")

    def has_struck(self, site: Site) -> bool:
        return self._frozen is not None

    def tick(self, site: Site, rng: random.Random) -> None:
        for slot, size in self._logs.items():
            if self._frozen is None and REBUILDS.encode() in site.log(slot).read_bytes()[size:]:
                self._frozen = slot
                site.freeze(slot)
                site.redises.ask("FLUSHALL")

    def end(self, site: Site) -> None:
        if self._frozen is not None:
            site.thaw(self._frozen)


class RebuiltMeanwhile(Fault):
    """Between a worker's decision and its transaction the state is lost, rebuilt by another, and used."""

    name = "counters rebuilt between decision and commit"
    hurts = parts("redis", "workers")

    def missing(self, site: Site) -> str:
        return super().missing(site) or ("it needs two workers" if len(site.wanted) < 2 else "")

    def begin(self, site: Site, rng: random.Random) -> str:
        self._sleeper, self._other = rng.sample(sorted(site.wanted), 2)
        # The other one hands nothing out before the sleeper has decided.
        if site.workers[self._other].is_running:
            site.freeze(self._other)
        self._stage, self._log, self._done, self._latest = 0, 0, 0, 0.0
        # The first batch after a start is small; the second holds what has come meanwhile.
        site.restart(self._sleeper, crash_at="after-decide:2:freeze")
        return f"slot {self._sleeper} sleeps, slot {self._other} rebuilds"

    def has_struck(self, site: Site) -> bool:
        return self._stage == 3

    def tick(self, site: Site, rng: random.Random) -> None:
        if self._stage == 0 and site.is_frozen(self._sleeper):
            site.redises.ask("FLUSHALL")
            self._log = site.log(self._other).stat().st_size
            site.thaw(self._other)
            self._stage = 1
        elif self._stage == 1 and REBUILT.encode() in site.log(self._other).read_bytes()[self._log :]:
            # What it had in hand is done or dropped by now: what is done from here on has new ordinals.
            self._done, self._latest, self._stage = site.done(), time.monotonic() + 8.0, 2
        elif self._stage == 2 and (site.done() >= self._done + USED or time.monotonic() >= self._latest):
            site.thaw(self._sleeper)
            self._stage = 3

    def end(self, site: Site) -> None:
        site.thaw(self._other)
        if self._stage < 3:
            site.wake(self._sleeper)


class Slow(Fault):
    """It answers late: asleep, paused, or far away."""

    name = "redis slow"
    hurts = parts("redis", "network-redis")
    hold_s = (2.0, 6.0)

    def begin(self, site: Site, rng: random.Random) -> str:
        way = rng.choice(("asleep", "paused", "far away"))
        if way == "asleep":
            seconds = rng.uniform(0.5, 2.5)
            with contextlib.suppress(OSError):
                site.redises.main.ask(f"DEBUG SLEEP {seconds:.1f}")
            return f"asleep for {seconds:.1f} s"
        if way == "paused":
            return f"paused for 6.5 s: {site.redises.ask('CLIENT PAUSE 6500')}"
        for link in site.redises.links.values():
            link.slow_down(0.15)
        return "150 ms farther away"

    def end(self, site: Site) -> None:
        for link in site.redises.links.values():
            link.slow_down(0)
        site.redises.ask("CLIENT UNPAUSE")


class OutOfMemory(Fault):
    """It refuses to write: -OOM."""

    name = "redis out of memory"
    hurts = parts("redis")

    def begin(self, site: Site, rng: random.Random) -> str:
        return site.redises.ask("CONFIG SET maxmemory 1")

    def end(self, site: Site) -> None:
        site.redises.ask("CONFIG SET maxmemory 0")


class ReadOnly(Fault):
    """It refuses to write: -READONLY, as a replica of a master that is gone."""

    name = "redis read only"
    hurts = parts("redis")

    def begin(self, site: Site, rng: random.Random) -> str:
        return site.redises.ask("REPLICAOF 127.0.0.1 1")

    def end(self, site: Site) -> None:
        site.redises.ask("REPLICAOF NO ONE")


class Loading(Fault):
    """It is up and still reads its file: -LOADING."""

    name = "redis loading"
    hurts = parts("redis")
    hold_s = (0.5, 1.5)

    def begin(self, site: Site, rng: random.Random) -> str:
        entries = sum(line.startswith(b"*") for line in site.redises.file.read_bytes().splitlines())
        # About three seconds for the whole file.
        self._delay_us = max(1, 3_000_000 // max(1, entries))
        site.redises.main.kill()
        return f"{entries} entries, {self._delay_us} us each"

    def end(self, site: Site) -> None:
        site.redises.restart({"key-load-delay": str(self._delay_us)})
        site.redises.ask("CONFIG SET key-load-delay 0")


def _telling(keys: list[str]) -> list[str]:
    """The company-wide state rather than the notes of single partitions, where it is there."""
    return [key for key in keys if "{company}" in key] or keys
