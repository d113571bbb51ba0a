"""Generated codes once more, from `domain.md` §6 and §7: nothing here is taken from the product.

A progressive is an ordinal; a code is its parts joined. Counters are dictionaries: the next ordinal, the freed ones.
"""

from datetime import date
from typing import Any, NamedTuple

Form = dict[str, Any]
"""A record in its JSON form (`contract.md` §1)."""
Counter = dict[str, Any]
"""`next`, `free` (set of ordinals), `assigned`, `skipped`, `last` (code)."""


class CannotCompose(Exception):
    """The refusal code that stands against a generated code."""

    @property
    def code(self) -> str:
        return str(self.args[0])


class Progressive(NamedTuple):
    number: str | None
    letters: str | None


def progressive(code_type: Form, ordinal: int) -> Progressive:
    """What the number and letters parts show for an ordinal; CannotCompose `progressive-exhausted` behind the last."""
    lengths = {part["field"]: part.get("length") for part in code_type["parts"]}
    start = code_type.get("start_number", 0)
    number, turns = None, ordinal
    if "number" in lengths:
        digits = lengths["number"]
        if digits is None:
            number, turns = str(start + ordinal), 0
        else:
            round_ = 10**digits - start
            number, turns = str(start + ordinal % round_), ordinal // round_
    if "letters" not in lengths:
        if number is not None and turns:
            raise CannotCompose("progressive-exhausted")
        return Progressive(number, None)
    width, first = lengths["letters"], code_type.get("start_letters", "A")
    if width is None:
        return Progressive(number, _growing(_grown(first) + turns))
    value = _base26(first.rjust(width, "A")) + turns
    if value >= 26**width:
        raise CannotCompose("progressive-exhausted")
    return Progressive(number, _in_base26(value, width))


def compose(code_type: Form, fields: Form, ordinal: int) -> str:
    """The code of an ordinal. `fields`: texts, dates under `insert` and `expiry`, the two tables of letters."""
    shown = progressive(code_type, ordinal)
    code = ""
    for part in code_type["parts"]:
        name, length, fill = part["field"], part.get("length"), part.get("fill")
        value = getattr(shown, name) if name in ("number", "letters") else field_text(name, fields)
        if value is None:
            if length is None or fill is None:
                raise CannotCompose("code-part-missing")
            value = ""
        if length is not None:
            if len(value) > length:
                value = value[-length:] if name.split("_")[-1] in ("day", "month", "year") else value[:length]
            if fill is not None:
                value = value.rjust(length, fill)
        code += value
    if len(code) > 50:
        raise CannotCompose("code-too-long")
    return code


def field_text(name: str, fields: Form) -> str | None:
    """The whole text of a part field, before cutting and filling; None where it has no value."""
    kind, _, piece = name.partition("_")
    if kind in ("insert", "expiry") and piece in ("day", "month", "year"):
        day: date | None = fields.get(kind)
        if day is None:
            return None
        return {"day": f"{day.day:02d}", "month": f"{day.month:02d}", "year": f"{day.year:04d}"}[piece]
    if name == "year_letter":
        return fields["year_letters"].get(fields["insert"].year)  # type: ignore[no-any-return]
    if name == "month_letter":
        return fields["month_letters"].get(fields["insert"].month)  # type: ignore[no-any-return]
    return fields.get(name) or None


def root_of(code_type: Form, fields: Form) -> tuple[str | None, ...]:
    return tuple(field_text(name, fields) for name in code_type.get("root", []))


class Draft:
    """The counters as one message would leave them; nothing counts before `keep`."""

    def __init__(self, counters: dict[Any, Counter]) -> None:
        self.counters, self.changed = counters, {}  # type: ignore[var-annotated]

    def counter(self, key: Any) -> Counter:
        if key not in self.changed:
            old = self.counters.get(key, {"next": 0, "free": set(), "assigned": 0, "skipped": 0, "last": None})
            self.changed[key] = {**old, "free": set(old["free"])}
        return self.changed[key]  # type: ignore[no-any-return]

    def generate(self, key: Any, code_type: Form, fields: Form, taken: Any) -> tuple[str, int]:
        """The next code that is not `taken`; where gaps are filled the smallest free ordinal comes first."""
        counter = self.counter(key)
        while True:
            if code_type.get("fill_gaps") and counter["free"]:
                ordinal = min(counter["free"])
                code = compose(code_type, fields, ordinal)
                counter["free"].discard(ordinal)
            else:
                ordinal = counter["next"]
                code = compose(code_type, fields, ordinal)
                counter["next"] += 1
            if not taken(code):
                counter["assigned"] += 1
                return code, ordinal
            counter["skipped"] += 1

    def keep(self) -> None:
        self.counters.update(self.changed)


def _base26(letters: str) -> int:
    value = 0
    for letter in letters:
        value = value * 26 + ord(letter) - ord("A")
    return value


def _in_base26(value: int, width: int) -> str:
    letters = ""
    for _ in range(width):
        value, place = divmod(value, 26)
        letters = chr(ord("A") + place) + letters
    return letters


def _grown(letters: str) -> int:
    """Place of a text in A, B, … Z, AA, AB, …"""
    value = 0
    for letter in letters:
        value = value * 26 + ord(letter) - ord("A") + 1
    return value - 1


def _growing(place: int) -> str:
    letters, place = "", place + 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
