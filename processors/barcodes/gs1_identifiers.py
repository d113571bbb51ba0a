"""The table of application identifiers (`gs1_table`) made ready: one value an identifier, looked up by its digits."""

from dataclasses import dataclass
from typing import Final, Literal

from processors.barcodes.gs1_table import ROWS

CharacterSet = Literal["N", "X", "Y", "Z"]

CHARACTERS: Final[dict[str, str]] = {
    "N": "0123456789",
    "X": "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz",
    "Y": "#-/0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "Z": "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz=",
}
"""Sets 82 and 39 of GS1 General Specifications §7.11 in their order, digits, and base64url."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a value: its characters, its least and greatest length, whether it may be left out, its checks."""

    characters: CharacterSet
    least: int
    most: int
    optional: bool
    lints: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Identifier:
    """An application identifier.

    `least` and `most`: length of the whole value in characters. `fixed`: the length is known beforehand, no FNC1 is
    needed after it. `plain`: one part without checks beyond characters and length. `required` and `excluded`:
    associations, see `gs1_associations`. `qualifiers`: None where it is no primary key of Digital Links.
    """

    ai: str
    title: str
    parts: tuple[Part, ...]
    least: int
    most: int
    fixed: bool
    attribute: bool
    required: tuple[tuple[tuple[str, ...], ...], ...]
    excluded: tuple[str, ...]
    qualifiers: tuple[tuple[str, ...], ...] | None
    plain: bool

    @property
    def decimals(self) -> int | None:
        """How many of the digits are decimals, for weights, measures and amounts (31nn to 36nn, 390n to 395n)."""
        return int(self.ai[3]) if len(self.ai) == 4 and self.ai[0] == "3" else None

    def expected(self) -> str:
        """The length in words: `14 digits`, `1 to 20 characters`."""
        unit = "digits" if all(part.characters == "N" for part in self.parts) else "characters"
        return f"{self.most} {unit}" if self.least == self.most else f"{self.least} to {self.most} {unit}"


def _part(text: str) -> Part:
    first, *lints = text.replace("]", "").split(",")
    form = first.removeprefix("[")
    variable = ".." in form
    most = int(form[1:].removeprefix(".."))
    characters: CharacterSet = form[0]  # type: ignore[assignment]  # the table's own letters
    return Part(characters, 1 if variable else most, most, first.startswith("["), tuple(lints))


def _numbers(text: str) -> list[str]:
    first, _, last = text.partition("-")
    return [str(number).zfill(len(first)) for number in range(int(first), int(last or first) + 1)]


def _read() -> dict[str, Identifier]:
    found = {}
    for row in ROWS.splitlines():
        numbers, spec, flags, associations, title = row.split(" ; ")
        parts = tuple(map(_part, spec.split()))
        words = [] if associations == "-" else associations.split()
        required = tuple(
            tuple(tuple(one.split("+")) for one in word[4:].split(",")) for word in words if word.startswith("req=")
        )
        excluded = tuple(one for word in words if word.startswith("ex=") for one in word[3:].split(","))
        keys = [word[6:].removeprefix("=") for word in words if word.startswith("dlpkey")]
        ways = tuple(tuple(way.split(",")) if way else () for way in keys[0].split("|")) if keys else None
        least = sum(part.least for part in parts if not part.optional)
        most = sum(part.most for part in parts)
        plain = len(parts) == 1 and not parts[0].lints
        for ai in _numbers(numbers):
            found[ai] = Identifier(
                ai, title, parts, least, most, "f" in flags, "a" in flags, required, excluded, ways, plain
            )
    return found


IDENTIFIERS: Final = _read()
"""Identifier by its digits."""

LENGTHS: Final = {ai[:2]: len(ai) for ai in IDENTIFIERS}
"""The first two digits tell how long the identifier is (GS1 General Specifications §7.8.2)."""

FIRST_FIXED: Final = frozenset(ai[:2] for ai, identifier in IDENTIFIERS.items() if identifier.fixed)
"""First two digits of the identifiers whose length is fixed beforehand."""
