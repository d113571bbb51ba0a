"""Goods that move, and their papers: on time, late, twice, in another order than they happened, or taken back.

What happens, happens to the shelves at its moment; its paper is due at that moment or later. Papers about things of
which some are held back (`Shelves.late`) may stay away until the lists are closed.
"""

import random
from collections.abc import Callable, Iterator
from heapq import heappop, heappush

from tests.faults.checker.history import Expected, Value
from tests.faults.checker.partitions import partition_of
from tests.faults.checker.wire import Wire
from tests.faults.counts.company import LOAD, UNLOAD, WAREHOUSE, Item, Place, shelves_of
from tests.faults.counts.shelves import PIECE, Shelves, Thing
from tests.faults.load import Sent

DAY_MS = 86_400_000
NEW_PIECES_PER_S, GONE_PIECES_PER_S, NEW_LOTS_PER_S = 0.9, 1.2, 0.6
"""Whatever the pace of movements: operators have to keep up with what is new."""
DONE = Expected("done")
Due = tuple[int, int, Item, Value, Expected]
"""When a paper is sent, a number that keeps the order, and the paper."""


class Movers:
    """Moves goods. The same seed moves the same; when it does is for the caller to say."""

    def __init__(
        self, rng: random.Random, shelves: Shelves, partitions: int, per_s: float, late_share: float = 0.12
    ) -> None:
        self._random, self._shelves, self._partitions = rng, shelves, partitions
        self._late_share = late_share
        rare: list[tuple[float, Callable[[int], None]]] = [
            (NEW_PIECES_PER_S, self._piece_comes),
            (GONE_PIECES_PER_S, self._piece_goes),
            (NEW_LOTS_PER_S, self._lot_comes),
        ]
        left = per_s - sum(weight for weight, _ in rare)
        self._kinds = [*rare, (0.95 * left, self._move_goods), (0.05 * left, self._mistake)]
        self._wire = Wire()
        self._due: list[Due] = []
        self._held: list[Due] = []
        self._last_due: dict[Thing, int] = {}
        self._places: list[Place] = []
        self._number = 0
        self.are_held_back = True
        self.held_count = 0

    def fill(self, moment: int, places: int) -> None:
        """The stock that everything begins with, and which things will have papers that are held back."""
        rng, shelves = self._random, self._shelves
        spots = shelves_of("P", "Q", "R", "S")
        wanted = [(item, spot) for item in shelves.items for spot in spots]
        rng.shuffle(wanted)
        count = 0
        for item, spot in sorted(wanted, key=lambda each: each[0].kind == "serial"):
            if item.kind == "serial":
                if rng.random() < 0.35:
                    self._number += 1
                    serials = [f"{item.number}-{self._number}-{n}" for n in range(rng.randint(5, 9))]
                    self._serials(moment, Place(item, spot, None), LOAD, serials)
            elif count < places:
                lots = ["A", "B"] if item.kind == "lot" else [None]
                for lot in lots[: places - count]:
                    count += 1
                    place = Place(item, spot, lot)
                    self._goods(moment, place, rng.randint(200, 400) * PIECE)
                    self._places.append(place)
        self._shelves.late |= {(place, None) for place in self._places if rng.random() < self._late_share}

    def move(self, moment: int) -> None:
        """Something happens now."""
        (made,) = self._random.choices([make for _, make in self._kinds], [weight for weight, _ in self._kinds])
        made(moment)

    # what happens

    def _move_goods(self, moment: int) -> None:
        place = self._random.choice(self._places)
        if (place, None) in self._shelves.still:
            return
        quantity = self._random.randint(1, 20) * PIECE // 4
        down = self._random.random() < 0.5 and self._shelves.goods[place] - quantity >= 60 * PIECE
        self._goods(moment, place, -quantity if down else quantity)

    def _mistake(self, moment: int) -> None:
        """A paper of something that never happened, and, later, one that takes it back."""
        place = self._random.choice(self._places)
        if (place, None) in self._shelves.still:
            return
        quantity = self._random.randint(1, 20) * PIECE // 4
        template = self._random.choice((LOAD, UNLOAD))
        thing: Thing = (place, None)
        value = self._paper(moment, place, template, quantity)
        due = self._when(moment, thing)
        self._send(due, thing, value)
        undone = self._value(moment, place.item, {"action": "reverse", "reverses": value["movement_id"]})
        held = due is None or (thing in self._shelves.late and self.are_held_back and self._random.random() < 0.5)
        self._send(None if held else (due or 0) + self._random.randint(1, 1500), thing, undone)

    def _piece_comes(self, moment: int) -> None:
        place = self._some_pieces()
        if place is None:
            return
        self._number += 1
        serial = f"{place.item.number}-{self._number}"
        late = self._random.random() < self._late_share and place.location not in self._shelves.walked
        if late:
            self._shelves.late.add((place, serial))
            self._shelves.still.add((place, serial))
        self._serials(moment, place, LOAD, [serial])

    def _piece_goes(self, moment: int) -> None:
        place = self._some_pieces()
        if place is None:
            return
        here = [s for s in sorted(self._shelves.pieces[place]) if (place, s) not in self._shelves.still]
        if len(here) < 4:
            return
        serial = self._random.choice(here)
        thing: Thing = (place, serial)
        if self._random.random() < self._late_share * 2 and thing not in self._shelves.read:
            self._shelves.late.add(thing)
            self._shelves.still.add(thing)
        self._serials(moment, place, UNLOAD, [serial])

    def _lot_comes(self, moment: int) -> None:
        """A new lot, wherever the operators are."""
        items = [item for item in self._shelves.items if item.kind == "lot"]
        if not items:
            return
        self._number += 1
        spot = self._random.choice(shelves_of("P", "Q", "R", "S"))
        place = Place(self._random.choice(items), spot, f"new{self._number}")
        if self._random.random() < self._late_share * 2 and spot[0] != "S" and spot not in self._shelves.walked:
            self._shelves.late.add((place, None))
        self._shelves.still.add((place, None))
        self._goods(moment, place, self._random.randint(1, 50) * PIECE)

    def _some_pieces(self) -> Place | None:
        places = list(self._shelves.pieces)
        return self._random.choice(places) if places else None

    def _goods(self, moment: int, place: Place, quantity: int) -> None:
        self._shelves.add(place, quantity)
        thing: Thing = (place, None)
        template = LOAD if quantity > 0 else UNLOAD
        self._send(self._when(moment, thing), thing, self._paper(moment, place, template, abs(quantity)))

    def _serials(self, moment: int, place: Place, template: str, serials: list[str]) -> None:
        """Pieces come or go: papers about one piece keep their order."""
        dues: list[int | None] = []
        for serial in serials:
            (self._shelves.bring if template == LOAD else self._shelves.take)(place, serial)
            dues.append(self._when(moment, (place, serial)))
        value = self._paper(moment, place, template, len(serials) * PIECE, serials)
        due = None if None in dues else max(due for due in dues if due is not None)
        for serial in serials:
            if due is not None:
                due = max(due, self._last_due.get((place, serial), 0))
                self._last_due[place, serial] = due
        self._send(due, (place, serials[0]), value)

    # papers

    def _when(self, moment: int, thing: Thing) -> int | None:
        """When a paper is sent; None: it is held back."""
        draw = self._random.random()
        if thing in self._shelves.late and self.are_held_back and (thing[1] is not None or draw < 0.4):
            return None
        if thing in self._shelves.still and thing in self._shelves.late and self.are_held_back:
            return None
        if draw < 0.7:
            return moment
        return moment + self._random.randint(1, 300 if draw < 0.95 else 3000)

    def _send(self, due: int | None, thing: Thing, value: Value) -> None:
        self._number += 1
        if due is None:
            self.held_count += 1
            self._held.append((0, self._number, thing[0].item, value, DONE))
            return
        heappush(self._due, (due, self._number, thing[0].item, value, DONE))
        if self._random.random() < 0.03:
            self._number += 1
            again = due + self._random.randint(1, 2000)
            heappush(self._due, (again, self._number, thing[0].item, value, Expected("duplicate")))

    def due(self, moment: int | None) -> Iterator[Sent]:
        """The papers that are due by now; None: all but those that are held back."""
        while self._due and (moment is None or self._due[0][0] <= moment):
            _, _, item, value, expected = heappop(self._due)
            key = item.key.encode()
            data = self._wire.encode("movements", "Movement", value)
            yield Sent(key, data, partition_of(key, self._partitions), expected)

    def release(self, moment: int, within_ms: int) -> None:
        """What was held back comes, in any order but that a mistake comes before what takes it back."""
        self.are_held_back = False
        due = {value["movement_id"]: at for at, _, _, value, _ in self._due}
        for _, number, item, value, expected in self._held:
            at = moment + self._random.randint(0, within_ms)
            at = max(at, due.get(value.get("reverses") or "", 0))
            due[value["movement_id"]] = at
            heappush(self._due, (at, number, item, value, expected))
        self._held.clear()

    def _paper(
        self, moment: int, place: Place, template: str, quantity: int, serials: list[str] | None = None
    ) -> Value:
        values: Value = {
            "template": template,
            "quantity": quantity,
            "location": place.location,
            "occurred_at": moment,
            "serials": serials or [],
        }
        if place.lot is not None:
            values["lots"] = [{"lot_code": place.lot, "quantity": quantity}]
        return self._value(moment, place.item, values)

    def _value(self, moment: int, item: Item, values: Value) -> Value:
        self._number += 1
        return {
            "movement_id": f"M-{self._number}",
            "action": "post",
            "warehouse": WAREHOUSE if "template" in values else None,
            "item_class": item.item_class,
            "item_code": item.item_code,
            "effective_date": moment // DAY_MS,
            **values,
        }
