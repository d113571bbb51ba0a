"""Counting as the loop sees it: what it reads and keeps, and what a message does."""

from collections.abc import Sequence
from typing import Any

from processors.counting import cancelling, closing, results, tidying
from processors.counting.barcode_rules import BarcodeRules
from processors.counting.commands import Commands
from processors.counting.registers import COUNTING_STATE, INDEXES, INVENTORIES, LINES, LISTS
from processors.counting.scanning import Scanning
from processors.counting.seen import DecodeFeedback, DecodeReply, EncodeFeedback, EncodeReply
from processors.counting.step import Step
from processors.domain import keys
from processors.domain.count_lines import CountResult
from processors.domain.decision import Decision
from processors.domain.master import MasterData
from processors.domain.message import Continuation, Index, Message, Trail
from processors.domain.progressives import Claim, Claimed, Grants, Need
from processors.domain.refusals import Reason, Refusal
from processors.domain.registers import LotRow, SerialRow
from processors.domain.scans import CountCommand, Scan
from processors.domain.view import Register, View


class CountingProcessor:
    """Inventory-keyed: takes commands and reads, tells the ledger what was counted, takes its results over.

    Stateless: everything is in the rows it is given. The codecs keep the first answer for a second arrival.
    `partitions`: how many the ledger has, each of which is told of every list.
    """

    name = "counting"
    inputs: tuple[str, ...] = ("counts", "scans", "count-results")
    order: tuple[str, ...] = ("master-register", "counts", "scans")
    """Topics from highest to lowest: a message may wait, once, for those above its own (architecture §4)."""
    registers: tuple[Register[Any], ...] = (INVENTORIES, LISTS, LINES, COUNTING_STATE)
    state = COUNTING_STATE
    indexes: tuple[Index, ...] = INDEXES
    trails: tuple[Trail, ...] = ()

    def __init__(
        self,
        encode_feedback: EncodeFeedback,
        decode_feedback: DecodeFeedback,
        encode_reply: EncodeReply,
        decode_reply: DecodeReply,
        partitions: int,
        slice_rows: int = cancelling.SLICE_ROWS,
    ) -> None:
        self._scanning = Scanning(encode_feedback, decode_feedback)
        self._commands = Commands(encode_reply, decode_reply)
        self._partitions, self._slice_rows = partitions, slice_rows
        self._rules = BarcodeRules()

    def weight(self, message: Message, master: MasterData) -> int:
        """Rows that a message may touch."""
        value = message.value
        if isinstance(value, CountResult):
            return 1 + len(value.lines)
        return 1

    def needs(self, messages: Sequence[Message], view: View, master: MasterData) -> list[Need]:
        """None: counting gives out no codes."""
        return []

    def decide(self, message: Message, view: View, master: MasterData, grants: Grants, claimed: Claimed) -> Decision:
        """The whole effect of one message, or its refusal. Pure."""
        value = message.value
        step = Step(view, master, message.time_ms, self._partitions)
        match value:
            case Scan():
                return self._scanning.decide(message, value, step, self._rules.of(master))
            case CountCommand():
                return self._commands.decide(message, value, step)
            case CountResult():
                reasons: list[Reason] = []
                results.take(value, step, reasons)
                return Decision(refusal=Refusal.of(reasons)) if reasons else step.decision()
        raise ValueError(f"expected a message of {', '.join(self.inputs)}, got one of {message.topic}")

    def resume(
        self, continuation: Continuation, view: View, master: MasterData, grants: Grants, claimed: Claimed
    ) -> Decision:
        """Go on with a list that closes behind its reads, and with work in slices."""
        step = Step(view, master, continuation.time_ms, self._partitions)
        match keys.split(continuation.id)[0]:
            case closing.BARRIER:
                closing.resume(continuation, step)
            case cancelling.BARRIER:
                cancelling.resume(continuation, step, self._slice_rows)
            case tidying.BARRIER:
                tidying.resume(continuation, step, self._slice_rows)
            case kind:
                raise ValueError(f"expected no continuation {kind!r}")
        return step.decision()

    def claim_of(self, row: LotRow | SerialRow, key: str, partition: int, master: MasterData) -> Claim | None:
        """None: counting gives out no codes."""
        return None
