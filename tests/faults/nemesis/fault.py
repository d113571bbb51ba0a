"""What a fault is: something that begins, lasts, and ends, at a site."""

import random
from typing import ClassVar

from tests.faults.site import Site


class Fault:
    """One fault. `begin` says what it does, for the history; `end` mends what does not mend itself.

    hurts: parts of the site that it has for itself while it lasts; faults that hurt different parts go together.
    hold_s: how long it lasts, drawn between the two.
    """

    name: ClassVar[str]
    hurts: ClassVar[frozenset[str]]
    hold_s: ClassVar[tuple[float, float]] = (1.0, 4.0)
    three: ClassVar[bool] = False
    """Whether it needs three brokers."""

    def missing(self, site: Site) -> str:
        """Why it cannot be done here; empty where it can."""
        return "it needs three brokers" if self.three and not site.has_three else ""

    def begin(self, site: Site, rng: random.Random) -> str:
        raise NotImplementedError

    def has_struck(self, site: Site) -> bool:
        """Whether what it has set up has come about; only then does the time begin that it lasts."""
        return True

    def tick(self, site: Site, rng: random.Random) -> None:
        """Called about ten times a second while it lasts."""

    def end(self, site: Site) -> None:
        """Mend it; called once, also when the run is broken off."""


def parts(*names: str) -> frozenset[str]:
    return frozenset(names)


def a_slot(site: Site, rng: random.Random) -> int:
    """One of the slots that are to run."""
    return rng.choice(sorted(site.wanted))
