"""Movement ids that were taken: a second arrival has no second effect and gets the first answer (architecture §5)."""

from collections.abc import Callable
from hashlib import blake2b
from typing import Final

from processors.domain import keys
from processors.domain.events import Reply
from processors.domain.message import Message
from processors.domain.movement import Movement
from processors.domain.registers import StateRow

KIND: Final = "movement"
HASH_BYTES: Final = 16
SCHEMA_BYTES: Final = 5
"""Magic byte and schema id: the same content may come in two versions of the schema."""

EncodeReply = Callable[[Reply], bytes]
DecodeReply = Callable[[bytes], Reply]
DecodeMovement = Callable[[bytes], Movement]


def seen_key(item_key: str, movement_id: str) -> str:
    """Key of a taken movement's state row: identity is item + movement id."""
    return f"{KIND}|{item_key}|{keys.part(movement_id)}"


def same_content(row: StateRow, message: Message, decode: DecodeMovement) -> bool:
    """True where a movement says what the one that was taken under its id says.

    The bytes settle it as a rule. Where they differ the first request is read again, so that nothing but the values
    counts: not the schema version, nor how it writes an absent field.
    """
    if row.content_hash == content_hash(message.raw):
        return True
    return row.request is not None and bool(decode(row.request) == message.value)


def content_hash(raw: bytes) -> bytes:
    """A hash of a message's content as it came, without its schema id. Record times are no part of it."""
    return blake2b(raw[SCHEMA_BYTES:], digest_size=HASH_BYTES).digest()


def seen_row(
    message: Message, movement: Movement, reply: bytes, effects: str | None, moment: int | None, moved: str | None
) -> StateRow:
    """The state row of a movement that is taken now; `effects`: what a reversal would undo.

    `moment` (ms) is when it happened: a reversal happened then too, also if the company's time zone is another by then.
    """
    return StateRow(
        KIND,
        movement.item_class,
        movement.item_code,
        movement.movement_id,
        content_hash(message.raw),
        movement.effective_date,
        None,
        None if moment == message.time_ms else moment,
        effects,
        message.raw,
        reply,
        None,
        message.time_ms,
        moved,
    )
