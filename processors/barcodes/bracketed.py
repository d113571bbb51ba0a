"""The human-readable form of GS1 elements: `(01)09501234567895(10)AB-1`; a bracket inside a value is written `\\(`."""

from processors.barcodes.fault import Fault, shown
from processors.barcodes.gs1 import Elements, as_element, repeated
from processors.barcodes.gs1_identifiers import IDENTIFIERS
from processors.barcodes.gs1_values import value_fault


def read_bracketed(text: str, year: int, *, lints: bool = True) -> Elements | Fault:
    """The elements in their order; `year` of the event. See `gs1.read_elements` for what comes twice."""
    if not text.startswith("("):
        return Fault(f"expected an application identifier in brackets such as (01), got {shown(text)}", 0)
    found: dict[str, str] = {}
    at = 0
    while at < len(text):
        close = text.find(")", at)
        ai = text[at + 1 : close] if close >= 0 else text[at + 1 :]
        if close < 0 or ai not in IDENTIFIERS:
            return Fault(f"expected an application identifier in brackets such as (01), got {shown(text[at:])}", at)
        stop = text.find("(", close)
        while stop > 0 and text[stop - 1] == "\\":
            stop = text.find("(", stop + 1)
        stop = len(text) if stop < 0 else stop
        value = text[close + 1 : stop].replace("\\(", "(")
        if (fault := value_fault(ai, value, year, lints)) is not None:
            escaped = text[close + 1 : stop].count("\\(", 0, fault.position)
            return Fault(fault.message, close + 1 + fault.position + escaped)
        if found.setdefault(ai, value) != value:
            return repeated(ai, found[ai], value, at)
        at = stop
    return tuple(map(as_element, found.items()))


def bracketed(elements: Elements) -> str:
    """The human-readable form of elements."""
    return "".join(f"({ai}){value.replace('(', chr(92) + '(')}" for ai, value in elements)
