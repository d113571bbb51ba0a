"""What the sides of an accepted movement moved, as its state row remembers it: what a reversal undoes."""

from dataclasses import dataclass

from processors.domain import keys
from processors.domain.events import Reply
from processors.domain.legs import Leg
from processors.domain.movement import Movement


@dataclass(frozen=True, slots=True)
class Effect:
    """One side of a movement: the whole `quantity` (management unit) that it loaded or unloaded, and where.

    `side`: `main`; `offset`, the other warehouse's; `into`, the lot made from lots. `traced`: it gave lineage edges.
    `consumed`: key of a reservation → how much of it the movement consumed; below zero: ended, for another document.
    """

    template: str
    warehouse: str
    location: str | None
    load: bool
    side: str
    quantity: int
    traced: bool
    consumed: dict[str, int]

    @property
    def offset(self) -> bool:
        return self.side == "offset"


@dataclass(slots=True)
class Accepted:
    """A movement that was taken: what it said, what it was answered, what it moved, its record's time.

    `moment`: when it happened, ms. `comparable`: its item still has the unit and the management of that time.
    """

    movement: Movement
    reply: Reply
    effects: tuple[Effect, ...]
    at: int
    moment: int
    reversed_by: str | None
    comparable: bool


def lines_of(
    effect: Effect, effects: tuple[Effect, ...], reply: Reply
) -> list[tuple[str | None, int, tuple[str, ...]]]:
    """Lot, quantity and serials of each line of a side; the whole movement where it had no lots."""
    if not reply.lots:
        return [(None, effect.quantity, reply.serials)]
    lots = reply.lots
    if any(side.side == "into" for side in effects):
        lots = lots[-1:] if effect.side == "into" else lots[:-1]
    return [(lot.lot_code, lot.quantity, lot.serials) for lot in lots]


def effects_text(legs: list[Leg], quantity: int, traced: bool, consumed: dict[str, int]) -> str:
    """The text form: template, warehouse, location, load or unload, side, quantity, traced or nothing, consumed.

    So for one side after another; what was consumed stands with the side that unloads.
    """
    fields: list[str] = []
    for leg in legs:
        fields += (
            leg.template.code,
            leg.warehouse.code,
            leg.location or "",
            "load" if leg.load else "unload",
            "offset" if leg.offset else "into" if leg.into else "main",
            str(quantity),
            "traced" if traced and not leg.offset else "",
            keys.join(*[text for place in consumed.items() for text in map(str, place)])
            if consumed and not leg.load
            else "",
        )
    return keys.join(*fields)


def read_effects(text: str) -> tuple[Effect, ...]:
    """The inverse of `effects_text`."""
    fields = keys.split(text)
    effects = []
    for place in range(0, len(fields), 8):
        template, warehouse, location, direction, side, quantity, traced, consumed = fields[place : place + 8]
        parts = keys.split(consumed) if consumed else ()
        amounts = {key: int(amount) for key, amount in zip(parts[::2], parts[1::2], strict=True)}
        load = direction == "load"
        effects.append(Effect(template, warehouse, location or None, load, side, int(quantity), bool(traced), amounts))
    return tuple(effects)
