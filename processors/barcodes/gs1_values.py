"""Whether a text may be the value of an application identifier: characters, length, checks of every part."""

from typing import Final

from processors.barcodes.fault import Fault, shown
from processors.barcodes.gs1_identifiers import CHARACTERS, IDENTIFIERS, Identifier, Part
from processors.barcodes.gs1_lints import LINTS, Lint, padding


def _lints(part: Part) -> tuple[Lint, ...]:
    # Where all characters are digits, a company prefix always is.
    needed = (name for name in part.lints if not (part.characters == "N" and name.startswith("gcppos")))
    checks = tuple(LINTS[name] for name in needed if name in LINTS)
    return (padding, *checks) if part.characters == "Z" else checks


_PART_LINTS: Final = {ai: tuple(map(_lints, identifier.parts)) for ai, identifier in IDENTIFIERS.items()}
Form = tuple[int, int, int, str, tuple[Lint, ...]]

FORMS: Final[dict[str, Form]] = {
    ai: (
        identifier.most if identifier.fixed else 0,
        identifier.least,
        identifier.most,
        # No character is in an empty set, so that a value of several parts always goes the long way.
        CHARACTERS[identifier.parts[0].characters] if len(identifier.parts) == 1 else "",
        _PART_LINTS[ai][0],
    )
    for ai, identifier in IDENTIFIERS.items()
}
"""Identifier → its fixed length or 0, least and greatest length, the characters it may hold, the checks it must pass.

One look-up for everything that most values need, for the loop of `gs1.read_elements`.
"""


def value_fault(ai: str, value: str, year: int, lints: bool = True) -> Fault | None:
    """What is wrong with the value of a known identifier, its position counted from the value's first character.

    `year`: the event's, for the century of dates. `lints` False leaves the checks of `gs1_lints` out.
    """
    _, least, most, allowed, checks = FORMS[ai]
    if least <= len(value) <= most and not value.strip(allowed):
        if not lints:
            return None
        for check in checks:
            if check(value, year) is not None:
                break
        else:
            return None
    return fault_in_parts(ai, value, year, lints)


def fault_in_parts(ai: str, value: str, year: int, lints: bool = True) -> Fault | None:
    """`value_fault` the long way, part by part: for a value that the quick look has not found right."""
    identifier = IDENTIFIERS[ai]
    if not value:
        return _not_as(identifier, value, value, 0, identifier.expected())
    at = 0
    for part, checks in zip(identifier.parts, _PART_LINTS[identifier.ai], strict=True):
        piece = value[at : at + part.most]
        if not piece and part.optional:
            break
        characters = CHARACTERS[part.characters]
        if piece.strip(characters):
            place = next(place for place, each in enumerate(piece) if each not in characters)
            kind = {"N": "a digit", "X": "a character of GS1 set 82", "Y": "a character of GS1 set 39"}
            expected = f"{kind.get(part.characters, 'a base64url character')} at place {at + place + 1}"
            return _not_as(identifier, value, piece[place], at + place, expected)
        if len(piece) < part.least:
            return _not_as(identifier, value, value, at + len(piece), identifier.expected())
        for check in checks if lints else ():
            if expected_by := check(piece, year):
                return _not_as(identifier, value, piece, at, expected_by)
        at += len(piece)
    if at < len(value):
        return _not_as(identifier, value, value, at, identifier.expected())
    return None


def _not_as(identifier: Identifier, value: str, piece: str, position: int, expected: str) -> Fault:
    got = "" if ", got " in expected else f", got {shown(piece) if piece else 'nothing'}"
    inside = "" if piece == value or not got else f" in {shown(value)}"
    return Fault(f"({identifier.ai}) {identifier.title}: expected {expected}{got}{inside}", position)
