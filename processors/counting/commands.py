"""Commands on inventories, lists and lines: done or refused, each with one reply (`contract.md` §2, counts)."""

from collections.abc import Callable
from typing import Final

from processors.counting import cancelling, closing, opening, reviewing, seen
from processors.counting.seen import DecodeReply, EncodeReply
from processors.counting.step import Step
from processors.domain import keys
from processors.domain.dates import DAY_MAX, DAY_MIN
from processors.domain.decision import Decision, Emit
from processors.domain.events import Reply
from processors.domain.form import ID_LENGTH_MAX
from processors.domain.message import Message
from processors.domain.moments import FUTURE_MS_MAX, TIME_MAX
from processors.domain.refusals import Reason, Refusal
from processors.domain.scans import CountAction, CountCommand

TEXT_LENGTH_MAX: Final = 1000
"""Characters of a description or of notes."""


class Commands:
    """Decides commands. Stateless but for the codecs of the answers that are kept."""

    def __init__(self, encode: EncodeReply, decode: DecodeReply) -> None:
        self._encode, self._decode = encode, decode

    def decide(self, message: Message, command: CountCommand, step: Step) -> Decision:
        """The whole effect of a command, or its refusal with every reason."""
        reasons: list[Reason] = []
        if _check_form(command, message.time_ms, reasons):
            content = seen.command_content(command)
            row = seen.find(step, seen.COMMAND, command.inventory, command.command_id)
            if row is not None and row.content_hash == content and row.reply is not None:
                return self._again(message, row.reply)
            if row is not None:
                reasons.append(_reused(command))
            _ACTS[command.action](command, step, reasons)
            if not reasons:
                reply = _reply(message, command)
                encoded = self._encode(reply)
                seen.remember(step, seen.COMMAND, command.inventory, command.command_id, content, encoded)
                step.records.insert(0, Emit("replies", keys.join(reply.request_id), reply, message.key, encoded))
                return step.decision()
        refusal = Refusal.of(reasons)
        reply = _reply(message, command, refusal.reasons)
        return Decision(records=[Emit("replies", keys.join(reply.request_id), reply, message.key)], refusal=refusal)

    def _again(self, message: Message, first: bytes) -> Decision:
        reply = self._decode(first)
        reply.status, reply.decided_at = "duplicate", message.time_ms
        return Decision(records=[Emit("replies", keys.join(reply.request_id), reply, message.key)])


_ACTS: Final[dict[CountAction, Callable[[CountCommand, Step, list[Reason]], None]]] = {
    "open_inventory": opening.open_inventory,
    "open_list": opening.open_list,
    "assign_list": opening.assign_list,
    "close_list": closing.close_list,
    "close_inventory": closing.close_inventory,
    "cancel_list": cancelling.cancel_list,
    "recount_line": reviewing.recount_line,
    "approve_line": reviewing.approve_line,
    "reject_line": reviewing.reject_line,
}
"""What a command does in a step, or why not: then it adds every reason, and the step is thrown away."""


def _check_form(command: CountCommand, time_ms: int, reasons: list[Reason]) -> bool:
    """Add what is wrong with ids, lengths, days and times; False where nothing else can be said."""
    if not 0 <= time_ms <= TIME_MAX:
        reasons.append(Reason("field-invalid", f"expected a record time from 1970 to 9999, got {time_ms} ms; set it"))
        return False
    for name in ("command_id", "inventory", "by"):
        _check_length(name, getattr(command, name), ID_LENGTH_MAX, reasons)
    for name in ("list", "operator", "line", "reason_code", "list_type", "warehouse"):
        _check_length(name, getattr(command, name) or "-", ID_LENGTH_MAX, reasons)
    for name in ("description", "notes"):
        _check_length(name, getattr(command, name) or "-", TEXT_LENGTH_MAX, reasons)
    for name in ("date", "as_of"):
        day = getattr(command, name)
        if day is not None and not DAY_MIN <= day <= DAY_MAX:
            message = f"expected a day of the years 1 to 9999, got day number {day}"
            reasons.append(Reason("field-invalid", message, name))
    if command.at is not None and command.at > time_ms + FUTURE_MS_MAX:
        message = (
            f"at lies {(command.at - time_ms) // 1000} s after the record's time, at most {FUTURE_MS_MAX // 1000} s "
            "are taken; correct the sender's clock or the time"
        )
        reasons.append(Reason("time-in-future", message, "at"))
    return not any(reason.code == "field-invalid" for reason in reasons)


def _check_length(name: str, value: str, most: int, reasons: list[Reason]) -> None:
    if not 0 < len(value) <= most:
        message = f"expected 1 to {most} characters, got {len(value)}: {value[:60]!r}"
        reasons.append(Reason("field-invalid", message, name))


def _reply(message: Message, command: CountCommand, reasons: tuple[Reason, ...] = ()) -> Reply:
    id = command.command_id[:ID_LENGTH_MAX]
    return Reply(message.topic, id, "refused" if reasons else "done", reasons, (), (), None, (), message.time_ms)


def _reused(command: CountCommand) -> Reason:
    return Reason(
        "field-invalid",
        f"command {command.command_id!r} of this inventory was taken before with other content; send the changed one "
        "under an id of its own",
        "command_id",
    )
