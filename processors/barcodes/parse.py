"""A reading, whatever it is: GS1, a tokenizer rule, or a plain code (`domain.md` §8)."""

from functools import partial
from typing import Final, Literal, NamedTuple

from processors.barcodes.bracketed import read_bracketed
from processors.barcodes.digital_link import SCHEMES, read_digital_link
from processors.barcodes.fault import Fault, shown
from processors.barcodes.fields import NO_FIELDS, Fields, as_fields
from processors.barcodes.gs1 import GS, Elements, read_elements
from processors.barcodes.gs1_dates import year_of
from processors.barcodes.gs1_fields import gs1_fields
from processors.barcodes.gs1_identifiers import FIRST_FIXED
from processors.barcodes.plain import find_code, find_gtin, gtin_of
from processors.barcodes.symbologies import GS1_DATA, TRADE_ITEM_SYMBOLS, read_scan
from processors.barcodes.tokenizer import Rules, match_rule, read_tokens
from processors.barcodes.trade_items import is_digits
from processors.domain.master import MasterData

UNKNOWN: Final = "barcode-unknown"
INVALID: Final = "barcode-invalid"
_KEYS: Final = frozenset(["00", "01", "02", "03"])
_UNSAID: Final = NO_FIELDS[4:8]
"""Warehouse, location, lot, serial: of what a plain code says nothing, between what it says; the rest follows it."""
_NOT_OF_CODES: Final = NO_FIELDS[10:]
Kind = Literal["gs1", "rule", "plain", "invalid"]


class Reading(NamedTuple):
    """What a barcode is and says.

    `code`: the refusal code (`barcode-invalid` exactly where `kind` is invalid, `barcode-unknown` where no item has the
    code or GTIN), with a `message` of what was expected and what came. `position`: index in the text of the first wrong
    character. `rule`: prefix of the tokenizer rule that matched, also where its values are wrong.
    """

    kind: Kind
    fields: Fields = NO_FIELDS
    elements: Elements = ()
    code: str | None = None
    message: str | None = None
    position: int | None = None
    rule: str | None = None

    def explanation(self) -> str | None:
        """The message with the place of what is wrong, counted from 1 as people do."""
        if self.message is None or self.position is None:
            return self.message
        return f"{self.message} (at character {self.position + 1})"


_as_reading: Final = partial(tuple.__new__, Reading)


def parse(
    text: str, time_ms: int, rules: Rules, master: MasterData | None = None, symbology: str | None = None
) -> Reading:
    """Read any text as a barcode. Pure, never raises.

    `time_ms`: of the event; two-digit years turn on its year. `rules`: `compile_rules` of the master data. `master`:
    None leaves items unasked, and no code is unknown. `symbology`: the AIM identifier such as `]C1` where the scanner
    sends it apart from the text. Line ends after the text are left out.

    The order: a symbology identifier tells; else the rules by longest prefix; else the items' barcodes, as they are;
    else what begins with `(01` or `https://` or holds a GS is GS1; digits as many as a GTIN's are one; else GS1 where
    it begins with an identifier whose length is fixed and all of it is right. Anything else is unknown. Rules and items
    are those that the judge of master data accepts.
    """
    text = text.rstrip("\r\n")
    if symbology and not text.startswith("]"):
        reading = _marked(symbology + text, time_ms, rules, master)
        if reading.position is None:
            return reading
        return _invalid(reading.message or "", max(0, reading.position - len(symbology)), reading.rule)
    if text.startswith("]"):
        return _marked(text, time_ms, rules, master)
    return _unmarked(text, time_ms, rules, master, 0)


def _marked(text: str, time_ms: int, rules: Rules, master: MasterData | None) -> Reading:
    """A reading with its symbology identifier."""
    year = year_of(time_ms)
    found = read_scan(text, year)
    kind = text[:3]
    if found is None or (isinstance(found, Fault) and kind not in GS1_DATA and text.startswith(SCHEMES, 3)):
        # No GS1 data by what the symbology says; an address that is no Digital Link may be an item's barcode.
        return _unmarked(text[3:], time_ms, rules, master, 3)
    if isinstance(found, Fault):
        return _fault(found)
    if kind in TRADE_ITEM_SYMBOLS and len(found) == 1:
        return _plain(text[3:], found[0].value, master)
    return _gs1(found, year, master)


def _unmarked(text: str, time_ms: int, rules: Rules, master: MasterData | None, offset: int) -> Reading:
    """A reading of which no symbology says what it is, or one says that it is no GS1 data (`offset` 3)."""
    if not text:
        return _invalid("expected a barcode, got nothing", offset)
    if (rule := match_rule(text, rules)) is not None:
        fields = read_tokens(text, rule)
        if isinstance(fields, Fault):
            return _fault(fields, offset, rule.prefix)
        return _read("rule", fields, rule=rule.prefix)
    found: Elements | Fault | None = None
    if master is not None and text in master.barcodes:
        gtin = gtin_of(text)
        return _plain(text, None if isinstance(gtin, Fault) else gtin, master)
    year = year_of(time_ms)
    if text.startswith(SCHEMES):
        found = read_digital_link(text, year)
    elif text[0] == "(" and text[1:3].isdigit():
        found = read_bracketed(text, year)
    elif GS in text and not offset:
        found = read_elements(text, year)
    if found is None:
        gtin = gtin_of(text)
        if gtin is not None:
            return _fault(gtin, offset) if isinstance(gtin, Fault) else _plain(text, gtin, master)
        if not offset and text[:2] in FIRST_FIXED:
            found = read_elements(text, year)
            if isinstance(found, Fault) and not (text[:2] in _KEYS and len(text) > 15 and is_digits(text[:16])):
                found = None
    if found is None:
        return _plain(text, None, master)
    return _fault(found, offset) if isinstance(found, Fault) else _gs1(found, year, master)


def _gs1(elements: Elements, year: int, master: MasterData | None) -> Reading:
    fields = gs1_fields(elements, year, master)
    if isinstance(fields, Fault):
        return _fault(fields)
    if master is not None and fields.gtin is not None and fields.item_code is None:
        return Reading(
            "gs1", fields, elements, UNKNOWN, f"no item has GTIN {fields.gtin}: add it to the item's barcodes"
        )
    return _read("gs1", fields, elements)


def _plain(text: str, gtin: str | None, master: MasterData | None) -> Reading:
    """A code among the items' barcodes; one that is a GTIN in any of its lengths."""
    if master is None:
        return Reading("plain", Fields(gtin=gtin))
    found = find_code(text, master) if gtin is None else find_gtin(gtin, master)
    if isinstance(found, Fault):
        return _fault(found)
    if found is None:
        message = f"no item has barcode {shown(text)}, and no rule begins it: add it to the item's barcodes"
        return Reading("plain", Fields(gtin=gtin), code=UNKNOWN, message=message)
    item, barcode = found
    of_item = (item.item_class, item.item_code, barcode.variant, barcode.unit, *_UNSAID, barcode.quantity, gtin)
    return _read("plain", as_fields((*of_item, *_NOT_OF_CODES)))


def _read(kind: Kind, fields: Fields, elements: Elements = (), rule: str | None = None) -> Reading:
    """A reading where all is well, made in less time than by the class: it is most of them."""
    return _as_reading((kind, fields, elements, None, None, None, rule))


def _fault(fault: Fault, offset: int = 0, rule: str | None = None) -> Reading:
    return _invalid(fault.message, fault.position + offset, rule)


def _invalid(message: str, position: int, rule: str | None = None) -> Reading:
    return Reading("invalid", code=INVALID, message=message, position=position, rule=rule)
