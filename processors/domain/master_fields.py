"""Checks of single values that several kinds of master data share: a reason `master-invalid`, or none."""

from collections.abc import Iterable
from typing import Final

from processors.domain.refusals import Reason

ITEM_CLASS_MAX: Final = 3
TEMPLATE_CODE_MAX: Final = 3
TEXT_MAX: Final = 50
"""Characters of item codes, lot and serial codes, and of every other code."""
DAYS_MAX: Final = 36_525
"""A hundred years: a validity beyond it is a slip, and would leave the calendar."""


def invalid(field: str, message: str) -> Reason:
    """A reason `master-invalid` for a field path such as `parts[2].length`."""
    return Reason("master-invalid", message, field)


def name_wrong(field: str, value: str | None, most: int = TEXT_MAX) -> list[Reason]:
    """A code or name: from 1 to `most` characters; None passes, absent is not wrong."""
    if value is None or 1 <= len(value) <= most:
        return []
    return [invalid(field, f"expected 1 to {most} characters, got {len(value)}: {value[:60]!r}")]


def days_wrong(field: str, value: int | None) -> list[Reason]:
    """A number of days: from 0 to a hundred years; None passes."""
    if value is None or 0 <= value <= DAYS_MAX:
        return []
    return [invalid(field, f"expected 0 to {DAYS_MAX} days, got {value}")]


def negative(field: str, value: int | None) -> list[Reason]:
    """An amount in millionths that must not be below zero; None passes."""
    return [] if value is None or value >= 0 else [invalid(field, "expected 0 or more, got less")]


def repeated(path: str, values: Iterable[str]) -> list[Reason]:
    """Values of a list that stand in it twice; `path` with `{}` for the place (`variants[{}].variant`)."""
    seen: set[str] = set()
    reasons = []
    for place, value in enumerate(values):
        if value in seen:
            reasons.append(invalid(path.format(place), f"expected each value once, got {value!r} again"))
        seen.add(value)
    return reasons
