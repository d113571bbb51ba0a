"""The running part of a generated code: what number and letters an ordinal shows, and back (`domain.md` §6)."""

from dataclasses import dataclass
from typing import Final

from processors.domain.master import CodePart, CodeType

A: Final = ord("A")


@dataclass(frozen=True, slots=True)
class Running:
    """How the progressive of a code type runs.

    `number` and `letters` are its parts, None where it has none. `cycle`: numbers before the number wraps (None: it has
    no length, or there is none, and never wraps). `first_letters`: index of the start letters (base 26 with a length,
    else A = 1 … Z = 26, AA = 27). `capacity`: ordinals before the progressive has run out (None: only the length of the
    code ends it).
    """

    number: CodePart | None
    letters: CodePart | None
    start: int
    cycle: int | None
    first_letters: int
    capacity: int | None


def running(code_type: CodeType) -> Running:
    """How a code type's progressive runs. ValueError for start letters other than A to Z (the judge lets none in)."""
    number = next((part for part in code_type.parts if part.field == "number"), None)
    letters = next((part for part in code_type.parts if part.field == "letters"), None)
    start = code_type.start_number
    cycle = None if number is None or number.length is None else max(0, 10**number.length - start)
    first = letters_index(code_type.start_letters, None if letters is None else letters.length)
    rounds = 1 if letters is None else None if letters.length is None else max(0, 26**letters.length - first)
    if number is None:
        capacity = rounds
    elif cycle is None:
        capacity = None
    else:
        capacity = None if rounds is None else cycle * rounds
    if cycle == 0:
        capacity = 0
    return Running(number, letters, start, cycle, first, capacity)


def split_ordinal(run: Running, ordinal: int) -> tuple[int, int]:
    """The number and the letters' index that an ordinal shows; either has no meaning where the part is absent."""
    if run.number is None:
        return 0, run.first_letters + ordinal
    if run.cycle is None:
        return run.start + ordinal, run.first_letters
    rounds, place = divmod(ordinal, run.cycle)
    return run.start + place, run.first_letters + rounds


def join_ordinal(run: Running, number: int | None, letters: int | None) -> int | None:
    """The ordinal that shows this number and letters' index (None: no such part); None where no ordinal does."""
    place = 0 if number is None else number - run.start
    rounds = 0 if letters is None else letters - run.first_letters
    if place < 0 or rounds < 0 or (run.cycle is not None and place >= run.cycle):
        return None
    if run.number is None:
        ordinal = rounds
    elif run.cycle is None:
        if rounds:
            return None
        ordinal = place
    else:
        ordinal = rounds * run.cycle + place
    return None if run.capacity is not None and ordinal >= run.capacity else ordinal


def number_text(part: CodePart, number: int) -> str:
    """The number as it shows: filled on the left where the part has a length and a fill character."""
    text = str(number)
    return text.rjust(part.length, part.fill) if part.length and part.fill else text


def number_of(part: CodePart, text: str, start: int) -> int | None:
    """The number from `start` that shows as `text`; None where none does, or (filled with a digit 1 to 9) several."""
    found = []
    for cut in range(len(text)):
        digits = text[cut:]
        if digits.isascii() and digits.isdigit() and (digits == "0" or digits[0] != "0"):
            number = int(digits)
            if number >= start and number_text(part, number) == text:
                found.append(number)
    return found[0] if len(found) == 1 else None


def letters_text(index: int, length: int | None) -> str:
    """Letters of an index: base 26 filled with A to `length`, or without a length A … Z, AA, AB … from index 1."""
    if length is None:
        text = ""
        while index > 0:
            index, digit = divmod(index - 1, 26)
            text = chr(A + digit) + text
        return text
    text = ""
    while index:
        index, digit = divmod(index, 26)
        text = chr(A + digit) + text
    return text.rjust(length, "A")


def letters_index(text: str, length: int | None) -> int:
    """The inverse of `letters_text`. ValueError for anything but A to Z."""
    if not text or not all("A" <= letter <= "Z" for letter in text):
        raise ValueError(f"expected letters A to Z, got {text!r}")
    offset, index = (1 if length is None else 0), 0
    for letter in text:
        index = index * 26 + ord(letter) - A + offset
    return index
