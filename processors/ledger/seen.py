"""Movement ids that were taken: a second arrival has no second effect and gets the first answer (architecture §5)."""

from collections.abc import Callable
from hashlib import blake2b
from operator import attrgetter
from typing import Final

from processors.domain import keys
from processors.domain.events import Reply
from processors.domain.message import Message
from processors.domain.movement import Movement, MovementLot
from processors.domain.registers import StateRow

KIND: Final = "movement"
HASH_BYTES: Final = 16

EncodeReply = Callable[[Reply], bytes]
DecodeReply = Callable[[bytes], Reply]

_FIELDS: Final = tuple(name for name in Movement.__slots__ if name not in ("lots", "serials"))
_LOT_FIELDS: Final = tuple(name for name in MovementLot.__slots__ if name != "serials")
_values: Final = attrgetter(*_FIELDS)
_lot_values: Final = attrgetter(*_LOT_FIELDS)


def seen_key(movement: Movement) -> str:
    """Key of a taken movement's state row: identity is item + movement id."""
    return keys.join(KIND, movement.item_class, movement.item_code, movement.movement_id)


def content_hash(movement: Movement) -> bytes:
    """A hash of what a movement says; record times and schema versions are no part of it.

    Only the fields that are set count, each with its name, so a field that a later version of the contract adds does
    not change the hash of a movement that does not use it. `ascii`, not `repr`: its text depends on no Unicode version.
    """
    content: list[object] = [pair for pair in zip(_FIELDS, _values(movement), strict=True) if pair[1] is not None]
    for lot in movement.lots:
        content.append([pair for pair in zip(_LOT_FIELDS, _lot_values(lot), strict=True) if pair[1] is not None])
        if lot.serials:
            content.append(lot.serials)
    if movement.serials:
        content.append(movement.serials)
    return blake2b(ascii(content).encode(), digest_size=HASH_BYTES).digest()


def seen_row(message: Message, movement: Movement, digest: bytes, reply: bytes) -> StateRow:
    """The state row of a movement that is taken now; `reply` is its encoded answer."""
    return StateRow(
        KIND,
        movement.item_class,
        movement.item_code,
        movement.movement_id,
        digest,
        movement.effective_date,
        None,
        None,
        None,
        message.raw,
        reply,
        None,
        message.time_ms,
    )
