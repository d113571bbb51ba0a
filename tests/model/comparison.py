"""Where the product and the naive ledger differ on a story, and the shortest story that still does."""

import json
from collections.abc import Callable
from itertools import zip_longest
from typing import Any, NamedTuple

from tests.model import product
from tests.model.naive_ledger import NaiveLedger
from tests.model.stories import Line

Run = Callable[[list[Line]], product.Outcome]


class Difference(NamedTuple):
    """What differs, told to a reader; `kind` stays the same while a story shrinks."""

    kind: str
    text: str
    lines: int | None = None
    """How many lines of the story lead there; None where it is the end that differs."""


def difference(story: list[Line], run: Run) -> Difference | None:
    """The first difference; None where both agree on every answer and every row."""
    model = NaiveLedger()
    try:
        expected = [model.take(line) for line in story]
    except KeyError as failure:
        return Difference("model", f"the story names what the master data lacks: {failure!r}")
    try:
        outcome = run(story)
    except Exception as failure:
        return Difference("failure", f"the product failed: {failure!r}")
    for number, (line, want, got) in enumerate(zip(story, expected, outcome.answers, strict=False), 1):
        if want != got:
            kind = f"{want and want[:2]} {got and got[:2]}"
            return Difference(kind, f"{json.dumps(line)}\n  expected {want}\n  got      {got}", number)
    if len(outcome.answers) > len(story):
        return Difference("answers", f"answers to nothing: {outcome.answers[len(story) :]}")
    for register, rows in model_registers(model).items():
        for key in sorted(rows.keys() | outcome.registers[register].keys(), key=repr):
            want_row, got_row = rows.get(key), outcome.registers[register].get(key)
            if want_row != got_row:
                return Difference(
                    f"{register} {_fields(want_row, got_row)}", f"{register} {key}\n  {_apart(want_row, got_row)}"
                )
    for topic, items in model.events().items():
        for item in sorted(items.keys() | outcome.events[topic].keys()):
            found = _events_apart(topic, item, items.get(item, []), outcome.events[topic].get(item, []))
            if found is not None:
                return found
    return None if outcome.letters else Difference("letters", "the dead letters are not what was refused")


def _events_apart(topic: str, item: Any, want: list[Any], got: list[Any]) -> Difference | None:
    for number, (expected, found) in enumerate(zip_longest(want, got), 1):
        if expected != found:
            where = f"{topic} {item} record {number} of {len(want)}"
            return Difference(
                f"{topic} {_fields(expected, found)}", f"{where}\n  {_apart(expected, found)}\n  in {found}"
            )
    return None


def _apart(want: Any, got: Any) -> str:
    if not (isinstance(want, dict) and isinstance(got, dict)):
        return f"expected {want}\n  got      {got}"
    return "; ".join(
        f"{name}: expected {want.get(name, 'absent')}, got {got.get(name, 'absent')}" for name in _fields(want, got)
    )


def _fields(want: Any, got: Any) -> list[str]:
    """The names of the fields that differ; none where a whole row is missing."""
    if not (isinstance(want, dict) and isinstance(got, dict)):
        return []
    return [name for name in {**want, **got} if want.get(name, "absent") != got.get(name, "absent")]


def model_registers(model: NaiveLedger) -> dict[str, dict[Any, Any]]:
    """The naive ledger's rows in the shape of `product.registers`."""
    return {
        "stock-register": model.stock_rows(),
        "lot-register": model.lot_rows(),
        "serial-register": model.serials,
        "reservation-register": model.reservations,
        "counter-register": {key: sorted(rows, key=repr) for key, rows in model.counter_rows().items()},
    }


def shrunk(story: list[Line], run: Run) -> list[Line]:
    """The story with as many lines as possible left out while both still differ in the same way."""
    found = difference(story, run)
    assert found is not None
    story = story[: found.lines]
    size = len(story) // 2
    while size:
        start = len(story) - size
        while start > -size:
            shorter = story[: max(start, 0)] + story[max(start + size, 0) :]
            again = difference(shorter, run)
            if again is not None and again.kind == found.kind:
                story = shorter
            start -= size
        size //= 2
    return story


def told(seed: int, short: list[Line], run: Run) -> str:
    """The seed, the short story as `lotstream simulate` reads it, and what differs at its end."""
    lines = "\n".join(json.dumps(line) for line in short)
    found = difference(short, run)
    return f"seed {seed}, shrunk to {len(short)} lines:\n{lines}\n{found.text if found else ''}"
