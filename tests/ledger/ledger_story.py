"""A small company and its ledger, told message by message: builders with valid defaults."""

from dataclasses import replace
from typing import Any

from processors.contract.codec import Codec, EncodeError
from processors.contract.schema_ids import LockedIds
from processors.domain import keys, quantity
from processors.domain.calendar import parse_day, parse_time
from processors.domain.decision import Decision
from processors.domain.events import Reply
from processors.domain.master import (
    Account,
    AlternativeUnit,
    CodePart,
    CodeType,
    Company,
    Item,
    Location,
    LotStatus,
    MasterData,
    MasterRecord,
    Template,
    Variant,
    Warehouse,
)
from processors.domain.message import Message
from processors.domain.movement import Movement, MovementLot, RegisterEdit
from processors.domain.progressives import Claimed, Interval, Need, OrdinalsShort
from processors.ledger.processor import LedgerProcessor
from tests.ledger.ledger_view import LedgerView

NOON = parse_time("2026-03-10T12:00:00Z")
TODAY = parse_day("2026-03-10")

CHEESE = Item(
    "FOO", "CHEESE", "Cheese", (Variant("MILD", "Mild"), Variant("OLD", "Old")), "FIN", None, "DAIRY", "KG",
    (AlternativeUnit("BOX", quantity.parse("2.5"), "multiply"), AlternativeUnit("G", quantity.parse("1000"), "divide")),
    (), True, False, "fefo", lot_code_type="DAY", lot_validity_days=30, warn_days=10, block_days=5,
)  # fmt: skip
PUMP = Item(
    "MAC", "PUMP", "Pump", (), None, None, None, "PC", (AlternativeUnit("PALLET", quantity.parse("12"), "multiply"),),
    (), False, True, "manual", serial_code_type="PLATE", serial_validity_days=365, serial_generation="auto",
)  # fmt: skip
FILTER = Item(
    "MAC", "FILTER", "Filter", (), None, None, None, "PC", (), (), True, True, "fifo", lot_code_type="DAY",
    serial_code_type="PLATE", serial_generation="auto",
)  # fmt: skip
SALT = Item("FOO", "SALT", "Salt", (), None, None, None, "KG", (), (), False, False, "manual")

MASTER: tuple[MasterRecord, ...] = (
    Company(open_from=parse_day("2026-01-01"), open_to=parse_day("2026-12-31")),
    CodeType("lot", "DAY", "Lot of a day", parts=(
        CodePart("insert_year", 2), CodePart("insert_month"), CodePart("insert_day"), CodePart("number", 3, "0"),
    ), root=("insert_year", "insert_month", "insert_day")),
    CodeType("serial", "PLATE", "Plate", parts=(CodePart("item_code", 2), CodePart("number", 5, "0"))),
    LotStatus("OK", "Usable", True, True),
    LotStatus("HOLD", "On hold", False, False),
    Warehouse("W1", "Main"),
    Warehouse("W2", "Shelves", allow_negative_stock=True, check_location_stock=True, locations=(
        Location("A", "Shelf A"), Location("B", "Shelf B"),
    )),
    Warehouse("W3", "Yard", locations=(Location("A", "Row A"), Location("B", "Row B"))),
    *(
        record
        for warehouse in ("W1", "W2", "W3")
        for record in (
            Template(warehouse, "IN", "Load", "load", lot_management=True, create_serials=True),
            Template(warehouse, "ADD", "Load more", "load", lot_management=True, create_serials=True,
                     integrate_initial_quantity=True),
            Template(warehouse, "OUT", "Unload", "unload", lot_management=True),
            Template(warehouse, "ANY", "Unload whatever", "unload", lot_management=True, allow_unavailable_lots=True),
            Template(warehouse, "DOC", "With papers", "load", lot_management=True, mandatory_document=True,
                     mandatory_account=True),
            Template(warehouse, "BLK", "In bulk", "load"),
            Template(warehouse, "TYP", "Typed serials only", "load", lot_management=True),
        )
    ),
    Template("W1", "TO2", "To the shelves", "unload", lot_management=True, offset_warehouse="W2", offset_template="IN"),
    Account("S1", None, "Dairy", "DAI", "supplier"),
    Account("S2", None, "Farm", "FAR", "supplier"),
    Account("C1", None, "Shop", "SHO", "customer"),
    CHEESE, PUMP, FILTER, SALT,
)  # fmt: skip


def a_movement(item: Item, template: str, amount: str, movement_id: str = "m1", **fields: Any) -> Movement:
    """A movement of today in warehouse W1."""
    values: dict[str, Any] = {
        "action": "post", "reverses": None, "warehouse": "W1", "location": None, "variant": None, "unit": None,
        "effective_date": TODAY,
    } | fields  # fmt: skip
    return Movement(
        movement_id=movement_id, template=template, quantity=quantity.parse(amount), item_class=item.item_class,
        item_code=item.item_code, **values,
    )  # fmt: skip


def a_lot(code: str | None, amount: str, **fields: Any) -> MovementLot:
    return MovementLot(code, quantity.parse(amount), **fields)


def reversal(movement: Movement, movement_id: str = "r1", **fields: Any) -> Movement:
    """A reversal of today of a movement."""
    values: dict[str, Any] = {"effective_date": TODAY} | fields
    return Movement(
        movement_id,
        "reverse",
        movement.movement_id,
        None,
        None,
        None,
        None,
        movement.item_class,
        movement.item_code,
        movement.variant,
        None,
        **values,
    )


def edit_of_lot(changes: dict[str, str | None], edit_id: str = "e1") -> RegisterEdit:
    """An edit of the cheese's lot L1."""
    return RegisterEdit(edit_id, "lot", "FOO", "CHEESE", None, "L1", None, "me", None, changes)


def edit_of_serial(changes: dict[str, str | None], edit_id: str = "e1") -> RegisterEdit:
    """An edit of the pump P1."""
    return RegisterEdit(edit_id, "serial", "MAC", "PUMP", None, None, "P1", "me", None, changes)


class Ledger:
    """One task of the ledger over rows in memory. Ordinals are handed out as the counters would, from the rows on."""

    def __init__(self, *records: MasterRecord, partition: int = 3, pieces_max: int = 50_000) -> None:
        codec = self.codec = Codec(LockedIds())
        self.processor = LedgerProcessor(
            lambda reply: codec.encode("replies", reply),
            lambda data: codec.decode("replies", data),  # type: ignore[arg-type,return-value]
            lambda data: codec.decode("movements", data),  # type: ignore[arg-type,return-value]
            pieces_max,
        )
        self.view = LedgerView(self.processor.indexes, self.processor.trails)
        self.master = MasterData()
        for record in MASTER + records:
            self.master.put(record)
        self.partition, self.offset = partition, 0
        self.reserved_again = 0
        """How often a decision ran short of ordinals and was made again."""

    def message(self, movement: Movement, time_ms: int = NOON) -> Message:
        self.offset += 1
        key = keys.join(movement.item_class, movement.item_code)
        try:
            raw = self.codec.encode("movements", movement)
        except EncodeError:  # more than a producer of ours would send
            raw = repr(movement).encode()
        return Message("movements", self.partition, self.offset, time_ms, key, movement, raw)

    def decide(self, message: Message, claimed: Claimed | None = None) -> Decision:
        """What the ledger decides; nothing is changed by it."""
        needs = self.processor.needs([message], self.view, self.master)
        grants = {(need.counter.key, need.partition): _granted(need) for need in needs}
        while True:
            try:
                return self.processor.decide(message, self.view, self.master, grants, claimed or {})
            except OrdinalsShort as short:
                self.reserved_again += 1
                place = (short.counter.key, short.partition)
                before = grants.get(place, ())
                first = before[-1][1] + 1 if before else 0
                grants[place] = (*before, (first, first + short.count - 1))

    def send(self, movement: Movement, time_ms: int = NOON, claimed: Claimed | None = None) -> Decision:
        """Decide and take over."""
        decision = self.decide(self.message(movement, time_ms), claimed)
        self.view.take(decision)
        return decision

    def edit(self, request: RegisterEdit, time_ms: int = NOON + 1000) -> Decision:
        """Decide an edit, a second after noon, and take it over."""
        self.offset += 1
        key = keys.join(request.item_class, request.item_code)
        message = Message("register-edits", self.partition, self.offset, time_ms, key, request, b"")
        decision = self.decide(message)
        self.view.take(decision)
        return decision

    def rows(self, topic: str) -> dict[str, Any]:
        return self.view.rows.get(topic, {})

    def stock(self, key: str) -> str | None:
        row = self.rows("stock-register").get(key)
        return None if row is None else quantity.text(row.stock)

    def change_lot(self, key: str, **fields: Any) -> None:
        """Change a lot's row behind the ledger's back, as an edit would."""
        rows = self.rows("lot-register")
        rows[key] = replace(rows[key], **fields)

    def change_serial(self, key: str, **fields: Any) -> None:
        rows = self.rows("serial-register")
        rows[key] = replace(rows[key], **fields)


def reply_of(decision: Decision) -> Reply:
    (reply,) = (record.value for record in decision.records if record.topic == "replies")
    assert isinstance(reply, Reply)
    return reply


def published(decision: Decision, topic: str) -> list[Any]:
    return [record.value for record in decision.records if record.topic == topic]


def refused_with(decision: Decision) -> list[str]:
    """The codes of a refusal, after checking that it is one in every respect."""
    assert decision.refusal is not None
    assert not decision.rows
    assert not decision.claims
    reply = reply_of(decision)
    assert len(decision.records) == 1
    assert (reply.status, reply.reasons) == ("refused", decision.refusal.reasons)
    return [reason.code for reason in reply.reasons]


def _granted(need: Need) -> tuple[Interval, ...]:
    first = 0 if need.row is None else need.row.next_ordinal
    return ((first, first + need.count - 1),)
