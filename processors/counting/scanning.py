"""One read: noted, counted, asked about or refused, with exactly one answer (`domain.md` §9)."""

from typing import Final

from processors.barcodes.tokenizer import Rules
from processors.counting import seen
from processors.counting.checks import Looked, check_confirm, check_read, look
from processors.counting.feedback import accepted, asked, feedback, noted
from processors.counting.fields import Given, Moment, check_form, read_fields
from processors.counting.places import list_to_count
from processors.counting.questions import answer, let_go
from processors.counting.seen import DecodeFeedback, EncodeFeedback
from processors.counting.sessions import NOTHING, Session, cleared, keep, merged, session_of
from processors.counting.step import Step
from processors.counting.writing import RECOUNTS, confirm
from processors.domain import keys
from processors.domain.count_registers import CountListRow, ScanFeedback
from processors.domain.decision import Decision, Emit
from processors.domain.message import Message
from processors.domain.refusals import Reason, Refusal
from processors.domain.scans import Scan

OF_THE_SESSION: Final = frozenset(
    {"item-needed", "location-needed", "lot-needed", "serial-needed", "quantity-needed", "serial-already-counted"}
)
"""Refusals that nobody mends but the operator, with reads of their own.

A second arrival of such a read gets the first answer: decided afresh behind those reads it would count what nobody
confirmed. Any other refused read is decided afresh, so that a dead letter can be sent again once its cause is mended.
"""


class Scanning:
    """Decides reads. Stateless but for the codecs of the answers that are kept."""

    def __init__(self, encode: EncodeFeedback, decode: DecodeFeedback) -> None:
        self._encode, self._decode = encode, decode

    def decide(self, message: Message, scan: Scan, step: Step, rules: Rules) -> Decision:
        """The whole effect of a read, or its refusal."""
        reasons: list[Reason] = []
        moment = check_form(scan, message.time_ms, reasons)
        if moment is None:
            return self._refused(message, step, scan, None, None, reasons)
        content = seen.scan_content(scan)
        row = seen.find(step, seen.SCAN, scan.inventory, scan.scan_id)
        if row is not None and row.content_hash == content and row.reply is not None:
            return _again(message, self._decode(row.reply), row.reply)
        if row is not None:
            reasons.append(_reused(scan))
        place = list_to_count(step, scan, reasons)
        told: ScanFeedback | None = None
        before = NOTHING if place is None else session_of(step, scan)
        match scan.action:
            case "cancel":
                if not reasons and place is not None:
                    let_go(step, scan, before)
                    keep(step, scan, before, NOTHING)
                    told = feedback(scan, step.time_ms, "noted", "begun anew", look(NOTHING, place, step.master))
            case "answer":
                told = answer(step, scan, place, before, reasons)
            case "read" | "confirm":
                told = self._read(step, scan, place, before, moment, rules, reasons)
        if told is None:
            looked = None if place is None else look(before, place, step.master)
            return self._refused(message, step, scan, looked, None if row is not None else content, reasons)
        encoded = self._encode(told)
        seen.remember(step, seen.SCAN, scan.inventory, scan.scan_id, content, encoded)
        step.records.insert(0, _emit(message, told, encoded))
        return step.decision()

    def _read(
        self,
        step: Step,
        scan: Scan,
        place: CountListRow | None,
        before: Session,
        moment: Moment,
        rules: Rules,
        reasons: list[Reason],
    ) -> ScanFeedback | None:
        given = read_fields(scan, step.time_ms, rules, step.master, reasons)
        if scan.action == "read" and given.empty and not scan.barcode:
            reasons.append(Reason("field-invalid", "a read needs a barcode or a field; give one", "barcode"))
        if place is None:
            return None
        looked = look(_with_answer(merged(before, given, moment), scan), place, step.master)
        check_read(looked, given, place, reasons)
        if scan.action == "read":
            if reasons:
                return None
            keep(step, scan, before, looked.session)
            return feedback(scan, step.time_ms, "noted", _noted(looked, given), looked)
        check_confirm(looked, place.state in RECOUNTS, reasons)
        if reasons:
            return None
        written = confirm(step, scan, place, looked, reasons)
        if written is None:
            return None
        type = step.master.list_types.get(place.list_type)
        after = cleared(looked.session, type is not None and type.maintain_location)
        if written.question is not None:
            let_go(step, scan, before, written.question)
            after.question = written.question
            keep(step, scan, before, after)
            text = asked(written.line, written.question.counted, scan.list)
            return feedback(scan, step.time_ms, "ask", text, looked, written.line, "ask-add-or-replace")
        waiting = after.question
        if waiting is not None and (waiting.list, waiting.line) == (written.line.list, written.line.line):
            after.question = None  # the line says by now what this read says
        keep(step, scan, before, after)
        text = accepted(looked, written.line, scan.list, given.typed_code)
        return feedback(scan, step.time_ms, "accepted", text, look(after, place, step.master), written.line)

    def _refused(
        self,
        message: Message,
        step: Step,
        scan: Scan,
        looked: Looked | None,
        content: bytes | None,
        reasons: list[Reason],
    ) -> Decision:
        """The refusal, with its answer. `content`: of a read whose id is free, None where nothing is kept of it."""
        refusal = Refusal.of(reasons)
        first = refusal.reasons[0]
        told = feedback(scan, message.time_ms, "refused", first.message, looked, code=first.code)
        encoded = self._encode(told)
        decision = Decision(records=[_emit(message, told, encoded)], refusal=refusal)
        if content is not None and all(reason.code in OF_THE_SESSION for reason in refusal.reasons):
            kept = Step(step.view, step.master, step.time_ms, step.partitions)
            seen.remember(kept, seen.SCAN, scan.inventory, scan.scan_id, content, encoded)
            decision.rows = kept.decision().rows
        return decision


def _with_answer(session: Session, scan: Scan) -> Session:
    if scan.answer is not None:
        session.answer = scan.answer
    return session


def _noted(looked: Looked, given: Given) -> str:
    if given.empty:
        return "nothing in this barcode is counted"
    return noted(looked, given.typed_code)


def _emit(message: Message, told: ScanFeedback, encoded: bytes) -> Emit:
    return Emit("scan-feedback", keys.join(told.scan_id), told, message.key, encoded)


def _again(message: Message, told: ScanFeedback, encoded: bytes) -> Decision:
    """The first answer once more. Of a refused read, no second dead letter: its first one is there."""
    return Decision(records=[_emit(message, told, encoded)])


def _reused(scan: Scan) -> Reason:
    return Reason(
        "field-invalid",
        f"read {scan.scan_id!r} of this inventory was taken before with other content; give each read an id of its own",
        "scan_id",
    )
