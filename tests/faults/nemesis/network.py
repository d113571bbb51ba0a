"""The network between two parts: cut, held up, slow, half open."""

import random
from typing import ClassVar

from tests.faults.links import Link
from tests.faults.nemesis.fault import Fault, a_slot, parts
from tests.faults.proxy import Mode
from tests.faults.site import Site

WAYS: tuple[Mode, ...] = ("cut", "stalled", "half-open", "answers-lost")


class _Between(Fault):
    """Some links in one of the ways, or slow."""

    hold_s = (2.0, 9.0)
    delays_s: ClassVar[tuple[float, float]] = (0.05, 0.4)

    def __init__(self, way: Mode | None = None) -> None:
        self._way = way
        self._links: list[tuple[Link, str]] = []

    def links(self, site: Site, rng: random.Random) -> tuple[str, list[tuple[Link, str]]]:
        """What is hurt, in words, and its links, each with the source that it is hurt for (empty: for all)."""
        raise NotImplementedError

    def begin(self, site: Site, rng: random.Random) -> str:
        what, self._links = self.links(site, rng)
        if self._way is None and rng.random() < 0.25:
            delay = rng.uniform(*self.delays_s)
            for link, _ in self._links:
                link.slow_down(delay)
            return f"{what}: {delay * 1000:.0f} ms later"
        way: Mode = rng.choice(WAYS) if self._way is None else self._way
        for link, source in self._links:
            link.set(way, source)
        return f"{what}: {way}"

    def end(self, site: Site) -> None:
        for link, source in self._links:
            link.slow_down(0)
            link.set("pass", source)


class WorkerAndBrokers(_Between):
    """One worker and one broker, or all of them."""

    name = "network between worker and brokers"
    hurts = parts("network-brokers")

    def links(self, site: Site, rng: random.Random) -> tuple[str, list[tuple[Link, str]]]:
        slot = a_slot(site, rng)
        links = site.links_of(slot)
        if rng.random() < 0.5:
            links = [rng.choice(links)]
        return ", ".join(link.name for link in links), [(link, "") for link in links]


class WorkerAndRedis(_Between):
    """One worker and Redis, or all of them."""

    name = "network between worker and redis"
    hurts = parts("network-redis")

    def links(self, site: Site, rng: random.Random) -> tuple[str, list[tuple[Link, str]]]:
        slots = sorted(site.wanted) if rng.random() < 0.3 else [a_slot(site, rng)]
        links = [site.redises.links[slot] for slot in slots]
        return ", ".join(link.name for link in links), [(link, "") for link in links]


class BetweenBrokers(_Between):
    """One broker and the others: from all sides, from one, or only what comes to it."""

    name = "network between brokers"
    hurts = parts("brokers")
    three = True

    def links(self, site: Site, rng: random.Random) -> tuple[str, list[tuple[Link, str]]]:
        node = rng.choice(site.brokers.nodes)
        others = [other for other in site.brokers.nodes if other != node]
        to_it = [(link, "") for link in site.links_among(node)]
        from_it = [(link, str(node)) for other in others for link in site.links_among(other)]
        match rng.choice(("alone", "to it", "two of them")):
            case "alone":
                return f"broker {node} and the others", to_it + from_it
            case "to it":
                return f"the others to broker {node}", to_it
            case _:
                other = rng.choice(others)
                both = [(link, str(other)) for link in site.links_among(node)]
                both += [(link, str(node)) for link in site.links_among(other)]
                return f"brokers {node} and {other}", both
