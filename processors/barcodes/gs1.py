"""GS1 element strings: identifiers and values one after the other, FNC1 as GS (General Specifications §7.8)."""

from collections.abc import Iterable
from functools import partial
from typing import Final, NamedTuple

from processors.barcodes.fault import Fault, shown
from processors.barcodes.gs1_identifiers import IDENTIFIERS, LENGTHS
from processors.barcodes.gs1_values import FORMS, fault_in_parts

GS: Final = "\x1d"
"""How FNC1 comes out of a scanner, between elements."""


class Element(NamedTuple):
    """An application identifier and its value, as they stand in the barcode."""

    ai: str
    value: str


Elements = tuple[Element, ...]

as_element: Final = partial(tuple.__new__, Element)
"""An element of a pair, in a third of the time that `Element` itself takes: of all that a reading costs, a tenth."""

_FIXED: Final = {ai: identifier.most for ai, identifier in IDENTIFIERS.items() if identifier.fixed}


def read_elements(
    text: str, year: int, *, start: int = 0, lints: bool = True, separators: str = GS
) -> Elements | Fault:
    """The elements of an element string, in their order; one that comes twice with the same value stands once.

    A value of variable length goes to the next separator or to the end, and is wrong where that is too long: nothing is
    cut off it for a further identifier. `year`: of the event. `start`: index from which to read. `separators`: what
    stands for FNC1, one character each.
    """
    if separators != GS:
        text = text.translate(dict.fromkeys(map(ord, separators), GS))
    found: dict[str, str] = {}
    at, end = start, len(text)
    while at < end:
        ai = text[at : at + 2]
        if (form := FORMS.get(ai)) is None:
            ai = text[at : at + LENGTHS.get(ai, 0)]
            if (form := FORMS.get(ai)) is None:
                if text[at] == GS:
                    at += 1
                    continue
                return Fault(f"expected an application identifier, got {shown(text[at : at + 4])}", at)
        begin = at + len(ai)
        fixed, least, most, characters, checks = form
        if fixed:
            stop = begin + fixed
        else:
            stop = text.find(GS, begin)
            if stop < 0:
                stop = end
        value = text[begin:stop]
        # Stripping every allowed character leaves nothing: the quickest exact test there is.
        right = least <= len(value) <= most and not value.strip(characters)
        if right and lints:
            for check in checks:
                if check(value, year) is not None:
                    right = False
        if not right and (fault := fault_in_parts(ai, value, year, lints)) is not None:
            return Fault(fault.message, begin + fault.position)
        if found.setdefault(ai, value) != value:
            return repeated(ai, found[ai], value, at)
        at = stop
    if not found:
        return Fault("expected GS1 elements, got nothing", start)
    return tuple(map(as_element, found.items()))


def compose(elements: Iterable[tuple[str, str]]) -> str:
    """The element string of elements whose values are right, a GS after each of variable length but the last."""
    parts = [(ai + value, "" if ai in _FIXED else GS) for ai, value in elements]
    return "".join(text + end for text, end in parts).removesuffix(GS)


def repeated(ai: str, first: str, second: str, position: int) -> Fault:
    """The fault of one identifier with two values."""
    title = IDENTIFIERS[ai].title
    return Fault(f"({ai}) {title}: expected one value, got {shown(first)} and {shown(second)}", position)
