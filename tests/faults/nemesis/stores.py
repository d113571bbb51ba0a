"""State directories that are deleted, damaged, old, or another's: all of it can be made anew."""

import random
import shutil
from pathlib import Path

from tests.faults.nemesis.fault import Fault, a_slot, parts
from tests.faults.site import Site


class Deleted(Fault):
    """The whole directory is gone at the next start."""

    name = "state directory deleted"
    hurts = parts("workers")

    def begin(self, site: Site, rng: random.Random) -> str:
        slot = a_slot(site, rng)
        site.kill_slot(slot)
        site.remove_state(slot)
        return f"slot {slot}"


class Truncated(Fault):
    """Some of its files lose their second half."""

    name = "state directory truncated"
    hurts = parts("workers")

    def begin(self, site: Site, rng: random.Random) -> str:
        slot = a_slot(site, rng)
        site.kill_slot(slot)
        cut = []
        for task in sorted(path for path in site.state_of(slot).glob("*") if path.is_dir()):
            files = sorted(f for f in task.iterdir() if f.stat().st_size and f.name not in ("LOCK", "IDENTITY", "LOG"))
            if files:
                file = rng.choice(files)
                with file.open("r+b") as opened:
                    opened.truncate(file.stat().st_size // 2)
                cut.append(f"{task.name}/{file.name}")
        return f"slot {slot}: {', '.join(cut) or 'nothing there'}"


class Exchanged(Fault):
    """A worker finds the directory of another, as if volumes had been exchanged."""

    name = "state directory taken from another worker"
    hurts = parts("workers")

    def begin(self, site: Site, rng: random.Random) -> str:
        if len(site.wanted) < 2:
            return "only one worker"
        one, other = rng.sample(sorted(site.wanted), 2)
        for slot in (one, other):
            site.kill_slot(slot)
            site.state_of(slot).mkdir(parents=True, exist_ok=True)
        aside = site.state_dir / "aside"
        site.state_of(one).rename(aside)
        site.state_of(other).rename(site.state_of(one))
        aside.rename(site.state_of(other))
        return f"slots {one} and {other}"


class Old(Fault):
    """The directory as it was some seconds ago comes back."""

    name = "state directory restored from a copy"
    hurts = parts("workers")
    hold_s = (4.0, 8.0)

    def begin(self, site: Site, rng: random.Random) -> str:
        self._slot = a_slot(site, rng)
        site.kill_slot(self._slot)
        self._copy = site.directory / "state-copy"
        shutil.rmtree(self._copy, ignore_errors=True)
        _copied(site.state_of(self._slot), self._copy)
        return f"slot {self._slot}"

    def end(self, site: Site) -> None:
        site.kill_slot(self._slot)
        site.remove_state(self._slot)
        _copied(self._copy, site.state_of(self._slot))


def _copied(source: Path, target: Path) -> None:
    if source.exists():
        shutil.copytree(source, target)
