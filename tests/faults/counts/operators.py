"""Who counts: an operator walks the shelves of a list and reads what stands there at that moment, and how.

With each read goes what must come of it: reads of one inventory lie in one partition, so what each finds is known.
"""

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from tests.faults.checker.history import Value
from tests.faults.checker.wire import Wire
from tests.faults.counts.company import UNKNOWN_BARCODE, WAREHOUSE
from tests.faults.counts.shelves import PIECE, Shelves, Thing

INVENTORY = "I-1"
HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Answer:
    """What must come of a read. `again_of`: the scan whose answer is given once more."""

    status: str
    code: str | None = None
    again_of: str | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """A record for `scans`; `moment` is its time."""

    value: bytes
    moment: int
    scan_id: str
    answer: Answer


@dataclass(slots=True)
class Line:
    """A counted thing as the lists must hold it in the end."""

    list: str
    counted: int


@dataclass(slots=True)
class Book:
    """What all operators have written: thing → its line, over all lists of the inventory; and all reads' answers."""

    lines: dict[Thing, Line] = field(default_factory=dict)
    reads: int = 0


Step = Callable[[int], list[Read]]


class Walk:
    """The count of one list: `operators` one after the other, each with a device, over the list's shelves."""

    def __init__(
        self, rng: random.Random, shelves: Shelves, book: Book, list_: str, walk: list[str], operators: list[str],
        zero: bool,
    ) -> None:  # fmt: skip
        self._random, self._shelves, self._book = rng, shelves, book
        self.list, self.operators = list_, deque(operators)
        self._walk, self._half, self._zero = deque(walk), len(walk) // 2, zero
        self._wire = Wire()
        self._done: set[Thing] = set()
        self._parts: list[Thing] = []
        """Things of which a part is counted, and the rest is to be added."""
        self._steps: deque[Step] = deque()
        self._twice: deque[Read] = deque()
        self.operator = self.operators.popleft()
        self.is_over = False
        self._number = 0

    @property
    def wants_relief(self) -> bool:
        """Half of the shelves are counted, and somebody else can go on."""
        return bool(self.operators) and len(self._walk) <= self._half and not self._steps

    def relieve(self) -> None:
        self.operator = self.operators.popleft()

    def read(self, moment: int) -> list[Read]:
        """The next read, now; none where the walk is over."""
        if self._twice and self._random.random() < 0.3:
            sent = self._twice.popleft()
            return [Read(sent.value, moment, sent.scan_id, Answer(sent.answer.status, None, sent.scan_id))]
        if not self._steps:
            self._choose()
        if not self._steps:
            self.is_over = True
            return []
        reads = self._steps.popleft()(moment)
        for each in reads:
            if each.answer.status != "refused" and self._random.random() < 0.04:
                self._twice.append(each)
        return reads

    # what next

    def _choose(self) -> None:
        while self._walk:
            shelf = self._walk[0]
            self._shelves.walked.add(shelf)
            here = [thing for thing in self._shelves.on(shelf) if thing not in self._done]
            if self._zero:
                here = [thing for thing in here if self._shelves.stands(thing)]
            if here:
                self._plan(self._random.choice(here))
                return
            if self._parts:
                self._steps.append(partial(self._rest, thing=self._parts.pop()))
                return
            self._walk.popleft()

    def _plan(self, thing: Thing) -> None:
        self._done.add(thing)
        draw, steps = self._random.random(), self._steps
        if draw < 0.04:
            steps.append(self._noise)
        if draw < 0.25:
            fields = self._fields(thing)
            codes = [f"Loc-{WAREHOUSE}-{fields['location']}", f"Item-{fields['item_class']}-{fields['item_code']}"]
            codes += [f"Lot-{fields['lot']}"] if "lot" in fields else []
            codes += [f"SN-{fields['serial']}"] if "serial" in fields else []
            for code in codes:
                steps.append(lambda moment, code=code: [self._scan(moment, "read", {"barcode": code})])  # type: ignore[misc]
            steps.append(lambda moment: self._confirm(moment, thing, {}))
        elif draw < 0.35 and thing[1] is None and thing not in self._book.lines:
            steps.append(lambda moment: self._part(moment, thing))
        else:
            steps.append(lambda moment: self._confirm(moment, thing, self._fields(thing)))
            if draw > 0.95 and thing[1] is None:
                steps.append(lambda moment: self._confirm(moment, thing, self._fields(thing), "replace"))

    # reads

    def _confirm(self, moment: int, thing: Thing, fields: Value, answer: str | None = None) -> list[Read]:
        """Count a thing as it stands now. One that has gone since it was chosen is let go."""
        quantity, known = self._shelves.stands(thing), self._book.lines.get(thing)
        if thing[1] is not None:
            if not quantity:
                return [self._scan(moment, "cancel", {})]
            if known is not None:
                return [self._scan(moment, "confirm", fields, Answer("refused", "serial-already-counted"))]
            self._write(thing, quantity)
            return [self._scan(moment, "confirm", fields, Answer("accepted"))]
        fields = {**fields, "quantity": quantity}
        if known is None:
            self._write(thing, quantity)
        elif answer is not None:
            known.counted = quantity
            fields["answer"] = answer
        else:
            asked = self._scan(moment, "confirm", fields, Answer("ask", "ask-add-or-replace"))
            if self._random.random() < 0.8:
                self._steps.appendleft(lambda later: self._answer(later, asked.scan_id, thing, quantity))
            return [asked]
        return [self._scan(moment, "confirm", fields, Answer("accepted"))]

    def _answer(self, moment: int, asked: str, thing: Thing, quantity: int) -> list[Read]:
        self._book.lines[thing].counted = quantity
        return [self._scan(moment, "answer", {"answer": "replace", "answers": asked}, Answer("accepted"))]

    def _part(self, moment: int, thing: Thing) -> list[Read]:
        """The first part of a place; where somebody else was first, all of it."""
        if thing in self._book.lines:
            return self._confirm(moment, thing, self._fields(thing))
        quantity = self._shelves.stands(thing) * self._random.randint(1, 3) // 4 // PIECE * PIECE
        self._write(thing, quantity)
        self._parts.append(thing)
        return [self._scan(moment, "confirm", {**self._fields(thing), "quantity": quantity}, Answer("accepted"))]

    def _rest(self, moment: int, thing: Thing) -> list[Read]:
        """What stands there beside the part that was counted; where goods have left, all of it anew."""
        line = self._book.lines[thing]
        rest = self._shelves.stands(thing) - line.counted
        if rest < 0:
            return self._confirm(moment, thing, self._fields(thing), "replace")
        line.counted += rest
        fields = {**self._fields(thing), "quantity": rest, "answer": "add"}
        return [self._scan(moment, "confirm", fields, Answer("accepted"))]

    def _noise(self, moment: int) -> list[Read]:
        """A read that changes nothing."""
        what: list[tuple[Value, str]] = [
            ({"barcode": UNKNOWN_BARCODE}, "barcode-unknown"),
            ({"location": "nowhere"}, "location-unknown"),
            ({"item_class": "PLN", "item_code": "ghost"}, "item-unknown"),
            ({"operator": "somebody", "barcode": "SN-1"}, "not-the-operator"),
        ]
        fields, code = self._random.choice(what)
        return [self._scan(moment, "read", fields, Answer("refused", code))]

    def _write(self, thing: Thing, quantity: int) -> None:
        self._book.lines[thing] = Line(self.list, quantity)
        self._shelves.read.add(thing)

    def _fields(self, thing: Thing) -> Value:
        place, serial = thing
        fields: Value = {
            "item_class": place.item.item_class,
            "item_code": place.item.item_code,
            "location": place.location,
        }
        if place.lot is not None:
            fields["lot"] = place.lot
        if serial is not None:
            fields["serial"] = serial
        return fields

    def _scan(self, moment: int, action: str, fields: Value, answer: Answer | None = None) -> Read:
        """`sent_at` tells the device's clock: that of one is an hour off."""
        self._number += 1
        self._book.reads += 1
        scan_id = f"{self.list}-{self._number}"
        clock = moment - (HOUR_MS if self.operator == "carl" else 0)
        value: Value = {
            "scan_id": scan_id,
            "inventory": INVENTORY,
            "list": self.list,
            "operator": self.operator,
            "device": f"of {self.operator}",
            "scanned_at": clock,
            "sent_at": clock,
            "action": action,
            **fields,
        }
        return Read(self._wire.encode("scans", "Scan", value), moment, scan_id, answer or Answer("noted"))
