"""What the sides of an accepted movement moved, as its state row remembers it: what a reversal undoes."""

from dataclasses import dataclass

from processors.domain import keys
from processors.domain.events import Reply
from processors.domain.legs import Leg
from processors.domain.movement import Movement


@dataclass(frozen=True, slots=True)
class Effect:
    """One side of a movement: the whole `quantity` (management unit) that it loaded or unloaded, and where."""

    template: str
    warehouse: str
    location: str | None
    load: bool
    offset: bool
    quantity: int


@dataclass(slots=True)
class Accepted:
    """A movement that was taken: what it said, what it was answered, what it moved, its record's time."""

    movement: Movement
    reply: Reply
    effects: tuple[Effect, ...]
    at: int
    reversed_by: str | None


def effects_text(legs: list[Leg], quantity: int) -> str:
    """The text form: `template|warehouse|location|load or unload|offset or nothing|quantity`, side by side."""
    fields: list[str] = []
    for leg in legs:
        fields += (
            leg.template.code,
            leg.warehouse.code,
            leg.location or "",
            "load" if leg.load else "unload",
            "offset" if leg.offset else "",
            str(quantity),
        )
    return keys.join(*fields)


def read_effects(text: str) -> tuple[Effect, ...]:
    """The inverse of `effects_text`."""
    fields = keys.split(text)
    effects = []
    for place in range(0, len(fields), 6):
        template, warehouse, location, direction, offset, quantity = fields[place : place + 6]
        effects.append(Effect(template, warehouse, location or None, direction == "load", bool(offset), int(quantity)))
    return tuple(effects)
