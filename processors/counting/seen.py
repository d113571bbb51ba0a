"""Reads and commands that were taken: a second arrival has no second effect and gets the first answer.

A read is known by its inventory and scan id, a command by its inventory and command id. What a read says does not
include when it was sent: a scanner that sends again does so later.
"""

from collections.abc import Callable
from hashlib import blake2b
from typing import Final

from processors.counting.registers import COUNTING_STATE, state_key, state_row
from processors.counting.step import Step
from processors.domain.count_registers import ScanFeedback
from processors.domain.events import Reply
from processors.domain.registers import StateRow
from processors.domain.scans import CountCommand, Scan

SCAN: Final = "scan"
COMMAND: Final = "command"
_HASH_BYTES: Final = 16

EncodeReply = Callable[[Reply], bytes]
DecodeReply = Callable[[bytes], Reply]
EncodeFeedback = Callable[[ScanFeedback], bytes]
DecodeFeedback = Callable[[bytes], ScanFeedback]


def find(step: Step, kind: str, inventory: str, id: str) -> StateRow | None:
    """The row of an id that was taken, None where it was not."""
    return step.view.once(COUNTING_STATE, state_key(kind, inventory, id))


def remember(step: Step, kind: str, inventory: str, id: str, content: bytes, answer: bytes) -> None:
    """Keep an id with what it said and its answer, encoded."""
    row = state_row(kind, (inventory, id), step.time_ms, content_hash=content, reply=answer)
    step.put(COUNTING_STATE, state_key(kind, inventory, id), row)


def scan_content(scan: Scan) -> bytes:
    """A hash of what a read says, but for when it was sent."""
    return _hash(
        (
            scan.list,
            scan.operator,
            scan.device,
            scan.scanned_at,
            scan.action,
            scan.barcode,
            scan.symbology,
            scan.item_class,
            scan.item_code,
            scan.variant,
            scan.location,
            scan.lot,
            scan.serial,
            scan.quantity,
            scan.answer,
            scan.answers,
            scan.unit,
        )
    )


def command_content(command: CountCommand) -> bytes:
    """A hash of what a command says."""
    return _hash(
        (
            command.action,
            command.list,
            command.at,
            command.by,
            command.date,
            command.description,
            command.notes,
            command.operator,
            command.list_type,
            command.warehouse,
            command.locations,
            command.as_of,
            command.line,
            command.revision,
            command.difference,
            command.reason_code,
        )
    )


def _hash(says: tuple[object, ...]) -> bytes:
    # Texts, numbers and tuples of them: `repr` tells any two apart.
    return blake2b(repr(says).encode("utf-8", "surrogatepass"), digest_size=_HASH_BYTES).digest()
