"""What really stands where, and what was planted: goods that went or came without a paper."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.faults.counts.company import Item, Place, shelves_of

PIECE = 1_000_000
Thing = tuple[Place, str | None]
"""Goods of a place; or one piece of it, by its serial."""


@dataclass(slots=True)
class Shelves:
    """The shelves as they are at the moment that was played last.

    `goods`: place → quantity, of goods without serials; `pieces`: place → serials that stand there. `planted`: what
    stands there beyond the papers, by thing, in millionths. `still`: places where nothing moves by paper any more.
    `read`: things that were counted: nothing is planted there any more. `late`: things about which papers are held back
    until the lists are closed.
    """

    items: list[Item]
    goods: dict[Place, int] = field(default_factory=dict)
    pieces: dict[Place, set[str]] = field(default_factory=lambda: defaultdict(set))
    planted: Counter[Thing] = field(default_factory=Counter)
    still: set[Thing] = field(default_factory=set)
    read: set[Thing] = field(default_factory=set)
    late: set[Thing] = field(default_factory=set)
    by_shelf: dict[str, list[Place]] = field(default_factory=lambda: defaultdict(list))
    walked: set[str] = field(default_factory=set)
    """Shelves that an operator is at or past: nothing that has to be found is planted there any more."""

    def add(self, place: Place, quantity: int) -> None:
        """Goods without serials come or go."""
        if place not in self.goods:
            self.by_shelf[place.location].append(place)
        self.goods[place] = self.goods.get(place, 0) + quantity
        assert self.goods[place] >= 0, "no shelf holds less than nothing"

    def bring(self, place: Place, serial: str) -> None:
        if place not in self.pieces:
            self.by_shelf[place.location].append(place)
        self.pieces[place].add(serial)

    def take(self, place: Place, serial: str) -> None:
        self.pieces[place].remove(serial)

    def stands(self, thing: Thing) -> int:
        """How much of a thing is there, in millionths."""
        place, serial = thing
        if serial is not None:
            return PIECE if serial in self.pieces.get(place, ()) else 0
        if place.item.kind == "serial":
            return len(self.pieces.get(place, ())) * PIECE
        return self.goods.get(place, 0)

    def on(self, shelf: str) -> Iterator[Thing]:
        """What somebody who stands before a shelf can read, empty places with their label too."""
        for place in self.by_shelf[shelf]:
            if place.item.kind == "serial":
                yield from ((place, serial) for serial in sorted(self.pieces[place]))
            else:
                yield (place, None)

    def plant(self, thing: Thing, quantity: int) -> None:
        """Goods go (negative) or come without a paper."""
        place, serial = thing
        assert thing not in self.read, "what was counted is counted"
        if serial is None:
            self.add(place, quantity)
        elif quantity > 0:
            self.bring(place, serial)
        else:
            self.take(place, serial)
        self.planted[thing] += quantity


class Planter:
    """Plants losses, finds and misplaced pieces. `zones`: where it may."""

    def __init__(self, rng: random.Random, shelves: Shelves) -> None:
        self._random, self._shelves = rng, shelves
        self._number = 0
        self.whole: int = 0
        """Places of the zone that counts as zero which were emptied."""

    def plant(self, zero_zone: str, before_opening: bool) -> bool:
        """One difference more; False where none could be planted this time."""
        kinds = [self._loss, self._find, self._missing, self._misplaced, self._stranger, self._unknown_lot]
        if before_opening:
            return self._emptied(zero_zone) if self._random.random() < 0.2 else self._random.choice(kinds)()
        return self._random.choice(kinds)()

    def _place(self, *kinds: str) -> Place | None:
        """A place without serials that nobody has read yet."""
        all_places = list(self._shelves.goods)
        for _ in range(20):
            place = self._random.choice(all_places)
            thing: Thing = (place, None)
            known = self._shelves.read | self._shelves.still
            if place.item.kind in kinds and thing not in known and not self._shelves.planted[thing]:
                return place
        return None

    def _loss(self) -> bool:
        place = self._place("plain", "lot")
        if place is None or self._shelves.goods[place] < 40 * PIECE:
            return False
        self._shelves.plant((place, None), -self._random.randint(1, 30) * PIECE // 4)
        return True

    def _find(self) -> bool:
        place = self._place("plain", "lot")
        if place is None:
            return False
        self._shelves.plant((place, None), self._random.randint(1, 30) * PIECE // 4)
        return True

    def _emptied(self, zone: str) -> bool:
        """All of it is gone and nobody will read it: only the list's type finds that."""
        places = [p for p in self._shelves.goods if p.location.startswith(zone) and not self._shelves.planted[p, None]]
        places = [p for p in places if (p, None) not in self._shelves.late | self._shelves.still]
        if not places:
            return False
        place = self._random.choice(places)
        self._shelves.plant((place, None), -self._shelves.goods[place])
        self._shelves.still.add((place, None))
        self.whole += 1
        return True

    def _piece(self) -> Thing | None:
        """A piece that nobody has read, on a shelf where others of its item stay and no read of it is behind us."""
        shelves = self._shelves
        for _ in range(20):
            place = self._random.choice(list(shelves.pieces))
            here = sorted(shelves.pieces[place])
            if len(here) < 4 or any((place, serial) in shelves.read for serial in here):
                continue
            serial = self._random.choice(here)
            if (place, serial) not in shelves.late and not shelves.planted[place, serial]:
                return (place, serial)
        return None

    def _missing(self) -> bool:
        thing = self._piece()
        if thing is None:
            return False
        self._shelves.plant(thing, -PIECE)
        self._shelves.still.add(thing)
        return True

    def _misplaced(self) -> bool:
        """A piece stands on another shelf than where it is registered."""
        thing = self._piece()
        if thing is None:
            return False
        place, serial = thing
        others = [s for s in shelves_of("P", "R", "S") if s != place.location and not self._was_walked(s)]
        if not others or serial is None:
            return False
        self._shelves.plant(thing, -PIECE)
        there: Thing = (Place(place.item, self._random.choice(others), None), serial)
        self._shelves.plant(there, PIECE)
        self._shelves.still |= {thing, there}
        return True

    def _stranger(self) -> bool:
        """A piece that nobody has ever heard of."""
        shelves = [s for s in shelves_of("P", "R", "S") if not self._was_walked(s)]
        items = [item for item in self._shelves.items if item.kind == "serial"]
        if not shelves or not items:
            return False
        self._number += 1
        place = Place(self._random.choice(items), self._random.choice(shelves), None)
        thing: Thing = (place, f"stranger{self._number}")
        self._shelves.plant(thing, PIECE)
        self._shelves.still.add(thing)
        return True

    def _unknown_lot(self) -> bool:
        """A lot that nobody has ever heard of."""
        shelves = [s for s in shelves_of("P", "R", "S") if not self._was_walked(s)]
        items = [item for item in self._shelves.items if item.kind == "lot"]
        if not shelves or not items:
            return False
        self._number += 1
        place = Place(self._random.choice(items), self._random.choice(shelves), f"unknown{self._number}")
        self._shelves.plant((place, None), self._random.randint(1, 40) * PIECE)
        self._shelves.still.add((place, None))
        return True

    def _was_walked(self, shelf: str) -> bool:
        """Whether an operator may be past this shelf."""
        return shelf in self._shelves.walked
