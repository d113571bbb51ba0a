"""What went into what: the edges of a transformation, by lot and by serial (`domain.md` §11).

A movement of a traceability template, one that names a transformation and a lot made from lots give an edge for each
lot and each serial: taken out is an input, brought in an output. A transfer's other side moves the same goods and gives
none. Without a transformation of its own a movement is one by itself: its item's key and its id.
"""

from typing import Literal

from processors.domain import keys, quantity
from processors.domain.changes import Changes
from processors.domain.decision import Emit
from processors.domain.events import LineageEdge
from processors.domain.movement import Movement

TOPIC = "lineage"


def transformation_of(item_key: str, movement: Movement) -> str:
    """The transformation that a movement belongs to."""
    return movement.transformation_id or f"{item_key}|{keys.part(movement.movement_id)}"


def publish_edges(
    changes: Changes,
    item_key: str,
    movement: Movement,
    role: Literal["input", "output"],
    lot_code: str | None,
    amount: int,
    serials: tuple[str, ...],
    occurred_at: int,
    sign: int = 1,
    by: str | None = None,
) -> None:
    """Publish the edges of one line of a movement. `sign` -1 takes them back: the sum over an edge's records counts.

    `by`: the movement that publishes them, where it is a reversal.
    """
    transformation = transformation_of(item_key, movement)

    def edge(serial: str | None, pieces: int) -> Emit:
        value = LineageEdge(
            transformation,
            role,
            movement.item_class,
            movement.item_code,
            movement.variant or None,
            lot_code,
            serial,
            sign * pieces,
            by or movement.movement_id,
            movement.account,
            occurred_at,
        )
        return Emit(TOPIC, item_key, value)

    if lot_code is not None or not serials:
        changes.records.append(edge(None, amount))
    for serial in serials:
        changes.records.append(edge(serial, quantity.ONE))
