"""The whole ledger once more, as plainly as it can be told: dictionaries, fractions, loops, and no thought of speed.

Written from `domain.md` and the contract of the topics; it takes nothing from the product, so that an error in one of
the two shows as a difference. Inputs are the lines of `lotstream simulate` (JSON forms). Where the domain is silent the
product's choice is followed, marked (choice).

`take` gives the answer to one line; the registers are the dictionaries of the ledger.
"""

from calendar import monthrange
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from tests.model.naive_codes import CannotCompose, Draft, Form, compose, root_of

ORDER = """message-undecodable key-mismatch field-invalid time-in-future too-many-pieces movement-id-reused item-unknown
variant-unknown template-unknown warehouse-unknown location-unknown unit-unknown account-unknown quantity-not-positive
quantity-not-whole date-outside-period document-missing account-missing lot-missing lot-quantities-differ
lot-not-managed serial-not-managed serial-count-differs serial-repeated lot-exists lot-other-supplier lot-unknown
lot-closed lot-unavailable lot-status-unavailable lot-blocked stock-insufficient serial-in-stock serial-not-in-stock
serial-cancelled serial-force-closed serial-reserved withdrawal-manual code-type-unknown code-part-missing code-too-long
progressive-exhausted movement-unknown movement-already-reversed reversal-impossible reservation-unknown
template-offset-invalid edit-field-unknown edit-not-allowed""".split()
FROM_DOCUMENT = ("purchase_delivery_note", "subcontract_return", "production_record")
DATES = {"start_date", "expiry_date"}
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


class Answer(NamedTuple):
    """What the sender is told. A lot is (code, quantity, generated, ordinal, serials)."""

    status: str
    codes: tuple[str, ...] = ()
    lots: tuple[Any, ...] = ()
    serials: tuple[str, ...] = ()


class Piece(NamedTuple):
    """One lot (or None) of a leg, with the serials that go with it; the quantity is in the management unit."""

    lot: str | None
    quantity: Fraction
    serials: tuple[str, ...]


class Leg(NamedTuple):
    """One side of a movement: what comes into or leaves one place."""

    direction: str
    warehouse: str
    location: str | None
    template: Form
    pieces: tuple[Piece, ...]


class NaiveLedger:
    """All that the ledger knows. Quantities are fractions, dates dates."""

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

    # Inputs

    def take(self, line: Form) -> Answer | None:
        """The answer to one line of a story; None for master data, which is taken as it is."""
        value = line["value"]
        match line["topic"]:
            case "master-data":
                self._master(line["record"], value)
                return None
            case "register-edits":
                return self._edit(value)
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
        change = Change(self, m, now)
        if before is not None:
            change.reasons.add("movement-id-reused")
        if _malformed(m):
            change.reasons.add("field-invalid")
        match m["action"]:
            case "post":
                change.post()
            case "reverse":
                change.reverse()
            case "reserve":
                change.reserve()
            case _:
                change.release()
        if change.reasons:
            return refused(change.reasons)
        answer = change.keep()
        self.taken[identity] = {"request": m, "answer": answer, "legs": change.legs, "reversed": False}
        return answer

    # Edits

    def _edit(self, e: Form) -> Answer:
        identity = (e["item_class"], e["item_code"], e["edit_id"])
        if identity in self.edits:
            if self.edits[identity] == e:
                return Answer("duplicate")
            return refused({"movement-id-reused"})
        item = self.items.get((e["item_class"], e["item_code"]))
        changes = e.get("changes") or {}
        if e["register"] == "lot":
            row = self.lots.get((e["item_class"], e["item_code"], e.get("variant") or "", e.get("lot_code") or ""))
            allowed, missing = LOT_EDITS, "lot-unknown"
        else:
            row = self.serials.get(
                (e["item_class"], e["item_code"], e.get("variant") or "", e.get("lot_code"), e.get("serial_code") or "")
            )
            allowed, missing = SERIAL_EDITS, "serial-not-in-stock"
        reasons = set()
        if item is None:
            reasons.add("item-unknown")
        elif row is None:
            reasons.add(missing)
        if not set(changes) <= allowed:
            reasons.add("edit-field-unknown")
        if item and set(changes) & DATES and item.get("expiry_editable") is False:
            reasons.add("edit-not-allowed")
        if reasons:
            return refused(reasons)
        assert item is not None
        assert row is not None
        for name, text in changes.items():
            if name in ("available", "closed", "cancelled", "force_closed", "reserved"):
                row[name] = text == "true"
            else:
                row[name] = date.fromisoformat(text) if name in DATES and text else text
        if e["register"] == "lot" and set(changes) & DATES:
            self.warnings(item, row)
        self.edits[identity] = e
        return Answer("done")

    def is_last(self, movement: tuple[str, str, str]) -> bool:
        """True where no later movement of its serials stands."""
        taken = self.taken.get(movement)
        if taken is None:
            return True
        scope = (*movement[:2], taken["request"].get("variant") or "")
        keys = [
            (*scope, piece.lot, serial) for leg in taken["legs"] for piece in leg.pieces for serial in piece.serials
        ]
        return all(self.documents[key][-1]["movement_id"] == movement[2] for key in keys if self.documents.get(key))

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
        rows = {}
        for lot, row in self.lots.items():
            totals = {name: Fraction(0) for name in ("loaded", "unloaded", "committed")}
            for key, stock in self.stock.items():
                if (*key[:2], key[2] or "", key[5]) == lot:
                    for name in totals:
                        totals[name] += stock[name]
            rows[lot] = {**row, **totals}
        return rows

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

    def committed(self, item: tuple[str, str], variant: str | None, warehouse: str, location: Any, lot: str | None,
                  but_for: Any) -> Fraction:  # fmt: skip
        """What is reserved there, but for a document (type, number)."""
        kept = Fraction(0)
        for key, row in self.reservations.items():
            here = key[:4] == (*item, variant, warehouse) and key[5] == lot and location in (None, (key[4],))
            if here and key[7:] != but_for:
                kept += row["committed"] - row["consumed"]
        return kept

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


def refused(reasons: set[str]) -> Answer:
    return Answer("refused", tuple(sorted(reasons, key=ORDER.index)))


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


class Change:
    """One movement on its way: all checks first, and `keep` only if no reason stands against it."""

    def __init__(self, ledger: NaiveLedger, m: Form, now: datetime) -> None:
        self.ledger, self.m, self.now = ledger, m, now
        self.reasons: set[str] = set()
        self.legs: list[Leg] = []
        self.draft = Draft(ledger.counters)
        self.where = (m["item_class"], m["item_code"])
        self.item: Form = ledger.items.get(self.where, {})
        self.variant: str | None = m.get("variant")
        self.scope = (*self.where, self.variant or "")
        self.day = date.fromisoformat(m["effective_date"])
        self.new_lots: dict[str, Form] = {}
        self.made: dict[Any, tuple[int, Any]] = {}
        """Key of a generated lot or serial → its ordinal and counter."""
        self.elsewhere: set[str] = set()
        """Codes that other items have. (choice) Only a movement that is taken otherwise asks for them."""
        self.lines: dict[str | None, Form] = {}
        """Lot code → the movement's line of it."""
        self.undone: Form | None = None
        self.answer: tuple[tuple[Any, ...], tuple[str, ...]] = ((), ())

    @property
    def supplier(self) -> str | None:
        account = self.ledger.accounts.get(self.m.get("account") or "")
        return account["code"] if account and account["kind"] == "supplier" else None

    # Checks, in the order of domain.md §3

    def post(self) -> None:
        m, item, ledger = self.m, self.item, self.ledger
        self._moment()
        for lot in m.get("lots", []):
            self._repeated(lot.get("serials", []))
        together = m["lots"][0].get("serials", []) if len(m.get("lots", [])) == 1 else []
        self._repeated([*m.get("serials", []), *(together if m.get("serials") else [])])
        warehouse = ledger.warehouses.get(m["warehouse"])
        template = ledger.templates.get((m["warehouse"], m.get("template", "")))
        self._known(warehouse, template)
        self._papers(template or {})
        factor = self._factor()
        quantity = self._quantity(m["quantity"], factor)
        lots = [{**lot, "amount": self._quantity(lot["quantity"], factor)} for lot in m.get("lots", [])]
        if not (item and warehouse and template):
            return
        location = m.get("location") or template.get("default_location")
        legs = self._legs(template, location)
        creates = template["direction"] == "load" and len(legs) == 1
        managed = bool(item.get("lot_managed") and template.get("lot_management"))
        lots = self._lots(lots, quantity, managed, creates)
        unfit = {"unit-unknown", "quantity-not-positive", "quantity-not-whole"}
        if item.get("serial_managed") and not self.reasons & unfit:
            self._count_serials(lots, template, creates)
        if self.reasons & unfit:
            return  # (choice) without a quantity nothing can be said of stock
        if managed and not lots and not creates:
            lots = self._withdraw(quantity, legs[0])
        pieces = [self._load_line(lot, managed, template) if creates else
                  Piece(lot.get("lot_code"), lot["amount"], tuple(lot.get("serials", []))) for lot in lots]  # fmt: skip
        told = [
            (piece.lot, piece.quantity, self._ordinal(piece.lot) is not None, self._ordinal(piece.lot), piece.serials)
            for piece in pieces
        ]
        self.answer = (tuple(told), ()) if managed else ((), tuple(s for piece in pieces for s in piece.serials))
        for direction, code, place, its in legs:
            self._leg(Leg(direction, code, place, its, tuple(pieces)), transfer=len(legs) > 1)
        self.reasons = self.reasons or self.elsewhere

    def _moment(self) -> None:
        occurred = self.m.get("occurred_at")
        if occurred and datetime.fromisoformat(occurred) > self.now + timedelta(minutes=5):
            self.reasons.add("time-in-future")

    def _repeated(self, serials: list[str]) -> None:
        if len(set(serials)) < len(serials):
            self.reasons.add("serial-repeated")

    def _known(self, warehouse: Form | None, template: Form | None) -> None:
        m, item = self.m, self.item
        if not item:
            self.reasons.add("item-unknown")
        elif self.variant and self.variant not in [v["variant"] for v in item.get("variants", [])]:
            self.reasons.add("variant-unknown")
        if warehouse is None:
            self.reasons.add("warehouse-unknown")
        elif template is None and m.get("template"):
            self.reasons.add("template-unknown")  # (choice) the templates of an unknown warehouse are not asked for
        location = m.get("location") or (template or {}).get("default_location")
        if warehouse and location and location not in [it["location"] for it in warehouse.get("locations", [])]:
            self.reasons.add("location-unknown")
        if m.get("account") and m["account"] not in self.ledger.accounts:
            self.reasons.add("account-unknown")

    def _papers(self, template: Form) -> None:
        m, company = self.m, self.ledger.company
        if template.get("mandatory_document") and not (m.get("document_type") and m.get("document_number")):
            self.reasons.add("document-missing")
        if template.get("mandatory_account") and not m.get("account"):
            self.reasons.add("account-missing")
        if m["effective_date"] < (company.get("open_from") or "") or m["effective_date"] > (
            company.get("open_to") or "9"
        ):
            self.reasons.add("date-outside-period")

    def _factor(self) -> Fraction | None:
        """Management units in one unit of the movement."""
        unit = self.m.get("unit")
        if unit is None or not self.item or unit == self.item["unit"]:
            return Fraction(1)
        for other in self.item.get("alternative_units", []):
            if other["unit"] == unit:
                factor = Fraction(other["factor"])
                return factor if other["operator"] == "multiply" else 1 / factor
        self.reasons.add("unit-unknown")
        return None

    def _quantity(self, text: str, factor: Fraction | None) -> Fraction:
        quantity = Fraction(text) * (factor or 1)
        if quantity <= 0:
            self.reasons.add("quantity-not-positive")
        elif factor and self.item and (quantity * 1_000_000).denominator != 1:
            self.reasons.add("quantity-not-whole")
        return quantity

    def _legs(self, template: Form, location: str | None) -> list[tuple[str, str, str | None, Form]]:
        """The sides of the movement, the unload first: direction, warehouse, location, template."""
        main = (template["direction"], self.m["warehouse"], location, template)
        if not template.get("offset_template"):
            return [main]
        warehouse = template.get("offset_warehouse") or self.m["warehouse"]
        offset = self.ledger.templates[warehouse, template["offset_template"]]
        other = (offset["direction"], warehouse, offset.get("default_location"), offset)
        return [other, main] if main[0] == "load" else [main, other]

    def _lots(self, lots: list[Form], quantity: Fraction, managed: bool, creates: bool) -> list[Form]:
        """A line for each lot, or one for the whole; none for an unload that is to be filled."""
        item, loose = self.item, self.m.get("serials", [])
        serials = [*loose, *(serial for lot in lots for serial in lot.get("serials", []))]
        if serials and not item.get("serial_managed") and (managed or loose):
            self.reasons.add("serial-not-managed")
        if not managed:
            if lots:
                self.reasons.add("lot-not-managed")
            # (choice) the serials of lots that should not be there are judged all the same
            return [{"amount": quantity, "serials": serials}]
        if not lots:
            if not creates:
                return []
            if not item.get("lot_code_type"):
                self.reasons.add("lot-missing")
                return []
            return [{"amount": quantity, "serials": loose}]
        if sum(Fraction(lot["quantity"]) for lot in lots) != Fraction(self.m["quantity"]):
            self.reasons.add("lot-quantities-differ")
        if any(lot.get("lot_code") is None for lot in lots) and not (creates and item.get("lot_code_type")):
            self.reasons.add("lot-missing")
        if loose and len(lots) > 1 and item.get("serial_managed"):
            self.reasons.add("field-invalid")  # (choice) nobody knows to which lot they belong
        elif loose:
            lots[0]["serials"] = [*lots[0].get("serials", []), *loose]
        return lots

    def _count_serials(self, lots: list[Form], template: Form, creates: bool) -> None:
        item = self.item
        makes = (creates and template.get("create_serials") and item.get("serial_generation") == "auto"
                 and item.get("serial_code_type"))  # fmt: skip
        for lot in lots:
            if lot["amount"].denominator != 1:
                self.reasons.add("quantity-not-whole")
                continue
            missing = int(lot["amount"]) - len(lot.get("serials", []))
            lot["makes"] = missing if makes and missing > 0 else 0
            if missing != lot["makes"]:
                self.reasons.add("serial-count-differs")

    def _withdraw(self, quantity: Fraction, leg: Any) -> list[Form]:
        """The lots that an unload takes which names none."""
        ledger, policy = self.ledger, self.item.get("withdrawal_policy", "manual")
        _, warehouse, location, template = leg
        if self.item.get("serial_managed"):
            return self._lots_of_serials(quantity, warehouse)
        if policy == "manual":
            self.reasons.add("withdrawal-manual")
            return []
        order = "start_date" if policy == "fifo" else "expiry_date"
        rows = sorted(
            ((row[order] or date.max, key[3], row) for key, row in ledger.lots.items() if key[:3] == self.scope),
            key=lambda it: it[:2],
        )
        left, lots = quantity, list[Form]()
        for _, code, row in rows:
            usable = template.get("allow_unavailable_lots") or not ledger.unusable(row, self.day)
            there = self._free(warehouse, location, code)
            if left > 0 and usable and not row["closed"] and there > 0:
                lots.append({"lot_code": code, "amount": min(left, there)})
                left -= lots[-1]["amount"]
        if left > 0:
            self.reasons.add("stock-insufficient")
            return []
        return lots

    def _lots_of_serials(self, quantity: Fraction, warehouse: str) -> list[Form]:
        """(choice) Of an item with serials, the lots are those in which the named serials are."""
        lots: dict[str, list[str]] = {}
        named = self.m.get("serials", [])
        for serial in dict.fromkeys(named):
            there = [key[3] for key, row in self.ledger.serials.items() if key[:3] == self.scope
                     and key[3] is not None and key[4] == serial and row["warehouse"] == warehouse]  # fmt: skip
            if len(there) == 1:
                lots.setdefault(str(there[0]), []).append(serial)
            else:
                self.reasons.add("lot-missing" if there else "serial-not-in-stock")
        if quantity.denominator != 1:
            self.reasons.add("quantity-not-whole")
        elif len(named) != quantity:
            self.reasons.add("serial-count-differs")
        return [{"lot_code": lot, "amount": Fraction(len(them)), "serials": them} for lot, them in lots.items()]

    def _free(self, warehouse: str, location: Any, lot: str | None) -> Fraction:
        """Stock that this movement may take there: not what other documents have reserved."""
        place = (location,) if self.ledger.warehouses[warehouse].get("check_location_stock") else None
        own = (self.m.get("document_type"), self.m.get("document_number"))
        return self.ledger.held(self.where, self.variant, warehouse, place, lot) - self.ledger.committed(
            self.where, self.variant, warehouse, place, lot, own
        )

    # A load of new goods, line by line: what is typed comes first, wherever it stands

    def _load_line(self, lot: Form, managed: bool, template: Form) -> Piece:
        item, code = self.item, lot.get("lot_code")
        serials = list(lot.get("serials", []))
        if managed and code is None:
            if item.get("lot_code_type"):
                code = self._generate_lot(lot)
            else:
                self._lot_row(lot)  # its dates are judged even so
            if code is None:
                return Piece(None, lot["amount"], ())
        elif managed:
            self._typed_lot(str(code), lot, template)
        self.lines[code] = lot
        row = self.new_lots.get(code or "") or self.ledger.lots.get((*self.scope, code or ""), {})
        for serial in serials:
            self._typed_serial(code, serial)
        for _ in range(lot.get("makes", 0)):
            made = self._generate_serial(code, row)
            if made is None:
                break
            serials.append(made)
        return Piece(code, lot["amount"], tuple(serials))

    def _typed_lot(self, code: str, lot: Form, template: Form) -> None:
        row = self.ledger.lots.get((*self.scope, code))
        if row is None:
            if self.ledger.lot_elsewhere(self.scope, code):
                self.elsewhere.add("lot-exists")
            self.new_lots[code] = self._lot_row(lot)
            return
        if not template.get("integrate_initial_quantity"):
            self.reasons.add("lot-exists")
        # (choice) a load that names no supplier is no load by another one
        if self.item.get("single_supplier") and None is not row["supplier"] != (self.supplier or row["supplier"]):
            self.reasons.add("lot-other-supplier")

    def _typed_serial(self, lot: str | None, serial: str) -> None:
        row = self.ledger.serials.get((*self.scope, lot, serial))
        if row is None:
            code_type = self.ledger.code_types.get(("serial", self.item.get("serial_code_type") or ""), {})
            if code_type.get("scope") == "company" and self.ledger.serial_elsewhere(self.scope, serial):
                self.elsewhere.add("serial-in-stock")
        elif row["state"] == "in_stock":
            self.reasons.add("serial-in-stock")

    def _generate_lot(self, lot: Form) -> str | None:
        company = self.ledger.company.get("lot_code_scope", "item") == "company"
        typed = {other.get("lot_code") for other in self.m.get("lots", [])}
        row = self._lot_row(lot, check=False)

        def used(code: str) -> bool:
            known = code in typed or code in self.new_lots or (*self.scope, code) in self.ledger.lots
            return known or self.ledger.lot_elsewhere(self.scope, code)

        found = self._next("lot", self.item["lot_code_type"], company, self._fields(lot, row), used)
        row = self._lot_row(lot)
        if found is None:
            return None
        code, ordinal, counter = found
        self.new_lots[code] = {**row, "ordinal": ordinal}
        self.made[*self.scope, code] = (ordinal, counter)
        return code

    def _generate_serial(self, lot: str | None, row: Form) -> str | None:
        name = self.item["serial_code_type"]
        company = self.ledger.code_types["serial", name].get("scope", "item") == "company"
        lines = [self.m, *self.m.get("lots", [])]
        typed = {serial for line in lines for serial in line.get("serials", [])} | {
            key[4] for key in self.made if len(key) == 5
        }

        def used(code: str) -> bool:
            known = code in typed or any(key[:3] == self.scope and key[4] == code for key in self.ledger.serials)
            return known or (company and self.ledger.serial_elsewhere(self.scope, code))

        found = self._next("serial", name, company, {**self._fields({}, row), "lot_code": lot}, used)
        if found is None:
            return None
        code, ordinal, counter = found
        self.made[*self.scope, lot, code] = (ordinal, counter)
        return code

    def _fields(self, lot: Form, row: Form) -> Form:
        """All that a code may show."""
        ledger, item = self.ledger, self.item
        zone = ZoneInfo(ledger.company.get("time_zone", "UTC"))
        supplier = ledger.accounts.get(self.supplier or "", {})
        own = ("item_class", "item_code", "item_type", "characteristic", "product_category")
        return {
            **{name: item.get(name) for name in own},
            "variant": self.variant, "insert": self.now.astimezone(zone).date(), "expiry": row.get("expiry_date"),
            "lot_type": lot.get("lot_type") or item.get("lot_type"), "supplier_lot": lot.get("supplier_lot"),
            "supplier_short_name": supplier.get("short_name"),
            "purchase_invoice_number": self._number("purchase_invoice", "purchase_invoice_number"),
            "delivery_note_number": self._number("purchase_delivery_note", "delivery_note_number"),
            "year_letters": ledger.year_letters, "month_letters": ledger.month_letters,
        }  # fmt: skip

    def _number(self, document_type: str, field: str) -> str | None:
        """(choice) The movement's own document, where it is such a one and the number is not given apart."""
        own = self.m.get("document_number") if self.m.get("document_type") == document_type else None
        return self.m.get(field) or own

    def _next(self, kind: str, name: str, company: bool, fields: Form, used: Any) -> tuple[str, int, Any] | None:
        """Code, ordinal and counter; where reasons stand against the movement already, only whether there is a code."""
        code_type = self.ledger.code_types[kind, name]
        counter = (kind, name, () if company else self.scope, root_of(code_type, fields))
        try:
            if self.reasons:
                compose(code_type, fields, self.draft.counter(counter)["next"])
                return None
            code, ordinal = self.draft.generate(counter, code_type, fields, used)
        except CannotCompose as failure:
            self.reasons.add(failure.code)
            return None
        self.draft.counter(counter)["last"] = code
        return code, ordinal, counter

    def _ordinal(self, lot: str | None) -> int | None:
        return self.made.get((*self.scope, lot), (None, None))[0]

    def _start(self, lot: Form) -> date:
        if lot.get("start_date"):
            return date.fromisoformat(lot["start_date"])
        if self.m.get("document_type") in FROM_DOCUMENT and self.m.get("document_date"):
            return date.fromisoformat(self.m["document_date"])
        return self.day

    def _expiry(self, start: date, days: int | None) -> date | None:
        if days is None:
            return None
        expiry = start + timedelta(days)
        match self.item.get("expiry_rule", "exact"):
            case "month_start":
                return expiry.replace(day=1)
            case "month_end":
                return expiry.replace(day=monthrange(expiry.year, expiry.month)[1])
        return expiry

    def _lot_row(self, lot: Form, check: bool = True) -> Form:
        start = self._start(lot)
        own = self._expiry(start, self.item.get("lot_validity_days"))
        expiry = date.fromisoformat(lot["expiry_date"]) if lot.get("expiry_date") else own
        fixed = self.item.get("expiry_editable") is False and own is not None
        if check and expiry and (expiry < start or (fixed and expiry != own)):
            self.reasons.add("field-invalid")
        single = len(self.m.get("lots", [])) < 2  # (choice) nobody knows whose packages they are
        row = {
            "code_type": self.item.get("lot_code_type"), "ordinal": None,
            "lot_type": lot.get("lot_type") or self.item.get("lot_type"), "supplier": self.supplier,
            "supplier_lot": lot.get("supplier_lot"), "customer_lot": lot.get("customer_lot"),
            "start_date": start, "expiry_date": expiry, "initial_quantity": lot["amount"],
            "packages": self.m.get("packages") if single else None, "notes": self.m.get("notes"),
            "label_type": None, "evaluation": None, "status": self.item.get("initial_lot_status"),
            "available": True, "closed": False,
        }  # fmt: skip
        self.ledger.warnings(self.item, row)
        return row

    # One leg

    def _leg(self, leg: Leg, transfer: bool) -> None:
        self.legs.append(leg)
        for piece in leg.pieces:
            if leg.direction == "unload":
                if piece.lot is None and leg.template.get("lot_management") and self.item.get("lot_managed"):
                    continue
                if piece.lot is not None and (*self.scope, piece.lot) not in self.ledger.lots:
                    self.reasons.add("lot-unknown")
                    continue
                self._may_leave(leg, piece)
            for serial in piece.serials if self.item.get("serial_managed") else ():
                if leg.direction == "unload" or not transfer:
                    self._serial_may_move(leg, piece, serial)

    def _may_leave(self, leg: Leg, piece: Piece) -> None:
        ledger = self.ledger
        if piece.lot is not None:
            row = ledger.lots[*self.scope, piece.lot]
            if row["closed"]:
                self.reasons.add("lot-closed")
            if not leg.template.get("allow_unavailable_lots"):
                self.reasons |= ledger.unusable(row, self.day)
        # The same lot may stand in two lines; what the first takes is not there for the second.
        wanted = (
            sum(it.quantity for it in leg.pieces[: leg.pieces.index(piece)] if it.lot == piece.lot) + piece.quantity
        )
        if not self._may_be_negative(leg, piece) and self._free(leg.warehouse, leg.location, piece.lot) < wanted:
            self.reasons.add("stock-insufficient")

    def _may_be_negative(self, leg: Leg, piece: Piece) -> bool:
        both = self.ledger.company.get("allow_negative_stock") and self.ledger.warehouses[leg.warehouse].get(
            "allow_negative_stock"
        )
        # (choice) a lot-managed item that is moved in bulk, without lots, is like one without
        return bool(both and piece.lot is None and not self.item.get("serial_managed"))

    def _serial_may_move(self, leg: Leg, piece: Piece, serial: str) -> None:
        row = self.ledger.serials.get((*self.scope, piece.lot, serial))
        if leg.direction == "unload":
            checks = self.ledger.warehouses[leg.warehouse].get("check_location_stock")
            here = row is not None and row["state"] == "in_stock" and row["warehouse"] == leg.warehouse
            if row is None or not here or (checks and row["location"] != leg.location):
                self.reasons.add("serial-not-in-stock")
        if row is None:
            return
        if row["cancelled"]:
            self.reasons.add("serial-cancelled")
        if row["force_closed"]:
            self.reasons.add("serial-force-closed")
        document = f"{self.m.get('document_type')}|{self.m.get('document_number') or ''}"
        mine = self.m.get("document_type") and row["reserved_for"] == document
        if row["reserved"] and not mine and not leg.template.get("allow_unavailable_lots"):
            self.reasons.add("serial-reserved")

    # Reversals

    def reverse(self) -> None:
        self._moment()
        if self.m.get("lots") or self.m.get("serials"):
            self.reasons.add("field-invalid")
        self._papers({})
        if self.m.get("reverses") is None:
            self.reasons.add("field-invalid")
            return
        original = self.ledger.taken.get((*self.where, self.m["reverses"]))
        if original is None:
            self.reasons.add("movement-unknown")
        elif original["reversed"]:
            self.reasons.add("movement-already-reversed")
        elif not original["legs"]:
            self.reasons.add("reversal-impossible")
        else:
            self.undone = original
            self.answer = original["answer"].lots, original["answer"].serials
            self.variant = original["request"].get("variant")
            self.scope = (*self.where, self.variant or "")
            for leg in original["legs"]:
                for piece in leg.pieces:
                    self._may_be_undone(leg, piece)

    def _may_be_undone(self, leg: Leg, piece: Piece) -> None:
        """What a load brought must be there; serials must be where the movement left them."""
        brought = sum(1 for other in self.undone["legs"] if other.direction == "load") if self.undone else 0
        limited = leg.direction == "load" and not self._may_be_negative(leg, piece)
        if limited and self._free(leg.warehouse, leg.location, piece.lot) < piece.quantity:
            self.reasons.add("reversal-impossible")
        for serial in piece.serials:
            row = self.ledger.serials.get((*self.scope, piece.lot, serial))
            if leg.direction == "load":
                place = (leg.warehouse, leg.location)
                there = row is not None and (row["warehouse"], row["location"]) == place and not row["reserved"]
            else:
                # The other side of a transfer is undone first.
                there = row is not None and (row["state"] == "out" or brought > 0)
            if not there:
                self.reasons.add("reversal-impossible")

    def _undo(self) -> None:
        ledger, original = self.ledger, self.undone
        assert original is not None
        original["reversed"] = True
        for leg in sorted(original["legs"], key=lambda leg: leg.direction != "load"):
            for piece in leg.pieces:
                loaded = "loaded" if leg.direction == "load" else "unloaded"
                ledger.stock[*self.where, self.variant, leg.warehouse, leg.location, piece.lot][loaded] -= (
                    piece.quantity
                )
                for serial in piece.serials:
                    self._undo_serial(leg, (*self.scope, piece.lot, serial), original["request"])
        for lot in {piece.lot for leg in original["legs"] for piece in leg.pieces if piece.lot is not None}:
            key = (*self.scope, lot)
            totals = ledger.lot_rows()[key]
            # (choice) the first load may have been the one undone: what is left of the loads bounds it
            ledger.lots[key]["initial_quantity"] = min(ledger.lots[key]["initial_quantity"], totals["loaded"])
            if not totals["loaded"] and not totals["unloaded"]:
                self._release(ledger.lots, key)

    def _undo_serial(self, leg: Leg, key: Any, request: Form) -> None:
        row, documents = self.ledger.serials[key], self.ledger.documents[key]
        documents.remove({"direction": leg.direction, **request})
        if leg.direction == "load":
            row.update(state="out", warehouse=None, location=None)
        else:
            row.update(state="in_stock", warehouse=leg.warehouse, location=leg.location)
        _first_document(row, documents)
        if not documents:
            self._release(self.ledger.serials, key)

    def _release(self, register: dict[Any, Form], key: Any) -> None:
        """A lot or serial without any document goes, and its code is free."""
        ordinal = register.pop(key)["ordinal"]
        counter = self.ledger.origin.pop(key, None)
        if counter is not None and self.ledger.code_types[counter[:2]].get("fill_gaps"):
            self.ledger.counters[counter]["free"].add(ordinal)

    # Reservations

    def reserve(self) -> None:
        raise NotImplementedError

    def release(self) -> None:
        raise NotImplementedError

    # Effects

    def keep(self) -> Answer:
        if self.undone is not None:
            self._undo()
            return Answer("done", (), *self.answer)
        ledger = self.ledger
        self.draft.keep()
        ledger.origin |= {key: counter for key, (_, counter) in self.made.items()}
        ledger.maker |= dict.fromkeys(self.made, (*self.where, self.m["movement_id"]))
        for code, row in self.new_lots.items():
            key = (*self.scope, code)
            row["generation"] = ledger.given[key] = ledger.given.get(key, 0) + 1
            ledger.lots[key] = row
        for leg in self.legs:
            for piece in leg.pieces:
                self._move(leg, piece)
        return Answer("done", (), *self.answer)

    def _move(self, leg: Leg, piece: Piece) -> None:
        ledger, load = self.ledger, leg.direction == "load"
        key = (*self.where, self.variant, leg.warehouse, leg.location, piece.lot)
        row = ledger.stock.setdefault(key, {"loaded": Fraction(0), "unloaded": Fraction(0), "committed": Fraction(0)})
        row["loaded" if load else "unloaded"] += piece.quantity
        if piece.lot is not None and load:
            lot = ledger.lots[*self.scope, piece.lot]
            lot["supplier"] = lot["supplier"] or self.supplier
        for serial in piece.serials:
            self._move_serial(leg, (*self.scope, piece.lot, serial))

    def _move_serial(self, leg: Leg, key: Any) -> None:
        ledger = self.ledger
        row = ledger.serials.get(key)
        if row is None:
            row = ledger.serials[key] = self._serial_row(key)
            row["generation"] = ledger.given[key] = ledger.given.get(key, 0) + 1
            ledger.documents[key] = []
        ledger.documents[key].append({"direction": leg.direction, **self.m})
        if leg.direction == "load":
            row.update(state="in_stock", warehouse=leg.warehouse, location=leg.location)
        else:
            row.update(state="out", warehouse=None, location=None)
        _first_document(row, ledger.documents[key])

    def _serial_row(self, key: Any) -> Form:
        lot = self.ledger.lots.get((*self.scope, key[3] or ""), {})
        start = self._start(self.lines.get(key[3], {}))
        return {
            "lot_type": lot.get("lot_type"), "lot_code_type": lot.get("code_type"),
            "ordinal": self.made.get(key, (None, None))[0], "serial_code_type": self.item.get("serial_code_type"),
            "start_date": start, "expiry_date": self._expiry(start, self.item.get("serial_validity_days")),
            "customer_code": None, "supplier_code": None, "supplier": self.supplier, "cancelled": False,
            "force_closed": False, "reserved": False, "reserved_for": None,
        }  # fmt: skip


def _first_document(row: Form, documents: list[Form]) -> None:
    """The document that took a serial first."""
    names = ("document_type", "document_number", "document_date")
    first = next((it for it in documents if it["direction"] == "unload" and any(it.get(name) for name in names)), {})
    for name in names:
        value = first.get(name)
        row[f"first_{name}"] = date.fromisoformat(value) if value and name == "document_date" else value
