"""Add or replace: a question about a second read waits in its session until it is answered, or let go."""

from dataclasses import replace

from processors.counting.checks import look
from processors.counting.feedback import answered, feedback
from processors.counting.registers import LINES, LISTS, VOID_STATES, line_key, list_key
from processors.counting.sessions import Question, Session, keep
from processors.counting.step import Step
from processors.counting.writing import Counted, change, closed_to_reads, takes
from processors.domain.count_registers import CountListRow, ScanFeedback
from processors.domain.refusals import Reason
from processors.domain.scans import Scan


def answer(
    step: Step, scan: Scan, place: CountListRow | None, before: Session, reasons: list[Reason]
) -> ScanFeedback | None:
    """Take the answer to the session's question; None where a reason was found."""
    if scan.answer is None:
        reasons.append(Reason("field-invalid", "an answer says add or replace, this one says nothing", "answer"))
    if place is None:
        return None
    question = before.question
    if question is None or (scan.answers is not None and scan.answers != question.scan_id):
        waits = "no read waits" if question is None else f"read {question.scan_id!r} waits"
        reasons.append(Reason("field-invalid", f"{waits} for an answer, got one to {scan.answers!r}", "answers"))
        return None
    home = step.get(LISTS, list_key(scan.inventory, question.list))
    line = step.get(LINES, line_key(scan.inventory, question.list, question.line))
    assert home is not None, "a question is about a line of a list"
    assert line is not None, "a question is about a line"
    if line.state in VOID_STATES:
        message = f"line {line.line!r} of list {line.list!r} was {line.state} meanwhile; read the goods anew"
        reasons.append(Reason("line-changed", message, "answers"))
    elif not takes(home, line):
        reasons.append(closed_to_reads(home))
    if reasons or scan.answer is None:
        return None
    read = Counted(question.counted, question.unit, question.first, question.last, question.uncertain)
    written = change(step, scan, home, line, read, scan.answer, reasons)
    if written is None:
        return None
    after = replace(before, question=None)
    keep(step, scan, before, after)
    text = answered(written.line, scan.list)
    return feedback(scan, step.time_ms, "accepted", text, look(after, place, step.master), written.line)


def let_go(step: Step, scan: Scan, before: Session, by: Question | None = None) -> None:
    """Let the line of a session's question stand as it is. `by`: the question that takes its place."""
    question = before.question
    if question is None or (by is not None and (by.list, by.line) == (question.list, question.line)):
        return
    key = line_key(scan.inventory, question.list, question.line)
    line = step.get(LINES, key)
    if line is not None and line.state == "asked":
        step.put(LINES, key, replace(line, state="counted"))
