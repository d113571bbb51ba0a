"""Which elements go together on one item (GS1 General Specifications §4.13, §4.14).

An item may carry its elements in several barcodes, so what one barcode lacks is no fault of it: reading does not ask
here. Whoever has all barcodes of an item, or explains one, may.
"""

from collections.abc import Iterable
from typing import Final

from processors.barcodes.gs1_identifiers import IDENTIFIERS

_SERIALISED: Final = {"253": 13, "255": 13, "8003": 14}
"""Keys that name one piece only where they are longer than this: what a digital signature (8030) is for."""


def association_faults(elements: Iterable[tuple[str, str]]) -> list[str]:
    """What does not go together, and what is missing, in the order of the elements; each a sentence."""
    values = dict(elements)
    present = tuple(values)
    faults = []
    for ai in present:
        identifier = IDENTIFIERS[ai]
        for pattern in identifier.excluded:
            faults += [
                f"({ai}) {identifier.title} may not stand with ({other})"
                for other in present
                if other != ai and _fits(other, pattern)
            ]
        for ways in identifier.required:
            if not any(all(any(_fits(other, each) for other in present) for each in way) for way in ways):
                named = " or ".join(" with ".join(f"({each})" for each in way) for way in ways)
                faults.append(f"({ai}) {identifier.title} needs {named}")
        if ai == "8030":
            faults += [
                f"(8030) {identifier.title} needs ({key}) with its serial component"
                for key, length in _SERIALISED.items()
                if key in values and len(values[key]) == length
            ]
    return faults


def _fits(ai: str, pattern: str) -> bool:
    return len(ai) == len(pattern) and all(want in ("n", got) for got, want in zip(ai, pattern, strict=True))
