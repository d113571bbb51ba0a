"""Texts in the languages of the console. The English text is its own key; `words/*.json` have the others.

A text may hold `{name}` for a value. One that counts has its forms beside each other, parted by `|`: singular, plural,
and in Romanian a third one, from 20 on.
"""

import json
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Final

LANGUAGES: Final[Mapping[str, str]] = {"en": "English", "it": "Italiano", "ro": "Română"}
"""Language → its name in itself."""

NAMES: Final[Mapping[str, str]] = {
    # states of counts
    "open": "open", "counting": "counting", "closing": "closing", "reviewing": "in review", "closed": "closed",
    "cancelled": "cancelled", "counted": "counted", "asked": "asked", "recount": "count again",
    "approval": "to be approved", "settled": "settled", "superseded": "superseded", "refused": "refused",
    "rejected": "rejected",
    # states of serials, directions, kinds
    "in_stock": "in stock", "out": "out", "in_transit": "in transit", "load": "load", "unload": "unload",
    "reserve": "reserved", "release": "released", "lot": "lot", "serial": "serial",
    "item": "item", "company": "company",
    "difference": "difference", "correction": "correction", "late_report": "late report",
    "input": "went in", "output": "came out", "forward": "where it went", "backward": "what it is made of",
    # refusals of the input
    "poison": "unreadable", "rule": "against a rule", "late": "too late", "internal": "our own error",
    # alerts
    "lot_expiring": "lot expires soon", "lot_expired": "lot expired", "lot_blocked": "lot blocked by its date",
    "stock_negative": "stock below zero", "late_movement": "movement came late",
    "counter_running_out": "counter runs out", "master_invalid": "master data not usable",
    # documents
    "other": "other document", "stock_record": "stock record", "purchase_delivery_note": "purchase delivery note",
    "subcontract_return": "subcontract return", "production_record": "production record",
    "production_order": "production order", "customer_order": "customer order", "picking_list": "picking list",
    "sales_delivery_note": "sales delivery note", "sales_invoice": "sales invoice",
    "purchase_invoice": "purchase invoice", "subcontract_delivery_note": "subcontract delivery note",
    "return": "return",
    # answers to reads
    "noted": "Noted", "accepted": "Counted", "ask": "Add or replace?", "wait": "Waiting for the answer",
    # roles
    "viewer": "viewer", "operator": "operator", "supervisor": "supervisor", "admin": "administrator",
    # reasons for which a read is refused
    "barcode-unknown": "Nobody knows this barcode", "barcode-invalid": "The barcode is damaged or wrong",
    "item-needed": "Read the item first", "location-needed": "Read the location first",
    "lot-needed": "Read the lot", "serial-needed": "Read the serial number", "quantity-needed": "Give the quantity",
    "ask-add-or-replace": "Counted already: add or replace?", "serial-already-counted": "This piece is counted already",
    "not-the-operator": "Somebody else counts this list", "list-not-open": "This list is not open for counting",
    "list-unknown": "This list does not exist", "inventory-unknown": "This inventory does not exist",
    "inventory-closed": "This inventory is closed", "item-unknown": "This item does not exist",
    "variant-unknown": "This variant does not exist", "location-unknown": "This location does not exist",
    "warehouse-unknown": "This warehouse does not exist", "unit-unknown": "This unit does not exist",
    "quantity-not-positive": "The quantity must not be below zero", "quantity-not-whole": "Pieces are whole numbers",
    "line-unknown": "This line does not exist", "line-changed": "The line has changed meanwhile: look again",
    "time-in-future": "The clock of this device is ahead", "field-invalid": "A field is not as expected",
    "line-too-old": "The line is too old",
    # reasons of lines
    "beyond-tolerance": "beyond the tolerance", "clock-uncertain": "the clock of the device was wrong",
}  # fmt: skip
"""Code that stands in a record → how people call it, in English."""


@lru_cache
def _catalogue(language: str) -> Mapping[str, str]:
    if language == "en":
        return {}
    text = (files(__package__) / "words" / f"{language}.json").read_text(encoding="utf-8")
    found: dict[str, str] = json.loads(text)
    return found


def catalogue(language: str) -> Mapping[str, str]:
    """English text → text of a language of `LANGUAGES`; empty for English."""
    return _catalogue(language)


class Words:
    """The texts of one language."""

    def __init__(self, language: str) -> None:
        assert language in LANGUAGES, language
        self.language = language
        self._texts = catalogue(language)

    def __call__(self, text: str, **values: object) -> str:
        """A text, with its values put in."""
        found = self._texts.get(text, text)
        return found.format(**values) if values else found

    def count(self, text: str, number: int, shown: str | None = None, **values: object) -> str:
        """The form of a text that fits a number; `{n}` is the number, or what is `shown` of it."""
        forms = self._texts.get(text, text).split("|")
        return forms[min(_form(self.language, number), len(forms) - 1)].format(n=shown or number, **values)

    def name(self, code: str | None) -> str:
        """How people call a code of a record; the code itself where it has no name."""
        if not code:
            return ""
        english = NAMES.get(code)
        return code if english is None else self(english)


def _form(language: str, number: int) -> int:
    if number == 1:
        return 0
    if language == "ro" and number != 0 and not 1 <= number % 100 <= 19:
        return 2
    return 1


def choose_language(asked: str | None, kept: str | None, accepted: str) -> str:
    """The language: asked for in the address, else kept in the cookie, else the first accepted one, else English."""
    for choice in (asked, kept):
        if choice in LANGUAGES:
            assert choice is not None
            return choice
    ranked: list[tuple[float, str]] = []
    for part in accepted.split(","):
        name, _, weight = part.strip().partition(";q=")
        try:
            ranked.append((-float(weight or 1), name.split("-")[0].lower()))
        except ValueError:
            continue
    return next((name for _, name in sorted(ranked, key=lambda each: each[0]) if name in LANGUAGES), "en")
