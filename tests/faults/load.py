"""A load generator with a known truth: the same seed gives the same movements, and with each what must come of it.

Movements of an item lie in one partition and are decided in order, so what each finds is known when it is invented.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.faults import company
from tests.faults.checker.history import Expected, Value
from tests.faults.checker.partitions import partition_of
from tests.faults.checker.wire import Wire
from tests.faults.company import ADD, LOAD, UNLOAD, WAREHOUSE, ItemName, Scope
from tests.faults.truth import PIECE, Truth, Undoable

EFFECTIVE_DATE = 20_700
"""A day number: all movements have it, so that lots are withdrawn by code."""
REMEMBERED = 20
"""Movements of an item that may come again."""
HUGE = 10**17
Kept = list[tuple[Value, Expected]]


@dataclass(frozen=True, slots=True)
class Sent:
    """One record for `movements`, and what must come of it; None where that depends on other items."""

    key: bytes | None
    value: bytes | None
    partition: int
    expected: Expected | None


class Load:
    """Inventor of movements. `lot_scope`: whether lot codes are unique in their item or across the company."""

    def __init__(self, seed: int, partitions: int, lot_scope: Scope = "item", items: int = 400) -> None:
        self._random = random.Random(seed)
        self._partitions = partitions
        self._wire = Wire()
        self.lot_scope: Scope = lot_scope
        self.items = company.items(items, lot_scope)
        self._truth = {name: Truth(name, lot_scope) for name in self.items}
        self._done: dict[ItemName, Kept] = {name: [] for name in self.items}
        self._loads: dict[ItemName, Kept] = {name: [] for name in self.items}
        """Loads that may be undone, with their answers."""
        self._number = 0

    def master_data(self) -> Iterator[tuple[bytes, bytes]]:
        """Key and value of the master data."""
        for record, key, value in company.master_data(self.items, self.lot_scope):
            yield key.encode(), self._wire.encode("master-data", record, value)

    def movements(self, count: int) -> Iterator[Sent]:
        """The next `count` records, mixed."""
        kinds: list[tuple[int, Callable[[ItemName], Sent]]] = [
            (48, self._load),
            (27, self._unload),
            (6, self._again),
            (3, self._reused),
            (9, self._refused),
            (4, self._poison),
            (2, self._misplaced),
            (1, self._named_load),
            (5, self._reverse),
        ]
        chosen = self._random.choices([make for _, make in kinds], [weight for weight, _ in kinds], k=count)
        for make in chosen:
            yield make(self._random.choice(self.items))

    # what is done

    def _load(self, name: ItemName) -> Sent:
        truth, rng = self._truth[name], self._random
        if rng.random() < 0.15:
            return self._named_load(name)
        if name.serials:
            pieces = rng.randint(1, 4)
            lot = truth.generate_lot() if name.lots and truth.knows_lots else ""
            serials = truth.generate_serials(lot, pieces) if truth.knows_serials else None
            lots = (lot,) if lot else None if name.lots else ()
            if lot:
                truth.lots[lot] = pieces * PIECE
            truth.stock += pieces * PIECE
            places = tuple((lot, code) for code in serials or ())
            brought = Undoable(pieces * PIECE, (lot,) if lot else (), places) if name.kind != "both" else None
            return self._done_by(name, {"template": LOAD, "quantity": pieces * PIECE}, lots, serials, brought)
        if not name.lots:
            quantity = rng.randint(1, 100) * PIECE // 4
            truth.stock += quantity
            values = {"template": LOAD, "quantity": quantity}
            return self._done_by(name, values, (), (), Undoable(quantity, (), ()))
        parts = [rng.randint(1, 40) * PIECE // 4 for _ in range(rng.choice((1, 1, 1, 2, 3)))]
        codes = tuple(truth.generate_lot() for _ in parts) if truth.knows_lots else None
        truth.stock += sum(parts)
        truth.lots.update(zip(codes or (), parts, strict=False))
        lots_value = [{"lot_code": None, "quantity": part} for part in parts] if len(parts) > 1 else []
        values = {"template": LOAD, "quantity": sum(parts), "lots": lots_value}
        brought = None if codes is None else Undoable(sum(parts), codes, ())
        return self._done_by(name, values, codes, (), brought)

    def _named_load(self, name: ItemName) -> Sent:
        """A code typed by hand, from the middle of what will be generated next."""
        truth, rng = self._truth[name], self._random
        if name.kind == "clash":
            # Somewhere in the company's range, where others generate: whether it is free is for the ledger to say.
            code = name.lot_code(rng.randint(0, 3000))
            lots: list[Value] = [{"lot_code": code, "quantity": PIECE}]
            return self._send(name, self._movement(name, {"template": LOAD, "quantity": PIECE, "lots": lots}), None)
        if name.lots:
            code = name.lot_code(truth.next_lot + rng.randint(0, 4)) if truth.knows_lots else f"T{self._number}"
            template = ADD if code in truth.lots else LOAD
            quantity = rng.randint(1, 3) * PIECE
            serials = tuple(f"{code}/{self._number}/{n}" for n in range(quantity // PIECE)) if name.serials else ()
            truth.lots[code] = truth.lots.get(code, 0) + quantity
            truth.serials.update(((code, serial), True) for serial in serials)
            truth.stock += quantity
            truth.moved([code])
            lots = [{"lot_code": code, "quantity": quantity, "serials": list(serials)}]
            return self._done_by(name, {"template": template, "quantity": quantity, "lots": lots}, (code,), serials)
        if name.serials:
            known = truth.knows_serials
            code = name.serial_code(truth.next_serial + rng.randint(0, 6)) if known else f"T{self._number}"
            if truth.serials.get(("", code)) is not None:
                code = f"T{self._number}"
            made = truth.generate_serials("", 1, (code,)) if known else None
            truth.serials["", code] = True
            truth.stock += 2 * PIECE
            values = {"template": LOAD, "quantity": 2 * PIECE, "serials": [code]}
            return self._done_by(name, values, (), None if made is None else (code, *made))
        truth.stock += PIECE
        return self._done_by(name, {"template": LOAD, "quantity": PIECE}, (), ())

    def _unload(self, name: ItemName) -> Sent:
        truth, rng = self._truth[name], self._random
        if name.serials:
            there = truth.in_stock()
            if not there:
                return self._load(name)
            lot, serial = rng.choice(there)
            truth.serials[lot, serial] = False
            truth.stock -= PIECE
            truth.moved([lot] if lot else [], [(lot, serial)])
            values: Value = {"template": UNLOAD, "quantity": PIECE}
            if lot:
                truth.lots[lot] -= PIECE
                values["lots"] = [{"lot_code": lot, "quantity": PIECE, "serials": [serial]}]
            else:
                values["serials"] = [serial]
            return self._done_by(name, values, (lot,) if lot else (), (serial,))
        if name.lots and not truth.knows_lots:
            named = [lot for lot, stock in truth.lots.items() if stock >= PIECE]
            if not named:
                return self._named_load(name)
            lot = rng.choice(named)
            truth.lots[lot] -= PIECE
            truth.stock -= PIECE
            truth.moved([lot])
            values = {"template": UNLOAD, "quantity": PIECE, "lots": [{"lot_code": lot, "quantity": PIECE}]}
            return self._done_by(name, values, (lot,), ())
        there_all = sum(truth.lots.values()) if name.lots else truth.stock
        if there_all < PIECE // 4:
            return self._load(name)
        quantity = rng.randint(1, min(60, there_all * 4 // PIECE)) * PIECE // 4
        truth.stock -= quantity
        if not name.lots:
            truth.moved((), loose=True)
            return self._done_by(name, {"template": UNLOAD, "quantity": quantity}, (), ())
        taken = truth.fifo(quantity)
        truth.moved(taken)
        for lot, part in taken.items():
            truth.lots[lot] -= part
        return self._done_by(name, {"template": UNLOAD, "quantity": quantity}, tuple(taken), ())

    def _reverse(self, name: ItemName) -> Sent:
        """A load is undone, with its codes; or it has been already."""
        truth = self._truth[name]
        movement = self._random.choice(list(truth.undoable)) if truth.undoable else None
        if movement is None:
            return self._load(name)
        value, first = next((v, e) for v, e in self._loads[name] if v["movement_id"] == movement)
        undone = self._movement(name, {"action": "reverse", "reverses": movement, "warehouse": None})
        truth.undo(movement)
        self._loads[name] = [kept for kept in self._loads[name] if kept[0] is not value]
        expected = Expected("done", None, first.lots, first.serials)
        self._keep(name, undone, expected)
        return self._send(name, undone, expected)

    # what is not

    def _again(self, name: ItemName) -> Sent:
        if not self._done[name]:
            return self._load(name)
        value, first = self._random.choice(self._done[name])
        return self._send(name, value, Expected("duplicate", None, first.lots, first.serials))

    def _reused(self, name: ItemName) -> Sent:
        if not self._done[name]:
            return self._load(name)
        value, _ = self._random.choice(self._done[name])
        return self._send(name, {**value, "notes": "changed"}, Expected("refused", "movement-id-reused", (), ()))

    def _refused(self, name: ItemName) -> Sent:
        """Something that the rules do not let pass."""
        truth = self._truth[name]
        plain: Value = {"template": LOAD, "quantity": PIECE}
        faults: list[tuple[str, Value]] = [
            ("template-unknown", {**plain, "template": "?"}),
            ("warehouse-unknown", {**plain, "warehouse": "nowhere"}),
            ("quantity-not-positive", {**plain, "quantity": -PIECE}),
            ("quantity-not-positive", {**plain, "quantity": 0}),
            ("unit-unknown", {**plain, "unit": "barrel"}),
            ("variant-unknown", {**plain, "variant": "red"}),
            ("account-unknown", {**plain, "account": "nobody"}),
            ("item-unknown", {**plain, "item_code": "ghost"}),
        ]
        if name.serials and not name.lots:
            faults.append(("serial-count-differs", {**plain, "template": UNLOAD, "quantity": 2 * PIECE}))
            faults.append(("serial-repeated", {**plain, "quantity": 2 * PIECE, "serials": ["twin", "twin"]}))
            code = "serial-not-in-stock" if truth.stock >= PIECE else "stock-insufficient"
            faults.append((code, {**plain, "template": UNLOAD, "serials": ["never"]}))
            there = truth.in_stock()
            if there:
                faults.append(("serial-in-stock", {**plain, "serials": [self._random.choice(there)[1]]}))
        if name.lots and not name.serials:
            lot = [{"lot_code": "never", "quantity": PIECE}]
            faults.append(("lot-unknown", {**plain, "template": UNLOAD, "lots": lot}))
            faults.append(("lot-quantities-differ", {**plain, "quantity": 2 * PIECE, "lots": lot}))
            if truth.lots:
                code = self._random.choice(list(truth.lots))
                faults.append(("lot-exists", {**plain, "lots": [{"lot_code": code, "quantity": PIECE}]}))
                lot = [{"lot_code": code, "quantity": HUGE}]
                faults.append(("stock-insufficient", {"template": UNLOAD, "quantity": HUGE, "lots": lot}))
        if name.kind == "plain":
            faults.append(("stock-insufficient", {"template": UNLOAD, "quantity": HUGE}))
            faults.append(("lot-not-managed", {**plain, "lots": [{"lot_code": "x", "quantity": PIECE}]}))
        code, values = self._random.choice(faults)
        value = self._movement(name, values)
        key = f"{value['item_class']}|{value['item_code']}".encode()
        return Sent(key, self._encode(value), self._partition(key), Expected("refused", code, (), ()))

    def _poison(self, name: ItemName) -> Sent:
        """Bytes that are no movement; half of them under a key that is none either."""
        good = self._encode(self._movement(name, {"template": LOAD, "quantity": PIECE}))
        bad: list[bytes | None] = [
            good[: self._random.randint(1, len(good) - 1)],
            b"\1" + good[1:],
            b"\0\xff\xff\xff\xff" + good[5:],
            good + b"more",
            b"",
            None,
            self._random.randbytes(self._random.randint(1, 60)),
        ]
        key = self._random.choice((None, name.key.encode(), name.key.encode(), b"\xff|"))
        partition = self._random.randrange(self._partitions) if key is None else self._partition(key)
        return Sent(key, self._random.choice(bad), partition, Expected("unreadable", "message-undecodable"))

    def _misplaced(self, name: ItemName) -> Sent:
        """A good movement under a foreign key, or in a partition where it does not belong."""
        value = self._encode(self._movement(name, {"template": LOAD, "quantity": PIECE}))
        key = self._random.choice((None, b"another|item", name.key.encode()))
        if key == name.key.encode():
            partition = (self._partition(key) + 1) % self._partitions
        else:
            partition = self._random.randrange(self._partitions)
        return Sent(key, value, partition, Expected("unreadable", "key-mismatch"))

    # records

    def _movement(self, name: ItemName, values: Value) -> Value:
        self._number += 1
        return {
            "movement_id": f"M-{self._number}",
            "action": "post",
            "warehouse": WAREHOUSE,
            "item_class": name.item_class,
            "item_code": name.item_code,
            "effective_date": EFFECTIVE_DATE,
            **values,
        }

    def _done_by(
        self,
        name: ItemName,
        values: Value,
        lots: tuple[str, ...] | None,
        serials: tuple[str, ...] | None,
        brought: Undoable | None = None,
    ) -> Sent:
        value, expected = self._movement(name, values), Expected("done", None, lots, serials)
        self._keep(name, value, expected)
        if brought is not None:
            undoable = self._truth[name].undoable
            undoable[value["movement_id"]] = brought
            self._loads[name].append((value, expected))
            if len(undoable) > REMEMBERED:
                del undoable[next(iter(undoable))]
            self._loads[name] = [kept for kept in self._loads[name] if kept[0]["movement_id"] in undoable]
        return self._send(name, value, expected)

    def _keep(self, name: ItemName, value: Value, expected: Expected) -> None:
        kept = self._done[name]
        kept.append((value, expected))
        del kept[:-REMEMBERED]

    def _send(self, name: ItemName, value: Value, expected: Expected | None) -> Sent:
        key = name.key.encode()
        return Sent(key, self._encode(value), self._partition(key), expected)

    def _encode(self, value: Value) -> bytes:
        return self._wire.encode("movements", "Movement", value)

    def _partition(self, key: bytes) -> int:
        return partition_of(key, self._partitions)
