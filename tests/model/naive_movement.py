"""One movement through the naive ledger: the checks of `domain.md` §3 in their order, then its effects."""

from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from tests.model.naive_codes import CannotCompose, Draft, Form, compose, root_of
from tests.model.naive_events import edge, happened, line, posting
from tests.model.naive_values import Answer, Leg, Piece, expiry

if TYPE_CHECKING:
    from tests.model.naive_ledger import NaiveLedger

FROM_DOCUMENT = ("purchase_delivery_note", "subcontract_return", "production_record")


class Change:
    """One movement on its way: all checks first, and `keep` only if no reason stands against it."""

    def __init__(self, ledger: "NaiveLedger", m: Form, now: datetime) -> None:
        self.ledger, self.m, self.now = ledger, m, now
        self.reasons: set[str] = set()
        self.legs: list[Leg] = []
        self.draft = Draft(ledger.counters)
        self.where = (m["item_class"], m["item_code"])
        self.item, self.pin, self.differs = ledger.as_pinned(self.where, now)
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
        self.consumed: list[tuple[Any, Fraction]] = []
        self.answer: tuple[tuple[Any, ...], tuple[str, ...]] = ((), ())
        self.told: list[int] = []
        """Numbers of the document lines that this has told."""
        self.posted: list[Form] = []
        self.edges: list[Form] = []

    @property
    def at(self) -> int:
        """When it happened, in milliseconds."""
        return happened(self.m, self.now, self.ledger.company.get("time_zone", "UTC"))

    @property
    def supplier(self) -> str | None:
        account = self.ledger.accounts.get(self.m.get("account") or "")
        return account["code"] if account and account["kind"] == "supplier" else None

    # Checks, in the order of domain.md §3

    def check(self) -> None:
        self.post()

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
        if m["action"] == "reserve":
            legs = legs[:1]
            if template["direction"] != "unload":
                return
        creates = template["direction"] == "load" and len(legs) == 1
        from_lots = bool(template.get("lot_from_lot")) and m["action"] == "post"
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
        for direction, code, place, its, side in legs[:1] if from_lots else legs:
            self._leg(Leg(direction, code, place, its, tuple(pieces), side), transfer=len(legs) > 1)
        if from_lots or (m.get("into_lot") is not None and m["action"] == "post"):
            into = self._into(pieces, template, managed)
            if into is not None:
                self._leg(Leg("load", m["warehouse"], location, template, (into,), "into"), transfer=True)
                pieces = [*pieces, into]
        told = [
            (piece.lot, piece.quantity, self._ordinal(piece.lot) is not None, self._ordinal(piece.lot), piece.serials)
            for piece in pieces
        ]
        self.answer = (tuple(told), ()) if managed else ((), tuple(s for piece in pieces for s in piece.serials))
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

    def _legs(self, template: Form, location: str | None) -> list[tuple[str, str, str | None, Form, str]]:
        """The sides of the movement, the unload first: direction, warehouse, location, template, which side."""
        main = (template["direction"], self.m["warehouse"], location, template, "main")
        if template.get("lot_from_lot"):
            return [main, ("load", *main[1:4], "into")]
        if not template.get("offset_template"):
            return [main]
        warehouse = template.get("offset_warehouse") or self.m["warehouse"]
        offset = self.ledger.templates[warehouse, template["offset_template"]]
        other = (offset["direction"], warehouse, offset.get("default_location"), offset, "offset")
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
        _, warehouse, location, template, _ = leg
        if self.item.get("serial_managed"):
            return self._lots_of_serials(quantity, warehouse)
        # What the movement's own document has reserved goes first.
        own: dict[str, Fraction] = {}
        for key in ledger.lots if self._document() and self.m["action"] == "post" else ():
            for kept, amount in self._kept(warehouse, location, key[3]) if key[:3] == self.scope else ():
                if kept[7:] == self._document():
                    own[key[3]] = own.get(key[3], Fraction(0)) + amount
        if policy == "manual" and sum(own.values()) < quantity:
            self.reasons.add("withdrawal-manual")
            return []
        order = {"fifo": "start_date", "fefo": "expiry_date"}.get(policy, "no date")
        undated = date.min if policy == "fifo" else date.max  # (choice)
        rows = sorted(
            ((row.get(order) or undated, key[3], row) for key, row in ledger.lots.items() if key[:3] == self.scope),
            key=lambda it: it[:2],
        )
        usable = [
            code for _, code, row in rows
            if not row["closed"] and (template.get("allow_unavailable_lots") or not ledger.unusable(row, self.day))
        ]  # fmt: skip
        left, taken = quantity, dict[str, Fraction]()
        free = {code: self._free(warehouse, location, code) for code in usable if policy != "manual"}
        for there in (own, free):
            for code in usable:
                amount = max(min(left, there.get(code, Fraction(0))), Fraction(0))
                if amount:
                    taken[code] = taken.get(code, Fraction(0)) + amount
                    left -= amount
        if left > 0:
            self.reasons.add("stock-insufficient")
            return []
        return [{"lot_code": code, "amount": amount} for code, amount in taken.items()]

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
        """Stock there that nobody has reserved."""
        kept = sum((amount for _, amount in self._kept(warehouse, location, lot)), Fraction(0))
        return self.ledger.held(self.where, self.variant, warehouse, self._place(warehouse, location), lot) - kept

    def _place(self, warehouse: str, location: Any) -> Any:
        return (location,) if self.ledger.warehouses[warehouse].get("check_location_stock") else None

    def _kept(self, warehouse: str, location: Any, lot: str | None) -> Any:
        place = self._place(warehouse, location)
        return self.ledger.reserved(self.where, self.variant, warehouse, place, lot)

    def _let_go(self, leg: Leg, piece: Piece) -> list[tuple[Any, Fraction]]:
        """Reservations that an unload consumes or, of pieces that it may take from another document, ends."""
        if self.item.get("serial_managed"):
            wanted = {serial: self.ledger.serials.get((*self.scope, piece.lot, serial), {}) for serial in piece.serials}
            return [
                (key, row["committed"] - row["consumed"])
                for key, row in self.ledger.reservations.items()
                if (*key[:2], key[2] or "") == self.scope and key[5] == piece.lot and key[6] in wanted
                and wanted[key[6]].get("reserved_for") == f"{key[7]}|{key[8]}"
            ]  # fmt: skip
        left, parts = piece.quantity, []
        for key, amount in self._kept(leg.warehouse, leg.location, piece.lot):
            if key[7:] == self._document() and left:
                parts.append((key, min(left, amount)))
                left -= min(left, amount)
        return parts

    def _document(self) -> tuple[str, str] | None:
        kind, number = self.m.get("document_type"), self.m.get("document_number")
        return (kind, number) if kind and number else None

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
        # (choice) serials of a lot that is not generated after all, as a code before it is another's, are not asked for
        if lot.get("lot_code") or not managed or not self.elsewhere:
            for serial in serials:
                self._typed_serial(code, serial)
        for _ in range(lot.get("makes", 0)):
            made = self._generate_serial(code, row)
            if made is None:
                break
            serials.append(made)
        return Piece(code, lot["amount"], tuple(serials))

    def _into(self, pieces: list[Piece], template: Form, managed: bool) -> Piece | None:
        """What is made of the lots that go out: all of them in one lot, with their serials."""
        code = self.m.get("into_lot")
        if not template.get("lot_from_lot") or (managed and code in [piece.lot for piece in pieces if piece.lot]):
            self.reasons.add("field-invalid")
            return None
        if not managed:
            self.reasons.add("lot-not-managed")
            return None
        lot: Form = {"lot_code": code, "amount": sum(piece.quantity for piece in pieces), "into": True}
        serials = tuple(serial for piece in pieces for serial in piece.serials)
        if len(pieces) > 1:
            self._repeated(list(serials))
        if code is None:
            code = self._generate_lot(lot) if self.item.get("lot_code_type") else None
            if not self.item.get("lot_code_type"):
                self.reasons.add("lot-missing")
            if code is None:
                return None
        elif (*self.scope, code) not in self.ledger.lots:
            if self.ledger.lot_elsewhere(self.scope, code):
                self.elsewhere.add("lot-exists")
            self.new_lots[code] = self._lot_row(lot)
        for serial in serials:
            self._typed_serial(code, serial)
        self.lines[code] = lot
        return Piece(code, lot["amount"], serials)

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

    def _lot_row(self, lot: Form, check: bool = True) -> Form:
        start = self._start(lot)
        by_rule = expiry(self.item, start, self.item.get("lot_validity_days"))
        end = date.fromisoformat(lot["expiry_date"]) if lot.get("expiry_date") else by_rule
        fixed = self.item.get("expiry_editable") is False and by_rule is not None
        if check and end and (end < start or (fixed and end != by_rule)):
            self.reasons.add("field-invalid")
        single = len(self.m.get("lots", [])) < 2 or lot.get("into")  # (choice) nobody knows whose packages they are
        row = {
            "code_type": self.item.get("lot_code_type"), "ordinal": None,
            "lot_type": lot.get("lot_type") or self.item.get("lot_type"), "supplier": self.supplier,
            "supplier_lot": lot.get("supplier_lot"), "customer_lot": lot.get("customer_lot"),
            "start_date": start, "expiry_date": end, "initial_quantity": lot["amount"],
            "packages": self.m.get("packages") if single else None, "notes": self.m.get("notes"),
            "label_type": None, "evaluation": None, "status": self.item.get("initial_lot_status"),
            "available": True, "closed": False,
        }  # fmt: skip
        self.ledger.warnings(self.item, row)
        return row

    # One leg

    def _leg(self, leg: Leg, transfer: bool) -> None:
        self.legs.append(leg)
        for number, piece in enumerate(leg.pieces):
            if leg.direction == "unload":
                if piece.lot is None and leg.template.get("lot_management") and self.item.get("lot_managed"):
                    continue
                if piece.lot is not None and (*self.scope, piece.lot) not in self.ledger.lots:
                    self.reasons.add("lot-unknown")
                    continue
                self._may_leave(leg, number, piece)
            for serial in piece.serials if self.item.get("serial_managed") else ():
                if leg.direction == "unload" or not transfer:
                    self._serial_may_move(leg, piece, serial)

    def _may_leave(self, leg: Leg, number: int, piece: Piece) -> None:
        ledger = self.ledger
        if piece.lot is not None:
            row = ledger.lots[*self.scope, piece.lot]
            if row["closed"]:
                self.reasons.add("lot-closed")
            if not leg.template.get("allow_unavailable_lots"):
                self.reasons |= ledger.unusable(row, self.day)
        # The same lot may stand in two lines; what the first takes is not there for the second.
        before = leg.pieces[:number] if self.m["action"] == "post" else ()
        wanted = sum(it.quantity for it in before if it.lot == piece.lot) + piece.quantity
        free = self._free(leg.warehouse, leg.location, piece.lot)
        if self.m["action"] == "post":
            here = [key for key, _ in self._kept(leg.warehouse, leg.location, piece.lot)]
            free += sum(amount for key, amount in self._let_go(leg, piece) if key in here)
        if not self._may_be_negative(leg, piece) and free < wanted:
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
        allowed = (mine or leg.template.get("allow_unavailable_lots")) and self.m["action"] == "post"
        if row["reserved"] and not allowed:
            self.reasons.add("serial-reserved")

    # Effects

    def keep(self) -> Answer:
        ledger = self.ledger
        self.draft.keep()
        # (choice) of a lot that was generated when its code type filled no gaps, the counter is not remembered
        ledger.origin |= {key: counter for key, (_, counter) in self.made.items()
                          if len(key) == 5 or ledger.code_types[counter[:2]].get("fill_gaps")}  # fmt: skip
        ledger.maker |= dict.fromkeys(self.made, (*self.where, self.m["movement_id"]))
        for code, row in self.new_lots.items():
            key = (*self.scope, code)
            row["generation"] = ledger.given[key] = ledger.given.get(key, 0) + 1
            ledger.lots[key] = row
        for leg in self.legs:
            for piece in leg.pieces:
                self._move(leg, piece)
        own = [leg for leg in self.legs if leg.side == "main"]
        one = len(own[0].pieces) == 1 and len(self.legs) == len([leg for leg in self.legs if leg.side != "into"])
        return Answer("done", (), *self.answer, self._stock_after(self.posted) if one else None, self._ids(self.legs))

    def _ids(self, legs: list[Leg]) -> tuple[str, ...]:
        own = self.m["movement_id"]
        return (own, f"{own}/offset") if any(leg.side == "offset" for leg in legs) else (own,)

    def _stock_after(self, posted: list[Form]) -> Fraction:
        """(choice) What stood in the row of the movement's own side, told where it is one row only."""
        return next(it["stock_after"] for it in posted if not it["offset"])  # type: ignore[no-any-return]

    def _tell_line(self, leg: Leg, direction: str, key: Any, quantity: Fraction) -> None:
        row = self.ledger.lots[key] if len(key) == 4 else self.ledger.serials[key]
        it = line(self.m, leg, direction, self.item["unit"], row, key, quantity, self.at)
        self.told.append(self.ledger.told(self.where).tell("register-history", it, self.now))

    def _tell_edges(self, leg: Leg, piece: Piece) -> None:
        """A side of a transformation: the other warehouse of a transfer moves the same goods and tells nothing."""
        flags = ("traceability", "lot_from_lot")
        traced = any(leg.template.get(name) for name in flags) or self.m.get("transformation_id") is not None
        if leg.side == "offset" or not traced:
            return
        role = "output" if leg.direction == "load" else "input"
        for serial in (None, *piece.serials) if piece.lot is not None or not piece.serials else piece.serials:
            quantity = Fraction(1) if serial else piece.quantity
            it = edge(self.m, role, piece.lot, serial, quantity, self.at)
            self.edges.append(it)
            self.ledger.told(self.where).tell("lineage", it, self.now)

    def _move(self, leg: Leg, piece: Piece) -> None:
        ledger, load = self.ledger, leg.direction == "load"
        key = (*self.where, self.variant, leg.warehouse, leg.location, piece.lot)
        for kept, amount in [] if load else self._let_go(leg, piece):
            self.consumed.append((kept, amount))
            if kept[7:] == self._document():
                ledger.reservations[kept]["consumed"] += amount
            else:
                self._end(kept, amount)
        row = ledger.stock.setdefault(key, {"loaded": Fraction(0), "unloaded": Fraction(0)})
        row["loaded" if load else "unloaded"] += piece.quantity
        if piece.lot is not None and load:
            lot = ledger.lots[*self.scope, piece.lot]
            lot["supplier"] = lot["supplier"] or self.supplier
        if piece.lot is not None:
            self._tell_line(leg, leg.direction, (*self.scope, piece.lot), piece.quantity)
        for serial in piece.serials:
            self._move_serial(leg, (*self.scope, piece.lot, serial))
            self._tell_line(leg, leg.direction, (*self.scope, piece.lot, serial), Fraction(1))
        after = row["loaded"] - row["unloaded"]
        unit = self.item["unit"]
        self.posted.append(posting(self.m, leg, unit, piece.lot, piece.quantity, after, self.at))
        ledger.told(self.where).tell("postings", self.posted[-1], self.now)
        self._tell_edges(leg, piece)

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
            row.update(state="out", warehouse=None, location=None, reserved=False, reserved_for=None)
        first_document(row, ledger.documents[key])

    def _serial_row(self, key: Any) -> Form:
        lot = self.ledger.lots.get((*self.scope, key[3] or ""), {})
        start = self._start(self.lines.get(key[3], {}))
        return {
            "lot_type": lot.get("lot_type"), "lot_code_type": lot.get("code_type"),
            "ordinal": self.made.get(key, (None, None))[0], "serial_code_type": self.item.get("serial_code_type"),
            "start_date": start, "expiry_date": expiry(self.item, start, self.item.get("serial_validity_days")),
            "customer_code": None, "supplier_code": None, "supplier": self.supplier, "cancelled": False,
            "force_closed": False, "reserved": False, "reserved_for": None,
        }  # fmt: skip

    def _end(self, key: Any, amount: Fraction) -> None:
        row = self.ledger.reservations[key]
        row["committed"] -= amount
        if not row["committed"]:
            del self.ledger.reservations[key]


def first_document(row: Form, documents: list[Form]) -> None:
    """The document that reserved or took a serial first."""
    names = ("document_type", "document_number", "document_date")
    first = next((it for it in documents if it["direction"] != "load" and any(it.get(name) for name in names)), {})
    for name in names:
        value = first.get(name)
        row[f"first_{name}"] = date.fromisoformat(value) if value and name == "document_date" else value
