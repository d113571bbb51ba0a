"""A seeded teller of stories: lines as `lotstream simulate` reads them, of a company that differs from seed to seed.

The teller keeps a naive ledger beside it, so that what it tells is mostly possible: it unloads what is there, reverses
what was posted. Some of it is wrong on purpose.
"""

import copy
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from tests.model.naive_codes import Form
from tests.model.naive_ledger import NaiveLedger

Line = Form

FEATURES = {
    "withdrawal": True,
    "offset": True,
    "lot-from-lot": True,
    "reverse": True,
    "reverse-any-serial": True,
    "free-by-any-reversal": True,
    "reserve": True,
    "edits": True,
}
"""What the ledger can do of the domain; what it cannot yet is not told."""

WEIGHTS = {
    "load": 40, "unload": 30, "withdraw": 8, "transfer": 10, "lot-from-lot": 6, "reverse": 10, "reserve": 6,
    "release": 4, "take": 5, "edit": 8, "master": 3, "again": 4, "reused": 2, "broken": 6,
}  # fmt: skip
NEEDS = {"withdraw": "withdrawal", "transfer": "offset", "lot-from-lot": "lot-from-lot", "reverse": "reverse",
         "reserve": "reserve", "release": "reserve", "take": "reserve", "edit": "edits"}  # fmt: skip
DOCUMENTS = ("other", "purchase_delivery_note", "production_record", "sales_delivery_note", "customer_order", "return")


class Teller:
    """One story. `company_wide`: codes of lots and serials may be unique across the company."""

    def __init__(self, seed: int, company_wide: bool = False) -> None:
        self.draw = random.Random(seed)
        self.company_wide = company_wide
        self.ledger = NaiveLedger()
        self.lines: list[Line] = []
        self.sent: list[Line] = []
        """The movements and edits among the lines."""
        start = self.draw.choice(
            ["2026-03-30T20:00:00+00:00", "2026-12-31T18:00:00+00:00", "2026-06-10T08:00:00+00:00"]
        )
        self.now = datetime.fromisoformat(start)
        for record, values in self._company():
            for value in values:
                self._master(record, value)

    def tell(self, steps: int) -> list[Line]:
        actions = [action for action in WEIGHTS if FEATURES.get(NEEDS.get(action, ""), True)]
        for _ in range(steps):
            (action,) = self.draw.choices(actions, [WEIGHTS[action] for action in actions])
            getattr(self, "_tell_" + action.replace("-", "_"))()
        return self.lines

    # The company

    def _company(self) -> Iterator[tuple[str, list[Form]]]:
        """Master data in an order in which each record finds what it names."""
        draw, many = self.draw, self.draw.random
        day = self.now.date()
        scope = "company" if self.company_wide and many() < 0.7 else "item"
        yield "Company", [{
            "open_from": str(day - timedelta(20)), "open_to": str(day + timedelta(60)), "lot_code_scope": scope,
            "allow_negative_stock": many() < 0.5, "time_zone": draw.choice(["UTC", "Europe/Rome", "America/New_York"]),
        }]  # fmt: skip
        yield "YearLetter", [{"value": 2026, "letter": "F"}, {"value": 2027, "letter": "G"}]
        yield "MonthLetter", [{"value": month, "letter": "ABCDEFGHIJKL"[month - 1]} for month in range(1, 12)]
        yield (
            "LotStatus",
            [
                {"code": code, "description": "", "available": code == "OK", "available_for_mrp": True}
                for code in ("OK", "HOLD")
            ],
        )
        accounts = (("S1", "ROSSI", "supplier"), ("S2", "ROSA", "supplier"), ("C1", "SHOP", "customer"))
        yield (
            "Account",
            [{"code": code, "description": "", "short_name": name, "kind": kind} for code, name, kind in accounts],
        )
        shelves: list[Form] = [{"location": place, "description": ""} for place in "AB"]
        places: list[tuple[str, bool, list[Form]]] = [("W1", False, []), ("W2", True, shelves), ("W3", False, shelves)]
        yield "Warehouse", [
            {"code": code, "description": "", "allow_negative_stock": many() < 0.5, "check_location_stock": checks,
             "locations": locations} for code, checks, locations in places
        ]  # fmt: skip
        yield "Template", [it for code, _, _ in places for it in self._templates(code)]
        yield "CodeType", self._code_types(scope)
        yield "Item", self._items()

    def _templates(self, warehouse: str) -> list[Form]:
        many = self.draw.random
        on: Form = {"lot_management": True}
        more = {"create_serials": True, "integrate_initial_quantity": many() < 0.3, "traceability": many() < 0.3}
        default = "A" if warehouse != "W1" and many() < 0.4 else None
        papers = {"mandatory_document": True, "mandatory_account": True}
        some: list[Form] = [
            {"code": "IN", "direction": "load", **on, **more, "default_location": default},
            {"code": "ADD", "direction": "load", **on, **more, "integrate_initial_quantity": True},
            {"code": "TYP", "direction": "load", **on},
            {"code": "DOC", "direction": "load", **on, "create_serials": True, **papers},
            {"code": "OUT", "direction": "unload", **on, "default_location": default, "traceability": many() < 0.3},
            {"code": "ANY", "direction": "unload", **on, "allow_unavailable_lots": True},
        ]  # fmt: skip
        if many() < 0.5:
            some += [{"code": "BLK", "direction": "load"}, {"code": "BUN", "direction": "unload"}]
        if FEATURES["offset"]:
            for other in ("W1", "W2", "W3"):
                offset = {"offset_warehouse": other, "offset_template": "IN"}
                some.append({"code": f"T{other[1]}", "direction": "unload", **on, **offset})
            some.append({"code": "GET", "direction": "load", **on, "offset_warehouse": "W1", "offset_template": "OUT"})
        if FEATURES["lot-from-lot"]:
            some.append(
                {"code": "LFL", "direction": "unload", **on, "lot_from_lot": True, "traceability": many() < 0.5}
            )
        return [{"warehouse": warehouse, "description": "", **it} for it in some]

    def _code_types(self, scope: str) -> list[Form]:
        """Where codes are unique across the company, only one pattern: the judge lets no two overlap."""
        draw, many = self.draw, self.draw.random
        small, day = draw.choice([1, 2, 3]), ("year", "month", "day")
        lots: list[Form] = [
            {"code": "SEQ", "parts": [part("number", small, "0")]},
            {"code": "END", "parts": [part("item_code", 2), part("number", 1)], "start_number": 7},
            {"code": "LET", "parts": [part("letters", 1), part("number", 1)], "start_letters": "X", "start_number": 5},
            {"code": "DAY", "parts": [*(part(f"insert_{it}", 2) for it in day), part("number", 2, "0")],
             "root": [f"insert_{it}" for it in day]},
            {"code": "EXP", "parts": [part("year_letter"), part("month_letter", 1, "-"), part("expiry_month", 2, "0"),
                                      part("letters")], "root": ["expiry_month"]},
            {"code": "SUP", "parts": [part("supplier_short_name", 3, "*"), part("supplier_lot"),
                                      part("number", 3, "0")], "root": ["supplier_short_name"]},
            {"code": "ITM", "parts": [part("item_class"), part("variant", 3, "-"), part("lot_type", 1, "#"),
                                      part("number")], "start_number": 98, "root": ["lot_type"]},
            {"code": "DOC", "parts": [part("delivery_note_number", 4, "0"), part("purchase_invoice_number", 1, "x"),
                                      part("letters", 2), part("number", 1)], "root": ["insert_year"]},
        ]  # fmt: skip
        serials: list[Form] = [
            {"code": "SN", "parts": [part("item_code", 2), part("number", 3, "0")]},
            {
                "code": "LOT",
                "parts": [part("lot_code", 4, "-"), part("letters", 1), part("number", 1)],
                "root": ["lot_code"],
            },
        ]
        if scope == "company":
            lots = [draw.choice(lots)]
        if self.company_wide:
            serials = [{**serials[0], "scope": "company"}]
        return [
            {"kind": kind, "description": "", "fill_gaps": many() < 0.5, **it}
            for kind, them in (("lot", lots), ("serial", serials))
            for it in them
        ]

    def _items(self) -> list[Form]:
        draw, many = self.draw, self.draw.random
        lot_types = [code for kind, code in self.ledger.code_types if kind == "lot"]
        serial_types = [code for kind, code in self.ledger.code_types if kind == "serial"]
        items: list[Form] = []
        for code, lots, serials in (("SALT", False, False), ("MILK", True, False), ("HAM", True, False),
                                    ("PUMP", False, True), ("SAW", False, True), ("TYRE", True, True)):  # fmt: skip
            item: Form = {
                "item_class": "FG", "item_code": code, "description": "", "unit": "KG", "lot_managed": lots,
                "serial_managed": serials, "product_category": "CAT",
                "withdrawal_policy": draw.choice(["fifo", "fefo", "fefo", "manual"]) if lots else "manual",
                "serial_generation": draw.choice(["auto", "auto", "manual"]) if serials else "manual",
                "lot_code_type": None, "serial_code_type": draw.choice(serial_types) if serial_types else None,
                "variants": [{"variant": it, "description": ""} for it in ("RED", "BLU")] if many() < 0.5 else [],
                "alternative_units": [
                    {"unit": "BOX", "factor": "2.5", "operator": "multiply"},
                    {"unit": "G", "factor": "1000", "operator": "divide"},
                    {"unit": "PAL", "factor": "4", "operator": "multiply"},
                    {"unit": "THI", "factor": "3", "operator": "divide"},
                ],
            }  # fmt: skip
            if lots:
                item |= {
                    "lot_validity_days": draw.choice([None, 10, 30]), "warn_days": draw.choice([None, 5]),
                    "block_days": draw.choice([None, 0, 7]), "single_supplier": many() < 0.3,
                    "expiry_rule": draw.choice(["exact", "month_start", "month_end"]), "expiry_editable": many() < 0.7,
                    "initial_lot_status": draw.choice([None, "OK", "OK"]), "lot_type": draw.choice([None, "P"]),
                    "lot_code_type": draw.choice([None, *lot_types * 2]) if lot_types else None,
                }  # fmt: skip
            if serials:
                item |= {
                    "serial_validity_days": draw.choice([None, 365]),
                    "serial_code_type": draw.choice(serial_types),
                }
            items.append(item)
        return items

    # The lines

    def _send(self, topic: str, value: Form) -> None:
        self.now += timedelta(seconds=self.draw.choice([1, 20, 300, 3600]))
        line = {"topic": topic, "value": value, "time": moment(self.now)}
        self.lines.append(line)
        self.sent.append(line)
        self.ledger.take(line)

    def _master(self, record: str, value: Form) -> None:
        self.now += timedelta(seconds=1)
        line = {"topic": "master-data", "record": record, "value": value, "time": moment(self.now)}
        self.lines.append(line)
        self.ledger.take(line)

    def _movement(self, item: Form, warehouse: str, template: str, **fields: Any) -> Form:
        draw = self.draw
        variants = [None, None, *(it["variant"] for it in item["variants"])]
        movement: Form = {
            "movement_id": f"m{len(self.lines)}", "action": "post", "item_class": "FG", "item_code": item["item_code"],
            "variant": draw.choice(variants), "warehouse": warehouse, "template": template,
            "location": draw.choice([None, "A", "B"]) if warehouse != "W1" else None,
            "effective_date": str(self.now.date() - timedelta(draw.choice([0, 0, 0, 1, 2, 5]))),
        }  # fmt: skip
        if draw.random() < 0.6:
            movement["document_type"] = draw.choice(DOCUMENTS)
            movement["document_number"] = f"D{draw.randrange(4)}"
            movement["document_date"] = str(self.now.date() - timedelta(draw.choice([0, 3, 30])))
        if draw.random() < 0.6:
            movement["account"] = draw.choice(["S1", "S1", "S2", "C1"])
        if draw.random() < 0.2:
            movement |= {"packages": 3, "notes": "n", "delivery_note_number": "77", "purchase_invoice_number": "9"}
        if draw.random() < 0.2:
            movement |= {"unit_cost": draw.choice(["1.5", "0.000001"]), "project": "P1", "user": "me"}
        if draw.random() < 0.15:
            movement["transformation_id"] = draw.choice(["T1", "T|2"])
        if draw.random() < 0.15:
            movement["occurred_at"] = moment(self.now - timedelta(minutes=draw.choice([1, 600, 4000])))
        return {name: value for name, value in {**movement, **fields}.items() if value is not None}

    def _item(self) -> Form:
        return self.draw.choice(list(self.ledger.items.values()))

    def _tell_load(self) -> None:
        draw, item = self.draw, self._item()
        template = draw.choice(["IN", "IN", "IN", "ADD", "ADD", "DOC", "TYP", "BLK"])
        warehouse = draw.choice(["W1", "W1", "W2", "W3"])
        if (warehouse, template) not in self.ledger.templates:
            template = "ADD"
        m = self._movement(item, warehouse, template)
        if template == "DOC" and draw.random() < 0.7:
            m |= {"document_type": "stock_record", "document_number": "D9", "account": "S1"}
        pieces = draw.randrange(1, 4)
        m["quantity"] = str(pieces)
        if not item["serial_managed"] and draw.random() < 0.3:
            m |= {
                "unit": draw.choice(["BOX", "G", "THI", "PAL"]),
                "quantity": draw.choice(["1", "2", "0.5", "1.000001", "3"]),
            }
        # Where none can be generated, all serials are typed, mostly.
        makes = item["serial_generation"] == "auto" and template not in ("TYP", "BLK")
        all_typed = item["serial_managed"] and (draw.random() < 0.1 if makes else draw.random() < 0.9)
        if item["lot_managed"] and template != "BLK" and (draw.random() < 0.7 or not item["lot_code_type"]):
            m["lots"] = self._lots_of(item, m["quantity"])
            for lot in m["lots"]:
                most = int(Fraction(lot["quantity"]))
                if all_typed or (item["serial_managed"] and draw.random() < 0.2):
                    lot["serials"] = self._typed(item, most if all_typed else draw.randrange(1, most + 1))
        elif all_typed or (item["serial_managed"] and draw.random() < 0.2):
            m["serials"] = self._typed(item, pieces if all_typed else draw.randrange(1, pieces + 1))
        self._send("movements", m)

    def _lots_of(self, item: Form, quantity: str) -> list[Form]:
        draw, amounts = self.draw, [quantity]
        known = [key[3] for key in self.ledger.lots if key[1] == item["item_code"]] or ["L1"]
        if Fraction(quantity).denominator == 1 and int(quantity) > 1 and draw.random() < 0.5:
            amounts = ["1", str(int(quantity) - 1)]
        lots: list[Form] = []
        for amount in amounts:
            lot: Form = {"quantity": amount}
            none = None if item["lot_code_type"] else "L4"
            code = draw.choice(
                [
                    none,
                    none,
                    none,
                    draw.choice(known),
                    "L1",
                    "L2",
                    "L3",
                    f"{draw.randrange(4):02d}",
                    f"X{draw.randrange(5, 9)}",
                ]
            )
            if code and code not in [it.get("lot_code") for it in lots]:
                lot["lot_code"] = code
            if draw.random() < 0.3:
                lot["supplier_lot"] = draw.choice(["SL1", "SL2"])
            if draw.random() < 0.2:
                lot |= {"lot_type": "Q", "start_date": str(self.now.date() - timedelta(2))}
            if draw.random() < 0.2:
                lot["expiry_date"] = str(self.now.date() + timedelta(draw.choice([-40, 2, 8, 40])))
            lots.append(lot)
        return lots

    def _typed(self, item: Form, count: int) -> list[str]:
        gone = [
            key[4] for key, row in self.ledger.serials.items() if key[1] == item["item_code"] and row["state"] == "out"
        ]
        pool = gone[-6:] + [f"H{n}" for n in range(6)] + [f"{item['item_code'][:2]}{n:03d}" for n in range(12)]
        return self.draw.sample(list(dict.fromkeys(pool)), count)

    def _there(self) -> tuple[Form, tuple[Any, ...], Fraction] | None:
        """Something in stock: its item, its place (warehouse, location, lot) and how much."""
        rows = [(key, row["loaded"] - row["unloaded"]) for key, row in self.ledger.stock.items()]
        rows = [row for row in rows if row[1] > 0]
        if not rows:
            return None
        key, stock = self.draw.choice(rows)
        return self.ledger.items[key[:2]], key[2:], stock

    def _leaving(self, template: str, **fields: Any) -> Form | None:
        """A movement that takes something which is there (mostly)."""
        draw, found = self.draw, self._there()
        if found is None:
            return None
        item, (variant, warehouse, location, lot), stock = found
        m = self._movement(item, warehouse, template, variant=variant, **fields)
        m.pop("location", None)
        m.pop("variant", None)
        m |= {name: value for name, value in (("location", location), ("variant", variant)) if value}
        if draw.random() < 0.1:
            m.pop("location", None)
        amount = min(stock, Fraction(draw.randrange(1, 4)))
        if draw.random() < 0.06:
            amount += draw.choice([1, 2, 50])
        held = [key for key, row in self.ledger.serials.items()
                if key[:4] == ("FG", item["item_code"], variant or "", lot) and row["warehouse"] == warehouse
                and (row["location"] == location or draw.random() < 0.1)]  # fmt: skip
        serials = [key[4] for key in draw.sample(held, min(len(held), int(amount)))] if item["serial_managed"] else []
        if serials and draw.random() < 0.04:
            serials[0] = draw.choice(["H0", "H1", "PU001", serials[-1]])
        text = decimal(amount)
        if lot is not None:
            m["lots"] = [{"lot_code": lot, "quantity": text, "serials": serials}]
            if not serials:
                del m["lots"][0]["serials"]
        elif serials:
            m["serials"] = serials
        m["quantity"] = text
        if not item["serial_managed"] and draw.random() < 0.15 and (amount / Fraction("2.5") * 10**6).denominator == 1:
            m["quantity"], m["unit"] = decimal(amount / Fraction("2.5")), "BOX"
            for each in m.get("lots", []):
                each["quantity"] = m["quantity"]
        return m

    def _tell_unload(self) -> None:
        m = self._leaving(self.draw.choice(["OUT", "OUT", "OUT", "ANY"]))
        if m:
            if not m.get("lots") and (m["warehouse"], "BUN") in self.ledger.templates and self.draw.random() < 0.5:
                m["template"] = "BUN"
            self._send("movements", m)

    def _tell_withdraw(self) -> None:
        m = self._leaving("OUT")
        if m:
            m["quantity"] = decimal(Fraction(m["quantity"]) + self.draw.choice([0, 0, 1, 2]))
            m.pop("serials" if self.draw.random() < 0.3 else "", None)
            m.pop("lots", None)
            self._send("movements", m)

    def _tell_transfer(self) -> None:
        if self.draw.random() < 0.15:
            found = self._leaving("GET")
            if found:
                found |= {"warehouse": self.draw.choice(["W2", "W3"]), "location": "B"}
                self._send("movements", found)
            return
        m = self._leaving(f"T{self.draw.choice('123')}")
        if m:
            self._send("movements", m)

    def _tell_lot_from_lot(self) -> None:
        m = self._leaving("LFL")
        if m:
            self._another_lot(m)
            target = self.draw.choice([None, "L1", "L2", "MIX", "MIX2"])
            if target:
                m["into_lot"] = target
            self._send("movements", m)

    def _another_lot(self, m: Form) -> None:
        """Take from a second lot that is in the same place, if there is one."""
        place = ("FG", m["item_code"], m.get("variant"), m["warehouse"], m.get("location"))
        named = [lot["lot_code"] for lot in m.get("lots", [])]
        rows = self.ledger.stock.items()
        others = [key[5] for key, row in rows if key[:5] == place and row["loaded"] - row["unloaded"] >= 1]
        others = [lot for lot in others if lot not in (None, *named)]
        if not named or not others or m.get("unit") or self.draw.random() < 0.4:
            return
        lot: Form = {"lot_code": self.draw.choice(others), "quantity": "1"}
        if self.ledger.items["FG", m["item_code"]]["serial_managed"]:
            held = [key[4] for key, row in self.ledger.serials.items()
                    if key[:4] == ("FG", m["item_code"], m.get("variant") or "", lot["lot_code"])
                    and (row["warehouse"], row["location"]) == (m["warehouse"], m.get("location"))]  # fmt: skip
            lot["serials"] = held[:1]
        m["lots"].append(lot)
        m["quantity"] = decimal(Fraction(m["quantity"]) + 1)

    def _tell_reverse(self) -> None:
        posted = [line for line in self.sent if line["topic"] == "movements"]
        if self.draw.random() < 0.85:  # one that was taken
            posted = [{"value": it["request"]} for it in self.ledger.taken.values()]
        if not posted:
            return
        original = self.draw.choice(posted[-25:])["value"]
        identity = (original["item_class"], original["item_code"], original["movement_id"])
        if not FEATURES["reverse-any-serial"] and not self.ledger.is_last(identity):
            return
        if not FEATURES["free-by-any-reversal"] and not self.ledger.made_what_it_moved(identity):
            return
        self._send("movements", {
            "movement_id": f"m{len(self.lines)}", "action": "reverse",
            "reverses": original["movement_id"] if self.draw.random() < 0.97 else "nobody", "item_class": "FG",
            "item_code": original["item_code"], "effective_date": str(self.now.date()),
        })  # fmt: skip

    def _tell_reserve(self) -> None:
        draw = self.draw
        m = self._leaving(draw.choice(["OUT", "OUT", "OUT", "ANY", "IN"] if draw.random() < 0.3 else ["OUT"]))
        if m:
            m |= {"action": "reserve", "document_type": "customer_order", "document_number": f"D{draw.randrange(4)}"}
            if draw.random() < 0.2:
                m.pop("lots", None)  # chosen by the policy
            self._send("movements", m)

    def _tell_take(self) -> None:
        """An unload by the document that reserved."""
        draw = self.draw
        kept = [key for key, row in self.ledger.reservations.items() if row["committed"] > row["consumed"]]
        m = self._leaving(draw.choice(["OUT", "OUT", "ANY"]))
        if not kept or not m:
            return
        key = draw.choice(kept)
        for name, part in zip(("item_code", "variant", "warehouse", "location"), key[1:5], strict=True):
            m.pop(name, None)
            m |= {name: part} if part else {}
        m |= {"document_type": key[7], "document_number": key[8], "quantity": draw.choice(["1", "1", "2"])}
        for name in ("lots", "serials", "unit"):
            m.pop(name, None)
        if key[6]:
            m |= {"serials": [key[6]], "quantity": "1"}
        elif key[5] and draw.random() < 0.6:
            m["lots"] = [{"lot_code": key[5], "quantity": m["quantity"]}]
        self._send("movements", m)

    def _tell_release(self) -> None:
        draw = self.draw
        reserved = [line["value"] for line in self.sent if line["value"].get("action") == "reserve"]
        if not reserved:
            return
        m = {**copy.deepcopy(draw.choice(reserved[-10:])), "movement_id": f"m{len(self.lines)}", "action": "release"}
        for names in (("lots", "serials"), ("quantity", "unit"), ("warehouse",), ("location",), ("template",)):
            if draw.random() < 0.5:
                for name in names:
                    m.pop(name, None)
        self._send("movements", m)

    def _tell_edit(self) -> None:
        draw, ledger = self.draw, self.ledger
        dates: list[tuple[str, str | None]] = [
            (name, str(self.now.date() + timedelta(days))) for name in ("start_date", "expiry_date") for days in (0, 9)
        ]
        dates += [("start_date", None), ("expiry_date", None)]
        flags = [(name, value) for name in ("available", "closed") for value in ("true", "true", "false")]
        marks = [
            (name, value) for name in ("cancelled", "force_closed", "reserved") for value in ("true", "false", "false")
        ]
        if draw.random() < 0.5 and ledger.serials:
            key: Any = draw.choice(list(ledger.serials))
            name, value = draw.choice(
                [*marks, *dates, ("customer_code", "CC"), ("supplier_code", None), ("colour", "red")]
            )
            changes: Form = {name: value}
            if name == "reserved" and draw.random() < 0.7:
                changes["reserved_for"] = f"customer_order|D{draw.randrange(4)}" if value == "true" else None
            form = {"register": "serial", "lot_code": key[3], "serial_code": key[4], "changes": changes}
        elif ledger.lots:
            key = draw.choice(list(ledger.lots))
            texts = [("notes", "new"), ("supplier_lot", None), ("evaluation", "good"), ("size", "1")]
            texts += [("status", code) for code in ("HOLD", "OK", "NONE")]
            name, value = draw.choice([*flags, *dates, *texts])
            form = {"register": "lot", "lot_code": key[3], "changes": {name: value}}
        else:
            return
        form |= {"edit_id": f"e{len(self.lines)}", "item_class": key[0], "item_code": key[1], "variant": key[2] or None,
                 "edited_by": "me"}  # fmt: skip
        if draw.random() < 0.05:
            form["lot_code"] = "NONE"
        if draw.random() < 0.2:
            form["edited_at"] = moment(self.now - timedelta(minutes=3))
        self._send("register-edits", {name: value for name, value in form.items() if value is not None})

    def _tell_master(self) -> None:
        draw, item = self.draw, copy.deepcopy(self._item())
        if draw.random() < 0.4:
            self._tell_rule()
            return
        gone = [key[:2] for key, row in self.ledger.stock.items() if row["loaded"] == row["unloaded"]]
        if gone and draw.random() < 0.4:
            item = copy.deepcopy(self.ledger.items[draw.choice(gone)])
        if draw.random() < 0.3:
            status = copy.deepcopy(self.ledger.statuses["HOLD"])
            status["available"] = not status["available"]
            self._master("LotStatus", status)
            return
        if draw.random() < 0.25:
            name = draw.choice(["unit", "unit", "lot_managed", "serial_managed"])
            item[name] = draw.choice(["KG", "LT"]) if name == "unit" else not item[name]
        if not item["lot_managed"]:
            item["withdrawal_policy"] = "manual"
        if item["serial_managed"]:
            item["serial_generation"] = draw.choice(["auto", "manual"])
        if item["lot_managed"] and (FEATURES["free-by-any-reversal"] or item["lot_code_type"] != "EXP"):
            item |= {"block_days": draw.choice([None, 3]), "lot_validity_days": draw.choice([None, 20]),
                     "withdrawal_policy": draw.choice(["fifo", "fefo", "manual"]),
                     "expiry_rule": draw.choice(["exact", "month_start", "month_end"])}  # fmt: skip
        self._master("Item", item)

    def _tell_rule(self) -> None:
        """The company, a warehouse, a template or a code type is another from now on."""
        draw, ledger = self.draw, self.ledger
        match draw.choice(["Company", "Warehouse", "Template", "CodeType"]):
            case "Company":
                zone = draw.choice(["UTC", "Europe/Rome", "America/New_York", "Asia/Tokyo"])
                negative = draw.random() < 0.5
                self._master("Company", ledger.company | {"time_zone": zone, "allow_negative_stock": negative})
            case "Warehouse":
                warehouse = draw.choice([it for it in ledger.warehouses.values() if it["locations"]])
                name = draw.choice(["check_location_stock", "allow_negative_stock"])
                self._master("Warehouse", warehouse | {name: not warehouse[name]})
            case "Template":
                template = draw.choice([it for it in ledger.templates.values() if it["code"] in ("IN", "OUT", "ADD")])
                name = draw.choice(["traceability", "allow_unavailable_lots", "integrate_initial_quantity"])
                self._master("Template", template | {name: not template.get(name)})
            case "CodeType":
                code_type = draw.choice(list(ledger.code_types.values()))
                self._master("CodeType", code_type | {"fill_gaps": not code_type["fill_gaps"]})

    def _tell_again(self) -> None:
        if self.sent:
            line = copy.deepcopy(self.draw.choice(self.sent[-60:]))
            self._send(line["topic"], line["value"])

    def _tell_reused(self) -> None:
        movements = [line for line in self.sent if line["topic"] == "movements"]
        if movements:
            value = copy.deepcopy(self.draw.choice(movements[-60:])["value"])
            value["notes"] = "other"
            self._send("movements", value)

    def _tell_broken(self) -> None:
        """A movement with one or two things wrong."""
        draw = self.draw
        m = self._leaving("OUT") if draw.random() < 0.5 else self._movement(self._item(), "W1", "IN", quantity="2")
        if m is None:
            return
        wrong: list[Form] = [
            {"quantity": "0"}, {"quantity": "-1"}, {"quantity": "1.5"}, {"template": "ZZ"}, {"warehouse": "W9"},
            {"location": "Q"}, {"unit": "LB"}, {"variant": "PINK"}, {"account": "X9"}, {"item_code": "NOPE"},
            {"effective_date": "2020-01-01"}, {"movement_id": ""}, {"lots": [{"lot_code": "NONE", "quantity": "1"}]},
            {"serials": ["H1", "H1"]}, {"occurred_at": moment(self.now + timedelta(days=1))}, {"template": None},
            {"template": "DOC", "document_number": None}, {"lots": [{"quantity": "9"}]}, {"reverses": "m1"},
            {"into_lot": "L9"}, {"unit": "G"},
            {"lots": [{"lot_code": "L1", "quantity": "1"}, {"lot_code": "L1", "quantity": "1"}]},
        ]  # fmt: skip
        for change in draw.sample(wrong, draw.choice([1, 1, 2])):
            m |= change
        self._send("movements", {name: value for name, value in m.items() if value is not None})


def part(field: str, length: int | None = None, fill: str | None = None) -> Form:
    return {"field": field, "length": length, "fill": fill}


def moment(now: datetime) -> str:
    return now.isoformat().replace("+00:00", "Z")


def decimal(value: Fraction) -> str:
    """Decimal text of a fraction with at most six decimals."""
    millionths = value * 1_000_000
    assert millionths.denominator == 1
    whole, rest = divmod(int(millionths), 1_000_000)
    return f"{whole}.{rest:06d}".rstrip("0").rstrip(".")
