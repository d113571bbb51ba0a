"""The ledger as the loop sees it: what it reads and keeps, what a batch may need, what a message does."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from processors.domain import keys
from processors.domain.claims import claim_of
from processors.domain.commitments import document_key
from processors.domain.count_lines import CountLine
from processors.domain.counts.positions import LIST_POSITIONS, SERIAL_POSITIONS
from processors.domain.decision import Decision, Emit
from processors.domain.effects import Accepted, read_effects
from processors.domain.events import Reply
from processors.domain.form import ID_LENGTH_MAX
from processors.domain.master import MasterData, MasterRecord, master_id
from processors.domain.master_checks import judge
from processors.domain.message import Continuation, Index, Message, Trail
from processors.domain.moved import SERIAL_MOVES, STOCK_MOVES
from processors.domain.movement import Movement, RegisterEdit
from processors.domain.pins import pin_of, pinned_since
from processors.domain.posting import Circumstances, Posted, post
from processors.domain.progressives import Claim, Claimed, Grants, Need
from processors.domain.refusals import Reason, Refusal
from processors.domain.registers import LotRow, SerialRow
from processors.domain.releasing import release
from processors.domain.reserving import reserve
from processors.domain.reversal import reverse
from processors.domain.serials import index_key
from processors.domain.stock import place_key
from processors.domain.view import (
    COUNTERS,
    LOTS,
    LOTS_BY_EXPIRY,
    LOTS_BY_START,
    POSITIONS,
    RESERVATIONS,
    RESERVATIONS_OF,
    SERIAL_LOTS,
    SERIALS,
    STATE,
    STOCK,
    STOCK_PLACES,
    Register,
    View,
)
from processors.domain.withdrawal import expiry_key, same_order, start_key
from processors.ledger.counts import decide_count
from processors.ledger.counts import drop_slice as drop_list_slice
from processors.ledger.dropping import SLICE_ROWS, begin, drop_slice, dropped_of, dropped_until, is_due
from processors.ledger.edits import decide_edit
from processors.ledger.needs import needs_of, pieces_of
from processors.ledger.seen import DecodeMovement, DecodeReply, EncodeReply, same_content, seen_key, seen_row
from processors.ledger.settlement import settle_line, settle_slice

PIECES_MAX: Final = 50_000


class LedgerProcessor:
    """Item-keyed: posts movements, edits registers, judges master data.

    Stateless: everything is in the rows it is given. `encode_reply` and `decode_reply` keep the first answer for a
    second arrival, `decode_movement` reads what a movement that was taken said.
    """

    name = "ledger"
    inputs: tuple[str, ...] = ("master-data", "movements", "register-edits", "count-lines")
    order: tuple[str, ...] = ("master-register", "movements", "register-edits")
    """Topics from highest to lowest: a message may wait, once, for those above its own (architecture §4)."""
    registers: tuple[Register[Any], ...] = (STOCK, LOTS, SERIALS, RESERVATIONS, COUNTERS, POSITIONS, STATE)
    state = STATE
    indexes: tuple[Index, ...] = (
        Index(SERIAL_LOTS, SERIALS, index_key),
        Index(STOCK_PLACES, STOCK, place_key),
        Index(RESERVATIONS_OF, RESERVATIONS, document_key),
        Index(LOTS_BY_START, LOTS, start_key, single=True, same=same_order),
        Index(LOTS_BY_EXPIRY, LOTS, expiry_key, single=True, same=same_order),
        SERIAL_POSITIONS,
    )

    trails: tuple[Trail, ...] = (STOCK_MOVES, SERIAL_MOVES, LIST_POSITIONS)

    def __init__(
        self,
        encode_reply: EncodeReply,
        decode_reply: DecodeReply,
        decode_movement: DecodeMovement,
        pieces_max: int = PIECES_MAX,
        slice_rows: int = SLICE_ROWS,
    ) -> None:
        self._encode_reply, self._decode_reply, self._decode_movement = encode_reply, decode_reply, decode_movement
        self._pieces_max, self._slice_rows = pieces_max, slice_rows

    def weight(self, message: Message, master: MasterData) -> int:
        """Pieces, lots and rows that a message may touch, serials still to be generated too."""
        value = message.value
        return 1 + pieces_of(value, master, self._pieces_max) if isinstance(value, Movement) else 1

    def needs(self, messages: Sequence[Message], view: View, master: MasterData) -> list[Need]:
        """How many ordinals of which counter the messages of one task may use at most."""
        return needs_of(messages, view, master, self._pieces_max)

    def decide(self, message: Message, view: View, master: MasterData, grants: Grants, claimed: Claimed) -> Decision:
        """The whole effect of one message, or its refusal. Pure; raises OrdinalsShort where `grants` do not suffice."""
        value = message.value
        if isinstance(value, Movement):
            if claimed:
                # Codes of others are asked for only by a movement that nothing else stands against. So its reasons do
                # not depend on what the messages claim that happen to share its batch.
                alone = self._decide_movement(message, value, view, master, grants, {})
                if alone.refusal is not None:
                    return alone
            return self._decide_movement(message, value, view, master, grants, claimed)
        if isinstance(value, RegisterEdit):
            pin = pin_of(message, master.items.get((value.item_class, value.item_code)), view, master)
            against = master if pin is None else pin.master
            dropped = dropped_of(view, message.partition)
            until = dropped_until(dropped)
            decision = decide_edit(message, value, view, against, until, self._encode_reply, self._decode_reply)
            if decision.rows and is_due(dropped, master):
                begin(decision, dropped, message.partition, view, master, message.time_ms)
            return decision
        if isinstance(value, CountLine):
            return decide_count(message, value, view, master)
        if message.topic == "master-data":
            return _decide_master(value, master)
        raise ValueError(f"expected a message of {', '.join(self.inputs)}, got one of {message.topic}")

    def resume(
        self, continuation: Continuation, view: View, master: MasterData, grants: Grants, claimed: Claimed
    ) -> Decision:
        """Go on with work in slices: ids that are dropped, settlements of counts, lists that are cancelled."""
        kind, until = keys.split(continuation.id)[0], dropped_until(dropped_of(view, continuation.partition))
        match kind:
            case "drop-ids":
                return drop_slice(continuation, view, master, self._slice_rows)
            case "settle":
                return settle_slice(continuation, view, master, claimed, until, self._decode_reply)
            case "settle-line":
                return settle_line(continuation, view, master, claimed, until, self._decode_reply)
            case "drop-list":
                return drop_list_slice(continuation, view)
        raise ValueError(f"expected a continuation of the ledger, got {continuation.id!r}")

    def claim_of(self, row: LotRow | SerialRow, key: str, partition: int, master: MasterData) -> Claim | None:
        """The company-wide claim that a committed row holds, None where its code is unique in its item only."""
        return claim_of(row, key, partition, master)

    def _decide_movement(
        self,
        message: Message,
        movement: Movement,
        view: View,
        master: MasterData,
        grants: Grants,
        claimed: Claimed,
    ) -> Decision:
        key, reasons = seen_key(message.key, movement.movement_id), list[Reason]()
        seen = view.once(STATE, key)
        if seen is not None:
            if same_content(seen, message, self._decode_movement):
                return self._again(message, seen.reply or b"")
            reasons.append(_reused(movement))
        pin = pin_of(message, master.items.get((movement.item_class, movement.item_code)), view, master)
        if pin is not None:
            master = pin.master
        dropped = dropped_of(view, message.partition)
        around = Circumstances(view, master, grants, claimed, dropped_until(dropped), self._pieces_max)
        match movement.action:
            case "post":
                posted = post(message, movement, around, reasons)
            case "reverse":
                posted = self._reverse(message, movement, around, pinned_since(pin, message.key, view), reasons)
            case "reserve":
                posted = reserve(message, movement, around, reasons)
            case "release":
                posted = release(message, movement, around, reasons)
        if posted is None:
            if pin is not None and pin.reason is not None:
                reasons.append(pin.reason)
            return _refused(message, movement, reasons)
        answer = posted.decision.records[0]
        assert answer.value is posted.reply, "the reply comes first"
        answer.encoded = self._encode_reply(posted.reply)
        row = seen_row(message, movement, answer.encoded, posted.effects, posted.moment, posted.moved)
        posted.decision.rows.append((STATE, key, row))
        if pin is not None:
            pin.into(posted.decision, message.key)
        if is_due(dropped, master):
            begin(posted.decision, dropped, message.partition, view, master, message.time_ms)
        return posted.decision

    def _reverse(
        self, message: Message, movement: Movement, around: Circumstances, since: int, reasons: list[Reason]
    ) -> Posted | None:
        key = seen_key(message.key, movement.reverses or "")
        row = around.view.get(STATE, key)
        accepted = None
        if row is not None and row.request is not None and row.reply is not None:
            effects = read_effects(row.continuation) if row.continuation else ()
            original, reply = self._decode_movement(row.request), self._decode_reply(row.reply)
            moment = row.at if row.offset is None else row.offset
            accepted = Accepted(original, reply, effects, row.at, moment, row.reversed_by, row.at >= since)
        posted = reverse(message, movement, accepted, around, reasons)
        if posted is not None and row is not None:
            posted.decision.rows.append((STATE, key, replace(row, reversed_by=movement.movement_id)))
        return posted

    def _again(self, message: Message, first: bytes) -> Decision:
        """The first answer once more, as a duplicate's."""
        reply = self._decode_reply(first)
        reply.status, reply.decided_at = "duplicate", message.time_ms
        return Decision(records=[Emit("replies", keys.join(reply.request_id), reply, message.key)])


def _decide_master(record: MasterRecord, master: MasterData) -> Decision:
    reasons = judge(record, master)
    if reasons:
        return Decision(refusal=Refusal.of(reasons))
    return Decision(records=[Emit("master-register", keys.join(*master_id(record)), record)])


def _refused(message: Message, movement: Movement, reasons: list[Reason]) -> Decision:
    refusal, id = Refusal.of(reasons), movement.movement_id[:ID_LENGTH_MAX]
    reply = Reply(message.topic, id, "refused", refusal.reasons, (), (), None, (), message.time_ms)
    return Decision(records=[Emit("replies", keys.join(reply.request_id), reply, message.key)], refusal=refusal)


def _reused(movement: Movement) -> Reason:
    return Reason(
        "movement-id-reused",
        f"movement {movement.movement_id!r} of this item was taken before with other content; send the changed one "
        "under an id of its own, or reverse the first",
        "movement_id",
    )
