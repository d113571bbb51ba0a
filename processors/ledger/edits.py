"""Register edits as the processor decides them: once each, with the first answer again for a second arrival."""

import json
from hashlib import blake2b
from typing import Final

from processors.domain import keys
from processors.domain.decision import Decision, Emit
from processors.domain.edits import edit
from processors.domain.events import Reply
from processors.domain.form import ID_LENGTH_MAX
from processors.domain.master import MasterData
from processors.domain.message import Message
from processors.domain.movement import RegisterEdit
from processors.domain.refusals import Reason, Refusal
from processors.domain.registers import StateRow
from processors.domain.view import STATE, View
from processors.ledger.seen import HASH_BYTES, DecodeReply, EncodeReply

KIND: Final = "edit"


def decide_edit(
    message: Message,
    request: RegisterEdit,
    view: View,
    master: MasterData,
    dropped_until: int | None,
    encode_reply: EncodeReply,
    decode_reply: DecodeReply,
) -> Decision:
    """The whole effect of an edit, or its refusal. `dropped_until`: latest day whose ids this task no longer knows."""
    key, reasons, content = seen_key(message.key, request.edit_id), list[Reason](), content_hash(request)
    seen = view.get(STATE, key)
    if seen is not None and seen.content_hash == content:
        reply = decode_reply(seen.reply or b"")
        reply.status, reply.decided_at = "duplicate", message.time_ms
        return Decision(records=[Emit("replies", keys.join(reply.request_id), reply, message.key)])
    if seen is not None:
        reasons.append(_reused(request))
    edited = edit(message, request, view, master, dropped_until, reasons)
    if edited is None:
        refusal, id = Refusal.of(reasons), request.edit_id[:ID_LENGTH_MAX]
        reply = Reply(message.topic, id, "refused", refusal.reasons, (), (), None, (), message.time_ms)
        return Decision(records=[Emit("replies", keys.join(reply.request_id), reply, message.key)], refusal=refusal)
    row = _seen_row(message, request, content, encode_reply(edited.reply), edited.day)
    edited.decision.rows.append((STATE, key, row))
    return edited.decision


def seen_key(item_key: str, edit_id: str) -> str:
    """Key of a taken edit's state row: identity is item + edit id."""
    return f"{KIND}|{item_key}|{keys.part(edit_id)}"


def content_hash(request: RegisterEdit) -> bytes:
    """A hash of what an edit says, however its changes are ordered and whichever version of the schema it came in."""
    says = [
        request.register,
        request.variant,
        request.lot_code,
        request.serial_code,
        request.edited_by,
        request.edited_at,
        sorted(request.changes.items()),
    ]
    return blake2b(json.dumps(says).encode(), digest_size=HASH_BYTES).digest()


def _seen_row(message: Message, request: RegisterEdit, content: bytes, reply: bytes, day: int) -> StateRow:
    return StateRow(
        KIND,
        request.item_class,
        request.item_code,
        request.edit_id,
        content,
        day,
        None,
        None,
        None,
        None,
        reply,
        None,
        message.time_ms,
    )


def _reused(request: RegisterEdit) -> Reason:
    return Reason(
        "movement-id-reused",
        f"edit {request.edit_id!r} of this item was taken before with other content; send the changed one under an id "
        "of its own",
        "edit_id",
    )
