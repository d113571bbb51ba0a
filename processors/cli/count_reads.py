"""What is typed or scanned at `lotstream count`: one line, one read."""

import re
import shlex
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from processors.domain import keys, quantity
from processors.domain.scans import ScanAction

HELP: Final = """\
A line is a barcode, as a scanner types it, or fields:
  item=CLASS|CODE  variant=…  location=…  lot=…  serial=…  qty=…  unit=…   (several in one line; "…" around spaces)
  =12              the quantity 12
  + or Enter       confirm: write the line; with fields behind it (+ qty=3) a read and its confirmation in one
  a  r             add to the line that was counted before, or replace what it says
  x                forget what was read and not confirmed
  ?  q             this help; the end"""

NAMES: Final = {
    "item": "item",
    "variant": "variant",
    "location": "location",
    "loc": "location",
    "lot": "lot",
    "serial": "serial",
    "quantity": "quantity",
    "qty": "quantity",
    "unit": "unit",
}
_FIRST: Final = re.compile(rf"({'|'.join(NAMES)})=")
_QUANTITY: Final = re.compile(r"=\s*([+-]?[\d.]+)\s*\Z")


@dataclass(frozen=True, slots=True)
class Read:
    """A read to send: its action and its fields, by the names of `Scan`."""

    action: ScanAction
    fields: dict[str, Any] = field(default_factory=dict)


Typed = Read | Literal["help", "quit"]


def typed(line: str) -> Typed:
    """What a line means. ValueError with what is wrong with it. Only blanks around it are taken off: FNC1 is U+001D."""
    text = line.rstrip("\r\n").strip(" ")
    match text:
        case "" | "+":
            return Read("confirm")
        case "a":
            return Read("answer", {"answer": "add"})
        case "r":
            return Read("answer", {"answer": "replace"})
        case "x":
            return Read("cancel")
        case "?":
            return "help"
        case "q":
            return "quit"
    if text.startswith("+ "):
        return Read("confirm", _fields(text[2:].strip(" ")))
    return Read("read", _fields(text))


def _fields(text: str) -> dict[str, Any]:
    number = _QUANTITY.match(text)
    if number is not None:
        return {"quantity": quantity.parse(number[1])}
    if not _FIRST.match(text):
        return {"barcode": text}
    fields: dict[str, Any] = {}
    for word in _words(text):
        name, separator, value = word.partition("=")
        if not separator or name not in NAMES:
            raise ValueError(f"expected {', '.join(f'{known}=…' for known in NAMES)}, got {word!r}; ? helps")
        if NAMES[name] == "item":
            fields |= _item(value)
        elif NAMES[name] == "quantity":
            fields["quantity"] = quantity.parse(value)
        else:
            fields[NAMES[name]] = value
    return fields


def _words(text: str) -> list[str]:
    """Words at blanks, with quotes around those that hold some; a backslash stays, for `|` inside a class or code."""
    lexer = shlex.shlex(text, posix=True)
    lexer.whitespace, lexer.whitespace_split, lexer.commenters, lexer.escape = " ", True, "", ""
    try:
        return list(lexer)
    except ValueError:
        raise ValueError(f"expected a second quote, got {text!r}") from None


def _item(value: str) -> dict[str, str]:
    parts = keys.split(value)
    if len(parts) != 2 or not all(parts):
        raise ValueError(f"expected item=CLASS|CODE, got item={value}")
    return {"item_class": parts[0], "item_code": parts[1]}
