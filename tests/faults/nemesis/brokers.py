"""Brokers that die and freeze: by chance, and those on which most depends."""

import random
import time

from tests.faults.cluster import GROUP
from tests.faults.nemesis.fault import Fault, a_slot, parts
from tests.faults.site import Site

ROLES = ("leader", "group coordinator", "transaction coordinator", "controller")


def _node(site: Site, rng: random.Random, role: str) -> int:
    """The node that has a role; any, where nobody knows."""
    found: int | None = None
    match role:
        case "leader":
            found = site.brokers.leader_of("movements", rng.randrange(site.partitions))
        case "group coordinator":
            found = site.brokers.coordinator_of_group(GROUP)
        case "transaction coordinator":
            found = site.brokers.coordinator_of_transactions(f"ledger-{a_slot(site, rng)}")
        case "controller":
            found = site.brokers.controller()
    return found or rng.choice(site.brokers.nodes)


class Killed(Fault):
    """kill -9 of one, and its restart."""

    name = "broker killed"
    hurts = parts("brokers")
    hold_s = (2.0, 6.0)

    def __init__(self, role: str = "") -> None:
        self._role = role

    def begin(self, site: Site, rng: random.Random) -> str:
        role = self._role or rng.choice(ROLES)
        self._node = _node(site, rng, role)
        site.brokers.kill(self._node)
        return f"broker {self._node}, {role}"

    def end(self, site: Site) -> None:
        site.brokers.start_one(self._node)


class AllKilled(Fault):
    """kill -9 of all of them."""

    name = "all brokers killed"
    hurts = parts("brokers")
    hold_s = (0.5, 4.0)

    def begin(self, site: Site, rng: random.Random) -> str:
        for node in site.brokers.nodes:
            site.brokers.kill(node)
        return ""

    def end(self, site: Site) -> None:
        for node in site.brokers.nodes:
            site.brokers.start_one(node)


class Frozen(Fault):
    """One does nothing for a while, and closes nothing."""

    name = "broker frozen"
    hurts = parts("brokers")
    hold_s = (3.0, 9.0)

    def begin(self, site: Site, rng: random.Random) -> str:
        role = rng.choice(ROLES)
        self._node = _node(site, rng, role)
        site.brokers.freeze(self._node)
        return f"broker {self._node}, {role}"

    def end(self, site: Site) -> None:
        site.brokers.thaw(self._node)


class Rolling(Fault):
    """Each is killed and started in turn, as an upgrade without care does."""

    name = "brokers killed one after the other"
    hurts = parts("brokers")
    hold_s = (12.0, 18.0)
    three = True

    def begin(self, site: Site, rng: random.Random) -> str:
        self._left, self._next = list(site.brokers.nodes), 0.0
        rng.shuffle(self._left)
        return f"brokers {self._left}"

    def tick(self, site: Site, rng: random.Random) -> None:
        if self._left and time.monotonic() >= self._next:
            node = self._left.pop()
            site.brokers.kill(node)
            site.brokers.start_one(node)
            self._next = time.monotonic() + 4.0
