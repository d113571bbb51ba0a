"""The clock of a worker goes wrong: steps of an hour, forwards and back, while it runs."""

import random
import time

from tests.faults.clocked_worker import CLOCK_FILE, MODULE
from tests.faults.nemesis.fault import Fault, a_slot, parts
from tests.faults.site import Site

HOUR_S = 3600


class ClockSteps(Fault):
    """A worker's wall clock jumps; the machine's does not."""

    name = "clock stepped by an hour"
    hurts = parts("workers")
    hold_s = (6.0, 10.0)

    def begin(self, site: Site, rng: random.Random) -> str:
        self._slot = a_slot(site, rng)
        self._file = site.directory / f"clock-{self._slot}"
        self._steps = [HOUR_S, -HOUR_S] if rng.random() < 0.5 else [-HOUR_S, HOUR_S]
        self._file.write_text("0")
        self._next = time.monotonic() + 2.0
        site.stop_slot(self._slot)
        site.start(self._slot, module=MODULE, **{CLOCK_FILE: str(self._file)})
        return f"slot {self._slot}: {', '.join(f'{step:+d} s' for step in self._steps)}"

    def tick(self, site: Site, rng: random.Random) -> None:
        if self._steps and time.monotonic() >= self._next:
            self._file.write_text(str(self._steps.pop(0)))
            self._next = time.monotonic() + 2.0

    def end(self, site: Site) -> None:
        # Killed in the wrong hour: what it has noted of its time stays.
        site.kill_slot(self._slot)
