"""GS1 Digital Link URIs, uncompressed (GS1 Digital Link: URI Syntax 1.5): identifiers in path and query."""

import re
from functools import lru_cache
from typing import Final

from processors.barcodes.fault import Fault, shown
from processors.barcodes.gs1 import Elements, as_element, repeated
from processors.barcodes.gs1_identifiers import IDENTIFIERS
from processors.barcodes.gs1_values import value_fault

SCHEMES: Final = ("https://", "http://", "HTTPS://", "HTTP://")
"""As the GS1 reference has them: all small or all capital, which a QR code encodes shorter."""

_NOT_IN_URI: Final = re.compile(r"[^A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]")
_HOST: Final = re.compile(r"[A-Za-z0-9.:\[\]-]+")
_HEX: Final = "0123456789abcdefABCDEF"


def read_digital_link(
    text: str, year: int, *, lints: bool = True, zero_suppressed: bool = True
) -> Elements | Fault | None:
    """The elements of a Digital Link, path first; None for an address without a primary key, which is no Digital Link.

    `year`: of the event. `zero_suppressed`: GTINs of 8, 12 and 13 digits are taken as with zeros before them, as older
    links have them. Query names that are no numbers are passed over. Faults: anything else that is no `http` address.
    """
    if not text.startswith(SCHEMES):
        return Fault(f"expected an address with http:// or https://, got {shown(text)}", 0)
    if (wrong := _NOT_IN_URI.search(text)) is not None:
        return Fault(f"expected a character that may stand in an address, got {shown(wrong[0])}", wrong.start())
    address, _, query = text.partition("#")[0].partition("?")
    scheme, _, rest = address.partition("//")
    host, slash, path = rest.partition("/")
    if _HOST.fullmatch(host) is None:
        return Fault(f"expected a host, got {shown(host)}", len(scheme) + 2)
    reading = _Reading(year, lints, zero_suppressed)
    begin = len(scheme) + 2 + len(host) + len(slash)
    words = path.split("/")
    for place in range(len(words) - 2, -1, -2):
        if (identifier := IDENTIFIERS.get(words[place])) is not None and identifier.qualifiers is not None:
            key = words[place:]
            fault = reading.path(key, begin + len(path) - len("/".join(key)))
            break
    else:
        return None
    fault = fault or reading.query(query, len(address) + 1)
    return fault or tuple(map(as_element, reading.found.items()))


@lru_cache(maxsize=1024)
def _still_open(ai: str, names: tuple[str, ...]) -> frozenset[str] | None:
    """The qualifiers that could stand beside these behind a primary key; None where these may not, in this order.

    Remembered: the labels of a company have few forms.
    """
    ways = IDENTIFIERS[ai].qualifiers or ()
    fitting = [way for way in ways if tuple(name for name in way if name in names) == names]
    return frozenset(name for way in fitting for name in way).difference(names) if fitting else None


class _Reading:
    """What is found so far, in the order of the address."""

    __slots__ = ("found", "lints", "open", "year", "zero_suppressed")

    def __init__(self, year: int, lints: bool, zero_suppressed: bool) -> None:
        self.year, self.lints, self.zero_suppressed = year, lints, zero_suppressed
        self.found: dict[str, str] = {}
        self.open: frozenset[str] = frozenset()

    def path(self, words: list[str], at: int) -> Fault | None:
        """Primary key and qualifiers, in one of the orders that the key allows."""
        names = words[2::2]
        still_open = _still_open(words[0], tuple(names))
        if still_open is None:
            ways = IDENTIFIERS[words[0]].qualifiers or ()
            allowed = " or ".join(" ".join(way) for way in ways if way) or "none"
            got = "/".join(names)
            return Fault(f"({words[0]}): expected qualifiers in the order {allowed}, got {shown(got)}", at)
        # What could stand in the path must not stand in the query.
        self.open = still_open
        for ai, raw in zip(words[::2], words[1::2], strict=True):
            if fault := self._take(ai, raw, at + len(ai) + 1):
                return fault
            at += len(ai) + len(raw) + 2
        return None

    def query(self, query: str, at: int) -> Fault | None:
        """Attributes, and names of no concern."""
        for pair in query.split("&"):
            name, _, raw = pair.partition("=")
            if name.isdigit():
                identifier = IDENTIFIERS.get(name)
                if identifier is None or not identifier.attribute:
                    return Fault(f"expected an identifier that may stand in a query, got {shown(name)}", at)
                if name in self.open:
                    return Fault(f"({name}): expected in the path, where it qualifies the key, got it in the query", at)
                if name in self.found:
                    return repeated(name, self.found[name], raw, at)
                if fault := self._take(name, raw.replace("+", " "), at + len(name) + 1):
                    return fault
            at += len(pair) + 1
        return None

    def _take(self, ai: str, raw: str, at: int) -> Fault | None:
        value = _decoded(raw)
        if value is None:
            return Fault(f"({ai}): expected two hexadecimal digits after each %, got {shown(raw)}", at)
        if ai == "01" and self.zero_suppressed and len(value) in (8, 12, 13):
            value = value.zfill(14)
        if fault := value_fault(ai, value, self.year, self.lints):
            return Fault(fault.message, at)
        self.found[ai] = value
        return None


def _decoded(text: str) -> str | None:
    """Percent encoding undone; a byte is a character, since GS1 values are ASCII."""
    if "%" not in text:
        return text
    first, *rest = text.split("%")
    if any(len(each) < 2 or each[0] not in _HEX or each[1] not in _HEX for each in rest):
        return None
    return first + "".join(chr(int(each[:2], 16)) + each[2:] for each in rest)
