"""The whole ledger once more, as plainly as it can be told: dictionaries, fractions, loops, and no thought of speed.

Written from `domain.md` and the contract of the topics; it takes nothing from the product, so that an error in one of
the two shows as a difference. Inputs are the lines of `lotstream simulate` (JSON forms). Where the domain is silent the
product's choice is followed, marked (choice).

`take` gives the answer to one line; the registers are the dictionaries of the ledger.
"""

from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from tests.model.naive_codes import Form
from tests.model.naive_events import TOPICS, Told, forced, millis
from tests.model.naive_movement import Change
from tests.model.naive_reservation import Release, Reservation
from tests.model.naive_reversal import Reversal
from tests.model.naive_values import Answer, expiry, refused

PINNED = ("unit", "lot_managed", "serial_managed", "alternative_units")
DATES = {"start_date", "expiry_date"}
FLAGS = {"available", "closed", "cancelled", "force_closed", "reserved"}
LOT_EDITS = DATES | {
    "supplier_lot",
    "customer_lot",
    "notes",
    "status",
    "evaluation",
    "label_type",
    "available",
    "closed",
}
SERIAL_EDITS = DATES | {
    "customer_code", "supplier_code", "cancelled", "force_closed", "reserved", "reserved_for",
}  # fmt: skip
KINDS: dict[str, type[Change]] = {"post": Change, "reverse": Reversal, "reserve": Reservation, "release": Release}


class NaiveLedger:
    """All that the ledger knows. Quantities are fractions, dates dates."""

    kinds: ClassVar[dict[str, type[Change]]] = KINDS

    def __init__(self) -> None:
        self.company: Form = {}
        self.items: dict[tuple[str, str], Form] = {}
        self.code_types: dict[tuple[str, str], Form] = {}
        self.statuses: dict[str, Form] = {}
        self.warehouses: dict[str, Form] = {}
        self.templates: dict[tuple[str, str], Form] = {}
        self.accounts: dict[str, Form] = {}
        self.year_letters: dict[int, str] = {}
        self.month_letters: dict[int, str] = {}
        self.stock: dict[tuple[Any, ...], Form] = {}
        """(class, code, variant, warehouse, location, lot) → loaded, unloaded, committed."""
        self.lots: dict[tuple[str, str, str, str], Form] = {}
        self.serials: dict[tuple[str, str, str, str | None, str], Form] = {}
        self.reservations: dict[tuple[Any, ...], Form] = {}
        self.counters: dict[Any, Form] = {}
        """(kind, code type, scope, root) → counter; scope is item and variant, or nothing."""
        self.origin: dict[Any, Any] = {}
        """Key of a generated lot or serial → its counter."""
        self.maker: dict[Any, tuple[str, str, str]] = {}
        """Key of a generated lot or serial → the movement that brought it."""
        self.documents: dict[Any, list[Form]] = {}
        """Key of a serial → the document lines that stand in its history, reversed ones left out."""
        self.given: dict[Any, int] = {}
        """Key of a lot or serial → how often its code was given out."""
        self.taken: dict[tuple[str, str, str], Form] = {}
        """(class, code, movement id) → what was accepted under it."""
        self.edits: dict[tuple[str, str, str], Form] = {}
        self.pins: dict[tuple[str, str], Form] = {}
        """What an item had when it was moved last: its form, since when it has it, the change that was reported."""
        self._told: dict[tuple[str, str], Told] = {}

    def told(self, item: tuple[str, str]) -> Told:
        """What has been published of an item."""
        return self._told.setdefault(item, Told())

    def events(self) -> dict[str, dict[tuple[str, str], list[Form]]]:
        """By topic and item, all that was published, in its order."""
        return {topic: {item: told.records[topic] for item, told in self._told.items() if told.records[topic]}
                for topic in TOPICS}  # fmt: skip

    # Inputs

    def take(self, line: Form) -> Answer | None:
        """The answer to one line of a story; None for master data, which is taken as it is."""
        value = line["value"]
        match line["topic"]:
            case "master-data":
                self._master(line["record"], value)
                return None
            case "register-edits":
                return self._edit(value, datetime.fromisoformat(line["time"]))
            case _:
                return self._movement(value, datetime.fromisoformat(line["time"]))

    def _master(self, record: str, it: Form) -> None:
        match record:
            case "Company":
                self.company = it
            case "Item":
                self.items[it["item_class"], it["item_code"]] = it
            case "CodeType":
                self.code_types[it["kind"], it["code"]] = it
            case "LotStatus":
                self.statuses[it["code"]] = it
            case "Warehouse":
                self.warehouses[it["code"]] = it
            case "Template":
                self.templates[it["warehouse"], it["code"]] = it
            case "Account":
                self.accounts[it["code"]] = it
            case "YearLetter":
                self.year_letters[it["value"]] = it["letter"]
            case "MonthLetter":
                self.month_letters[it["value"]] = it["letter"]

    def _movement(self, m: Form, now: datetime) -> Answer:
        identity = (m["item_class"], m["item_code"], m["movement_id"])
        before = self.taken.get(identity)
        if before is not None and before["request"] == m:
            return before["answer"]._replace(status="duplicate")  # type: ignore[no-any-return]
        change = self.kinds[m["action"]](self, m, now)
        if before is not None:
            change.reasons.add("movement-id-reused")
        if _malformed(m):
            change.reasons.add("field-invalid")
        change.check()
        if change.reasons:
            return refused(change.reasons | ({"master-invalid"} if change.differs else set()))
        answer = change.keep()
        self._pin(change, now)
        self.taken[identity] = {"request": m, "answer": answer, "reversed": False, "consumed": change.consumed,
                                "legs": change.legs if m["action"] == "post" else [], "told": change.told,
                                "posted": change.posted, "edges": change.edges, "at": now}  # fmt: skip
        return answer

    def as_pinned(self, where: tuple[str, str], now: datetime) -> tuple[Form, Form, bool]:
        """An item as its movements are decided, what is remembered of it, and whether its record says otherwise.

        Unit and management stay as long as there is stock; alternative units belong to their unit.
        """
        item, pin = self.items.get(where, {}), self.pins.get(where)
        form = {name: item.get(name) for name in PINNED}
        if pin is None or not item:
            return item, {**form, "since": None, "reported": None}, False
        if all(pin[name] == form[name] for name in PINNED[:3]):
            return item, {**pin, **form}, False
        rows = [row for key, row in self.stock_rows().items() if key[:2] == where]
        if not any(row["loaded"] != row["unloaded"] or row["committed"] for row in rows):
            return item, {**form, "since": now, "reported": None}, False
        kept = {name: pin[name] for name in PINNED}
        if item["unit"] == pin["unit"]:
            kept["alternative_units"] = item["alternative_units"]
        return {**item, **kept}, {**pin, **kept, "reported": form}, True

    def _pin(self, change: Change, now: datetime) -> None:
        before = self.pins.get(change.where)
        self.pins[change.where] = change.pin
        if change.differs and before is not None and before["reported"] != change.pin["reported"]:
            alert = {"kind": "master_invalid", "item_class": change.where[0], "item_code": change.where[1],
                     "at": millis(now)}  # fmt: skip
            self.told(change.where).tell("alerts", alert, now)

    # Edits

    def _edit(self, e: Form, now: datetime) -> Answer:
        identity = (e["item_class"], e["item_code"], e["edit_id"])
        if self.edits.get(identity) == e:
            return Answer("duplicate")
        reasons = {"movement-id-reused"} if identity in self.edits else set()
        changes = e.get("changes") or {}
        allowed = LOT_EDITS if e["register"] == "lot" else SERIAL_EDITS
        if not changes or any(name in FLAGS and changes[name] not in ("true", "false") for name in changes):
            reasons.add("field-invalid")
        if not set(changes) <= allowed:
            reasons.add("edit-field-unknown")
        day = now.astimezone(ZoneInfo(self.company.get("time_zone", "UTC"))).date()
        if str(day) < (self.company.get("open_from") or ""):
            reasons.add("date-outside-period")  # (choice) the id of an edit is kept as long as its day is open
        item, _, _ = self.as_pinned((e["item_class"], e["item_code"]), now)
        if not item:
            return refused(reasons | {"item-unknown"})
        variant = e.get("variant")
        if variant and variant not in [it["variant"] for it in item.get("variants", [])]:
            return refused(reasons | {"variant-unknown"})
        row = self._meant(e, reasons)
        if row is None:
            return refused(reasons)
        after = self._edited(row, item, e["register"], changes, reasons)
        if reasons:
            return refused(reasons)
        closed = after.get("force_closed") != row.get("force_closed")
        row.update(after)
        self.edits[identity] = e
        if closed:
            self._tell_forced(e, row, item, now)
        return Answer("done")

    def _tell_forced(self, e: Form, row: Form, item: Form, now: datetime) -> None:
        """A serial closed by force has a document line of its own; opened again, it comes once more, reversed."""
        (key,) = [key for key, it in self.serials.items() if it is row]
        told = self.told(key[:2])
        at = millis(datetime.fromisoformat(e["edited_at"]) if e.get("edited_at") else now)
        first = told.forced.get((key, row["generation"]))
        number = told.tell("register-history", forced(e, key, row, item["unit"], at), now, first)
        told.forced[key, row["generation"]] = number

    def _meant(self, e: Form, reasons: set[str]) -> Form | None:
        """The lot or serial that an edit names; a serial without its lot if there is only one of that code."""
        scope = (e["item_class"], e["item_code"], e.get("variant") or "")
        if e["register"] == "lot":
            rows = [row for key, row in self.lots.items() if key == (*scope, e["lot_code"])]
        else:
            code, lot = e["serial_code"], e.get("lot_code")
            rows = [row for key, row in self.serials.items()
                    if key[:3] == scope and key[4] == code and lot in (None, key[3])]  # fmt: skip
        if not rows:
            reasons.add("lot-unknown" if e["register"] == "lot" else "serial-unknown")
        if len(rows) > 1:
            reasons.add("lot-missing")
        return rows[0] if len(rows) == 1 else None

    def _edited(self, row: Form, item: Form, register: str, changes: Form, reasons: set[str]) -> Form:
        """The row after an edit."""
        after = dict(row)
        for name, text in changes.items():
            if name in FLAGS:
                after[name] = text == "true"
            elif name in DATES:
                after[name] = date.fromisoformat(text) if text else None
            else:
                after[name] = text
        if after.get("status") != row.get("status") and after["status"] not in (None, *self.statuses):
            reasons.add("status-unknown")
        if set(changes) & DATES:
            self._edit_dates(row, after, item, register, changes, reasons)
        if set(changes) & {"reserved", "reserved_for"}:
            # What a movement reserved is for a movement to release.
            held = any(
                it["committed"] > it["consumed"] and self.serials.get((*key[:2], key[2] or "", key[5], key[6])) is row
                for key, it in self.reservations.items()
            )
            _edit_reservation(row, after, changes, held, reasons)
        return after

    def _edit_dates(self, row: Form, after: Form, item: Form, register: str, changes: Form, reasons: set[str]) -> None:
        if item.get("expiry_editable") is False:
            reasons.add("edit-not-allowed")
            return
        days = item.get("lot_validity_days" if register == "lot" else "serial_validity_days")
        by_rule = (
            row["start_date"] and row["expiry_date"] and row["expiry_date"] == expiry(item, row["start_date"], days)
        )
        if "expiry_date" not in changes and by_rule and after["start_date"]:
            after["expiry_date"] = expiry(item, after["start_date"], days)  # a rule goes on, a date by hand stays
        if after["start_date"] and after["expiry_date"] and after["expiry_date"] < after["start_date"]:
            reasons.add("field-invalid")
        if register == "lot" and after["expiry_date"] != row["expiry_date"]:
            self.warnings(item, after)

    def is_last(self, movement: tuple[str, str, str]) -> bool:
        """True where no later movement of its serials stands."""
        taken = self.taken.get(movement)
        if taken is None:
            return True
        scope = (*movement[:2], taken["request"].get("variant") or "")
        keys = [
            (*scope, piece.lot, serial) for leg in taken["legs"] for piece in leg.pieces for serial in piece.serials
        ]
        moved = {key: [it for it in self.documents.get(key, []) if it["direction"] != "reserve"] for key in keys}
        return all(lines[-1]["movement_id"] == movement[2] for lines in moved.values() if lines)

    def made_what_it_moved(self, movement: tuple[str, str, str]) -> bool:
        """False where a lot of a movement was generated by another one that is reversed already."""
        taken = self.taken.get(movement)
        if taken is None:
            return True
        scope = (*movement[:2], taken["request"].get("variant") or "")
        keys = [(*scope, piece.lot) for leg in taken["legs"] for piece in leg.pieces]
        makers = [self.maker[key] for key in keys if key in self.origin]
        return not any(self.taken[maker]["reversed"] for maker in makers if maker != movement)

    # The registers as they are published

    def lot_rows(self) -> dict[tuple[str, str, str, str], Form]:
        """Each lot with its totals over all warehouses."""
        zero = {"loaded": Fraction(0), "unloaded": Fraction(0), "committed": Fraction(0)}
        rows = {lot: {**row, **zero} for lot, row in self.lots.items()}
        for key, stock in self.stock_rows().items():
            lot = (*key[:2], key[2] or "", key[5])
            for name in zero if lot in rows else ():
                rows[lot][name] += stock[name]
        return rows

    def stock_rows(self) -> dict[tuple[Any, ...], Form]:
        """Each row with what is reserved of it."""
        committed: dict[Any, Fraction] = {}
        for key, row in self.reservations.items():
            committed[key[:6]] = committed.get(key[:6], Fraction(0)) + row["committed"] - row["consumed"]
        return {key: {**row, "committed": committed.get(key, Fraction(0))} for key, row in self.stock.items()}

    def counter_rows(self) -> dict[tuple[str, ...], list[Form]]:
        """By kind, code type and item: the progressives of all roots."""
        rows: dict[tuple[str, ...], list[Form]] = {}
        for (kind, name, scope, _), counter in self.counters.items():
            rows.setdefault((kind, name, *(scope or ("", "", ""))), []).append(dict(counter))
        return rows

    # What the rules ask of the registers

    def warnings(self, item: Form, lot: Form) -> None:
        expiry = lot["expiry_date"]
        for field, days in (("warn_from", item.get("warn_days")), ("block_from", item.get("block_days"))):
            lot[field] = expiry - timedelta(days) if expiry and days is not None else None

    def held(
        self, item: tuple[str, str], variant: str | None, warehouse: str, location: Any, lot: str | None
    ) -> Fraction:
        """Stock in a warehouse, or in one location of it (`location` as a tuple of one)."""
        there = Fraction(0)
        for key, row in self.stock.items():
            if key[:4] == (*item, variant, warehouse) and key[5] == lot and location in (None, (key[4],)):
                there += row["loaded"] - row["unloaded"]
        return there

    def reserved(
        self, item: tuple[str, str], variant: str | None, warehouse: str, location: Any, lot: str | None
    ) -> Any:
        """Open reservations there: key and how much of them is open, by key."""
        rows = [
            (key, row["committed"] - row["consumed"])
            for key, row in self.reservations.items()
            if key[:4] == (*item, variant, warehouse) and key[5] == lot and location in (None, (key[4],))
        ]
        rows.sort(key=lambda it: "|".join(part or "" for part in it[0]))
        return [row for row in rows if row[1]]

    def unusable(self, row: Form, day: date) -> set[str]:
        """Why a lot may not be withdrawn on a day."""
        reasons = set()
        if not row["available"]:
            reasons.add("lot-unavailable")
        if row["status"] is not None and not self.statuses[row["status"]]["available"]:
            reasons.add("lot-status-unavailable")
        if row["block_from"] is not None and day >= row["block_from"]:
            reasons.add("lot-blocked")
        return reasons

    def lot_elsewhere(self, scope: tuple[str, str, str], code: str) -> bool:
        """Where lot codes are unique across the company: another item or variant has the code."""
        company = self.company.get("lot_code_scope", "item") == "company"
        return company and any(key[3] == code and key[:3] != scope for key in self.lots)

    def serial_elsewhere(self, scope: tuple[str, str, str], code: str) -> bool:
        """Another item or variant, whose serials are unique across the company too, has the code."""
        return any(key[4] == code and key[:3] != scope and self._company_serials(key) for key in self.serials)

    def _company_serials(self, key: tuple[Any, ...]) -> bool:
        code_type = self.code_types.get(("serial", self.items[key[:2]].get("serial_code_type") or ""))
        return code_type is not None and code_type.get("scope") == "company"


def _malformed(m: Form) -> bool:
    """A field that holds what it cannot, or that the action does not take."""
    named = [lot["lot_code"] for lot in m.get("lots", []) if lot.get("lot_code")]
    return (
        not 1 <= len(m["movement_id"]) <= 100
        or (m["action"] in ("post", "reserve") and not (m.get("template") and m.get("warehouse") and m.get("quantity")))
        or (m["action"] == "reverse") != (m.get("reverses") is not None)
        or len(set(named)) < len(named)
        or any(lot.get("lot_code") == "" or "" in lot.get("serials", []) for lot in m.get("lots", []))
        or "" in m.get("serials", [])
    )


def _edit_reservation(row: Form, after: Form, changes: Form, held: bool, reasons: set[str]) -> None:
    """Reserved for a document, or for none in particular."""
    if "reserved" not in changes:
        after["reserved"] = after["reserved_for"] is not None
    elif not after["reserved"]:
        if changes.get("reserved_for"):
            reasons.add("field-invalid")
            return
        after["reserved_for"] = None
    same = (after["reserved"], after["reserved_for"]) == (row["reserved"], row["reserved_for"])
    if not same and (held or (after["reserved"] and row["state"] != "in_stock")):
        reasons.add("edit-not-allowed")
