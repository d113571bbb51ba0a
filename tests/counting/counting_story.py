"""A small company and its inventory, told message by message: builders with valid defaults."""

from typing import Any

from processors.contract.codec import Codec
from processors.contract.manifest import key_of
from processors.contract.schema_ids import LockedIds
from processors.counting.processor import CountingProcessor
from processors.domain import keys, quantity
from processors.domain.calendar import parse_day, parse_time
from processors.domain.count_lines import CountLine, CountResult, LineResult
from processors.domain.count_registers import CountLineRow, CountListRow, InventoryRow, ScanFeedback
from processors.domain.decision import Decision
from processors.domain.events import Reply
from processors.domain.master import (
    AlternativeUnit,
    Barcode,
    BarcodeRule,
    BarcodeToken,
    Item,
    ListType,
    Location,
    MasterData,
    MasterRecord,
    Template,
    Variant,
    Warehouse,
)
from processors.domain.message import Continuation, Message
from processors.domain.scans import CountCommand, Scan
from tests.ledger.ledger_view import LedgerView

NOON = parse_time("2026-03-10T12:00:00Z")
TODAY = parse_day("2026-03-10")
MINUTE = 60_000
PARTITIONS = 3
"""Of the ledger."""

CHEESE = Item(
    "FOO", "CHEESE", "Cheese", (Variant("MILD", "Mild"), Variant("OLD", "Old")), None, None, None, "KG",
    (AlternativeUnit("BOX", quantity.parse("2.5"), "multiply"), AlternativeUnit("THIRD", 3 * quantity.ONE, "divide")),
    (Barcode("4006381333931", unit="BOX", quantity=quantity.ONE),), True, False, "fefo",
)  # fmt: skip
PUMP = Item(
    "MAC", "PUMP", "Pump", (), None, None, None, "PC", (), (Barcode("PUMP-BOX", quantity=quantity.ONE * 4),),
    False, True, "manual",
)  # fmt: skip
FILTER = Item("MAC", "FILTER", "Filter", (), None, None, None, "PC", (), (), True, True, "fifo")
SALT = Item(
    "FOO", "SALT", "Salt", (), None, None, None, "KG", (AlternativeUnit("BAG", quantity.parse("25"), "multiply"),),
    (Barcode("SALT-BAG", unit="BAG", quantity=quantity.ONE), Barcode("SALT")), False, False, "manual",
)  # fmt: skip

MASTER: tuple[MasterRecord, ...] = (
    Warehouse("W1", "Main", adjustment_load_template="INV", adjustment_unload_template="OUI"),
    Warehouse("W2", "Shelves", adjustment_load_template="INV", adjustment_unload_template="OUI", locations=(
        Location("A", "Shelf A"), Location("B", "Shelf B"), Location("C", "Shelf C"),
    )),
    Warehouse("W3", "Yard"),
    Warehouse("W4", "Attic", adjustment_load_template="DEL", adjustment_unload_template="OUT"),
    *(
        Template(warehouse, code, "Inventory", direction, lot_management=True, physical_inventory=True)
        for warehouse in ("W1", "W2")
        for code, direction in (("INV", "load"), ("OUI", "unload"))
    ),
    Template("W4", "DEL", "Delivery", "load"),
    Template("W4", "OUT", "Sale", "unload"),
    ListType("FREE", "As it comes"),
    ListType("SHELF", "Shelf by shelf", maintain_location=True),
    ListType("ALL", "Everything", uncounted="zero"),
    ListType("CARE", "With recounts", tolerance_quantity=quantity.ONE, beyond_tolerance="recount", blind=True),
    BarcodeRule("Item", "-", (BarcodeToken("item_class"), BarcodeToken("item_code"))),
    BarcodeRule("Lot", "-", (BarcodeToken("item_class"), BarcodeToken("item_code"), BarcodeToken("lot"))),
    BarcodeRule("Loc", "-", (BarcodeToken("warehouse"), BarcodeToken("location"))),
    BarcodeRule("Qty", "-", (BarcodeToken("quantity"),)),
    BarcodeRule("SN", "-", (BarcodeToken("serial"),)),
    CHEESE, PUMP, FILTER, SALT,
)  # fmt: skip


class Count:
    """One task of counting over rows in memory; barriers run when they are let (`run`)."""

    def __init__(self, *records: MasterRecord, slice_rows: int = 1000) -> None:
        codec = self.codec = Codec(LockedIds())
        self.processor = CountingProcessor(
            lambda value: codec.encode("scan-feedback", value),
            lambda data: codec.decode("scan-feedback", data),  # type: ignore[arg-type,return-value]
            lambda value: codec.encode("replies", value),
            lambda data: codec.decode("replies", data),  # type: ignore[arg-type,return-value]
            PARTITIONS,
            slice_rows,
        )
        self.view = LedgerView(self.processor.indexes)
        self.master = MasterData()
        for record in MASTER + records:
            self.master.put(record)
        self.offset = 0
        self.time = NOON
        self.waiting: dict[str, Continuation] = {}
        self.told: list[CountLine] = []
        """Everything that the ledger was told."""

    # what comes in

    def take(self, topic: str, value: object, time_ms: int | None = None) -> Decision:
        """Decide a message and take its effects over. Every record and row has an Avro form and its right key."""
        return self._taken(self.decide(topic, value, time_ms), self.time if time_ms is None else time_ms)

    def decide(self, topic: str, value: object, time_ms: int | None = None) -> Decision:
        """What counting decides; nothing is changed by it."""
        self.offset += 1
        at = self.time if time_ms is None else time_ms
        message = Message(topic, 1, self.offset, at, key_of(topic, value), value, b"")
        return self.processor.decide(message, self.view, self.master, {}, {})

    def run(self) -> list[Decision]:
        """Let everything that waits for a barrier go on, to its end."""
        decisions = []
        while self.waiting:
            id, continuation = next(iter(self.waiting.items()))
            del self.waiting[id]
            decision = self.processor.resume(continuation, self.view, self.master, {}, {})
            decisions.append(self._taken(decision, continuation.time_ms))
        return decisions

    def command(self, action: str, inventory: str = "I1", command_id: str | None = None, **fields: Any) -> Decision:
        """A command of the boss."""
        values: dict[str, Any] = {"list": None, "at": None, "by": "boss"} | fields
        id = command_id or f"c{self.offset + 1}"
        return self.take("counts", CountCommand(id, action, inventory, **values))  # type: ignore[arg-type]

    def open(self, list: str = "L1", type: str = "FREE", warehouse: str = "W1", **fields: Any) -> None:
        """A list of inventory I1, which is opened with its first one, for anna."""
        if "I1" not in self.rows("inventory-register"):
            assert self.command("open_inventory").refusal is None
        values: dict[str, Any] = {"list_type": type, "warehouse": warehouse, "operator": "anna"} | fields
        decision = self.command("open_list", list=list, **values)
        assert decision.refusal is None, decision.refusal

    def scan(self, action: str = "confirm", scan_id: str | None = None, **fields: Any) -> ScanFeedback:
        """A read of anna's scanner on list L1, now; its answer."""
        return feedback_of(self.take("scans", self.a_scan(action, scan_id, **fields)))

    def a_scan(self, action: str = "confirm", scan_id: str | None = None, **fields: Any) -> Scan:
        values: dict[str, Any] = {
            "inventory": "I1", "list": "L1", "operator": "anna", "device": "d1", "scanned_at": self.time,
            "sent_at": self.time,
        } | fields  # fmt: skip
        if isinstance(values.get("quantity"), str):
            values["quantity"] = quantity.parse(values["quantity"])
        return Scan(scan_id or f"s{self.offset + 1}", action=action, **values)  # type: ignore[arg-type]

    def salt(self, amount: str = "5", **fields: Any) -> ScanFeedback:
        """Some salt, read and confirmed in one."""
        return self.scan(item_class="FOO", item_code="SALT", quantity=amount, **fields)

    def cheese(self, amount: str = "5", lot: str = "L1", **fields: Any) -> ScanFeedback:
        return self.scan(item_class="FOO", item_code="CHEESE", lot=lot, quantity=amount, **fields)

    def pump(self, serial: str = "P1", **fields: Any) -> ScanFeedback:
        return self.scan(item_class="MAC", item_code="PUMP", serial=serial, **fields)

    # the ledger's part

    def result(self, line: str, state: str = "settled", book: str = "5", list: str = "L1", **fields: Any) -> LineResult:
        """What the ledger says of a line as it stands."""
        row = self.line(line, list)
        difference = row.counted - quantity.parse(book)
        values: dict[str, Any] = {
            "reason": None, "book": quantity.parse(book), "difference": difference, "value": None,
            "adjustment_id": f"I1/{list}/{line}/{row.revision}" if difference and state == "settled" else None,
            "moved_during_count": False, "revision": row.revision,
        } | fields  # fmt: skip
        return LineResult(
            line, values.pop("revision"), state, values.pop("reason"), row.item_class, row.item_code,  # type: ignore[arg-type]
            row.variant, row.warehouse, row.location, row.lot_code, row.serial_code, row.counted, row.unit,
            row.counted_from, row.counted_at, row.operator, **values,
        )  # fmt: skip

    def answer(
        self,
        *lines: LineResult,
        partition: int = 0,
        list: str = "L1",
        settlement: int | None = None,
        kind: str = "lines",
        line: str | None = None,
    ) -> Decision:
        """A record of the ledger."""
        number = self.list_row(list).settlement if settlement is None else settlement
        value = CountResult(kind, "I1", list, partition, number, 0, line, lines, self.time)  # type: ignore[arg-type]
        return self.take("count-results", value)

    def settled(self, list: str = "L1", partitions: range = range(PARTITIONS), settlement: int | None = None) -> None:
        """Partitions of the ledger have nothing left of the list's settlement."""
        for partition in partitions:
            self.answer(kind="settled", partition=partition, list=list, settlement=settlement)

    # what stands there

    def rows(self, topic: str) -> dict[str, Any]:
        return self.view.rows.get(topic, {})

    def inventory(self, inventory: str = "I1") -> InventoryRow:
        row: InventoryRow = self.rows("inventory-register")[keys.join(inventory)]
        return row

    def list_row(self, list: str = "L1") -> CountListRow:
        row: CountListRow = self.rows("count-list-register")[keys.join("I1", list)]
        return row

    def line(self, line: str = "1", list: str = "L1") -> CountLineRow:
        row: CountLineRow = self.rows("count-line-register")[keys.join("I1", list, line)]
        return row

    def lines(self, list: str = "L1") -> list[CountLineRow]:
        return [row for row in self.rows("count-line-register").values() if row.list == list]

    def kinds(self) -> list[str]:
        """What the ledger was told, by kind."""
        return [told.kind for told in self.told]

    def _taken(self, decision: Decision, at: int) -> Decision:
        for emit in decision.records:
            encoded = self.codec.encode(emit.topic, emit.value)
            assert emit.encoded in (None, encoded)
            assert emit.key == key_of(emit.topic, emit.value)
            if isinstance(emit.value, CountLine):
                self.told.append(emit.value)
        for register, key, row in decision.rows:
            if row is not None:
                assert self.codec.decode(register.topic, self.codec.encode(register.topic, row)) == row
                assert key == key_of(register.topic, row)
        self.view.take(decision)
        for barrier in decision.barriers:
            self.waiting[barrier.id] = Continuation(barrier.id, 1, barrier.text, at)
        return decision


def feedback_of(decision: Decision) -> ScanFeedback:
    """The one answer to a read."""
    (told,) = (emit.value for emit in decision.records if emit.topic == "scan-feedback")
    assert isinstance(told, ScanFeedback)
    assert (told.status == "refused") == (told.code not in (None, "ask-add-or-replace"))
    return told


def reply_of(decision: Decision) -> Reply:
    (reply,) = (emit.value for emit in decision.records if emit.topic == "replies")
    assert isinstance(reply, Reply)
    return reply


def refused_with(decision: Decision) -> list[str]:
    """The codes of a refused command, after checking that it is one in every respect."""
    assert decision.refusal is not None
    assert not decision.rows
    reply = reply_of(decision)
    assert len(decision.records) == 1
    assert (reply.status, reply.reasons) == ("refused", decision.refusal.reasons)
    return [reason.code for reason in reply.reasons]
