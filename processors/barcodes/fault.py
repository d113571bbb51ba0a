"""Why a barcode cannot be read: what was expected, what came, and where."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """A failure as a value. `position`: index of the first wrong character in the text that was given, from 0."""

    message: str
    position: int


def shown(text: str) -> str:
    """Text for a message: in quotes, control characters written out, cut after 40 characters."""
    return repr(text if len(text) <= 40 else f"{text[:39]}…")
