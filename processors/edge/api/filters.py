"""Filters of the registers: parameters of a query as conditions for the store, all that is wrong told at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from processors.domain import keys
from processors.domain.calendar import parse_day, parse_time
from processors.domain.moments import TIME_MAX
from processors.edge.store.queries_registers import Condition, Documented, Held, Items, Through, Where

Kind = Literal["text", "key", "item", "search", "flag", "stocked", "day", "time", "held", "documented"]
VALUES_MAX: Final = 50
TEXT_MAX: Final = 1000
TRUTH: Final = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Filter:
    """One parameter.

    `text`: equal to one of the values given, an empty one meaning absent. `search`: contains. `item`: `CLASS|CODE`, or
    with `|VARIANT`. `flag`: true or false. `stocked`: whether the column is not zero. `day`, `time`: from or to
    (`edge`), both included. `held`, `documented`: by stock rows and by documents, `edge` says which part. `through`: it
    is of a row of that register that belongs to the one looked for, not of this itself.
    """

    name: str
    kind: Kind
    columns: tuple[str, ...]
    doc: str
    edge: str = ""
    symbols: tuple[str, ...] = ()
    through: str = ""

    @property
    def schema(self) -> dict[str, Any]:
        """The parameter as OpenAPI describes it."""
        match self.kind:
            case "flag" | "stocked":
                return {"type": "string", "enum": list(TRUTH)}
            case "day":
                return {"type": "string", "format": "date"}
            case "time":
                return {"type": "string", "format": "date-time"}
            case "search":
                return {"type": "string", "minLength": 1, "maxLength": TEXT_MAX, "pattern": NO_NUL}
            case "item":
                item = {"type": "string", "maxLength": TEXT_MAX, "pattern": ITEM_PATTERN}
                return {"type": "array", "items": item, "maxItems": VALUES_MAX}
            case _:
                text: dict[str, Any] = {"type": "string", "maxLength": TEXT_MAX, "pattern": NO_NUL}
                if self.symbols:
                    text = {"type": "string", "enum": list(self.symbols)}
                return {"type": "array", "items": text, "maxItems": VALUES_MAX}


NO_NUL: Final = r"^[^\u0000]*$"
ITEM_PATTERN: Final = r"^[^\u0000|\\]+\|[^\u0000|\\]+(\|[^\u0000|\\]*)?$"
"""Items whose class or code holds `|` or `\\` (escaped by `\\`) are taken too, though this does not describe them."""


def text(name: str, column: str, doc: str, symbols: tuple[str, ...] = ()) -> Filter:
    return Filter(name, "text", (column,), doc, symbols=symbols)


def flag(name: str, column: str, doc: str) -> Filter:
    return Filter(name, "flag", (column,), doc)


def days(name: str, column: str, doc: str) -> tuple[Filter, Filter]:
    """`<name>_from` and `<name>_to`."""
    return (
        Filter(f"{name}_from", "day", (column,), f"{doc}: this day or later.", "from"),
        Filter(f"{name}_to", "day", (column,), f"{doc}: this day or earlier.", "to"),
    )


def times(name: str, column: str, doc: str) -> tuple[Filter, Filter]:
    """`<name>_from` and `<name>_to`."""
    return (
        Filter(f"{name}_from", "time", (column,), f"{doc}: this moment or later.", "from"),
        Filter(f"{name}_to", "time", (column,), f"{doc}: this moment or earlier.", "to"),
    )


def through(register: str, *filters: Filter) -> tuple[Filter, ...]:
    """Filters of another register, for rows that belong to one of its rows."""
    return tuple(replace(each, through=register) for each in filters)


class Reader:
    """Reads the parameters of one request and notes every error as `{"field", "message"}`."""

    def __init__(self, filters: Sequence[Filter]) -> None:
        self._filters = filters
        self.errors: list[dict[str, object]] = []

    def conditions(self, given: Mapping[str, list[str]]) -> list[Condition]:
        """What the parameters ask for; those that are no filters are left to others."""
        found: list[Condition] = []
        places: dict[str, tuple[str, ...]] = {}
        for each in self._filters:
            values = given.get(each.name)
            if values is None or not self._fits(each, values):
                continue
            if each.kind in ("held", "documented"):
                places[each.edge] = tuple(values)
            elif (condition := self._condition(each, values)) is not None:
                if each.through and isinstance(condition, Where):
                    condition = Through(each.through, condition)
                found.append(condition)
        if "warehouse" in places or "location" in places:
            found.append(Held(places.get("warehouse", ()), places.get("location", ())))
        if "type" in places or "number" in places:
            found.append(Documented(places.get("type", ()), places.get("number", ())))
        return found

    def wrong(self, name: str, message: str) -> None:
        self.errors.append({"field": name, "message": message})

    def _fits(self, each: Filter, values: list[str]) -> bool:
        single = each.kind not in ("text", "key", "item", "held", "documented")
        if single and len(values) > 1:
            self.wrong(each.name, f"expected once, got {len(values)} times")
        elif len(values) > VALUES_MAX:
            self.wrong(each.name, f"expected at most {VALUES_MAX} values, got {len(values)}")
        elif any("\0" in value or len(value) > TEXT_MAX for value in values):
            self.wrong(each.name, f"expected at most {TEXT_MAX} characters, none of them NUL")
        else:
            return True
        return False

    def _condition(self, each: Filter, values: list[str]) -> Condition | None:
        first = values[0]
        try:
            match each.kind:
                case "flag" | "stocked":
                    if first not in TRUTH:
                        raise ValueError(f"expected true or false, got {first!r}")
                    if each.kind == "flag":
                        return Where(each.columns, "is", (TRUTH[first],))
                    return Where(each.columns, "differs" if TRUTH[first] else "zero")
                case "day":
                    return Where(each.columns, "from" if each.edge == "from" else "to", (parse_day(first),))
                case "time":
                    return Where(each.columns, "from" if each.edge == "from" else "to", (_moment(first),))
                case "search":
                    if not first:
                        raise ValueError("expected some text to look for")
                    return Where(each.columns, "has", (first,))
                case "item":
                    return self._items(values)
                case _:
                    if each.symbols:
                        self._check_symbols(each, values)
                    return Where(each.columns, "is", tuple(value or None for value in values))
        except ValueError as error:
            self.wrong(each.name, str(error))
            return None

    def _items(self, values: list[str]) -> Condition:
        items = []
        for value in values:
            parts = keys.split(value)
            if len(parts) not in (2, 3):
                raise ValueError(f"expected CLASS|CODE or CLASS|CODE|VARIANT, got {value!r}")
            items.append(parts)
        return Items(tuple(items))

    def _check_symbols(self, each: Filter, values: list[str]) -> None:
        for value in values:
            if value not in each.symbols:
                raise ValueError(f"expected one of {', '.join(each.symbols)}, got {value!r}")


def _moment(text: str) -> int:
    moment = parse_time(text)
    if not 0 <= moment <= TIME_MAX:
        raise ValueError(f"expected a time from 1970 to 9999, got {text!r}")
    return moment
