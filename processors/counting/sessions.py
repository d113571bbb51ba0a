"""What an operator's device has read and not confirmed yet, and the question that waits for its answer.

One private row for each inventory, list, operator and device; none where nothing is waiting.
"""

import json
from dataclasses import dataclass, fields, replace
from typing import Any, Final, Literal

from processors.counting.fields import Given, Moment
from processors.counting.registers import COUNTING_STATE, state_key, state_row
from processors.counting.step import Step
from processors.domain.scans import Scan

KIND: Final = "session"


@dataclass(slots=True)
class Question:
    """A read of goods that were counted before: add to the line, or replace what it says?

    `scan_id`: the read that is asked about; `list` and `line`: where the line stands; `counted` in `unit`, which is the
    item's management unit; `first` and `last`: moments of its reads.
    """

    scan_id: str
    list: str
    line: str
    counted: int
    unit: str
    first: int
    last: int
    uncertain: bool


@dataclass(slots=True)
class Session:
    """What was read so far. `first`, `last`: moments of the reads of goods, None before any."""

    item_class: str | None = None
    item_code: str | None = None
    variant: str | None = None
    location: str | None = None
    lot: str | None = None
    serial: str | None = None
    quantity: int | None = None
    unit: str | None = None
    quantity_own: bool = False
    unit_own: bool = False
    answer: Literal["add", "replace"] | None = None
    first: int | None = None
    last: int | None = None
    uncertain: bool = False
    question: Question | None = None


NOTHING: Final = Session()
_DEFAULTS: Final = tuple((field.name, field.default) for field in fields(Session) if field.name != "question")


def session_of(step: Step, scan: Scan) -> Session:
    """The session that a read belongs to, an empty one where there is none."""
    row = step.get(COUNTING_STATE, _key(scan))
    if row is None or row.continuation is None:
        return NOTHING
    says: dict[str, Any] = json.loads(row.continuation)
    question = says.pop("question", None)
    return Session(**says, question=None if question is None else Question(*question))


def keep(step: Step, scan: Scan, before: Session, after: Session) -> None:
    """Keep the session where the read has changed it."""
    if after == before:
        return
    row = None
    if after != NOTHING:
        row = state_row(KIND, (scan.inventory, scan.list, scan.operator, scan.device), step.time_ms, text=_text(after))
    step.put(COUNTING_STATE, _key(scan), row)


def merged(session: Session, given: Given, moment: Moment) -> Session:
    """The session with a read added. A new item takes lot, serial and quantity of the old one away, its place not."""
    after = replace(session)
    if given.item_class is not None or given.item_code is not None:
        _take_item(after, given)
    if given.variant is not None:
        after.variant = given.variant
    if given.location is not None:
        after.location = given.location
    if given.lot is not None:
        after.lot = given.lot
    if given.serial is not None:
        after.serial = given.serial
    if given.quantity is not None and (given.quantity_own or not after.quantity_own):
        after.quantity, after.quantity_own = given.quantity, given.quantity_own
        if not given.quantity_own and not after.unit_own:
            after.unit = given.unit
    if given.unit is not None and (given.unit_own or not after.unit_own):
        after.unit, after.unit_own = given.unit, given.unit_own
    if given.of_goods:
        at = moment.at
        after.first = at if after.first is None else min(after.first, at)
        after.last = at if after.last is None else max(after.last, at)
        after.uncertain = after.uncertain or moment.uncertain
    return after


def cleared(session: Session, maintain_location: bool) -> Session:
    """The session once its goods are counted. The question, if any, waits on."""
    return Session(location=session.location if maintain_location else None, question=session.question)


def _take_item(session: Session, given: Given) -> None:
    known = session.item_class is not None and session.item_code is not None
    item_class = given.item_class or session.item_class
    item_code = given.item_code
    if item_code is None and item_class == session.item_class:
        item_code = session.item_code
    same = (item_class, item_code) == (session.item_class, session.item_code)
    other_variant = given.variant is not None and session.variant not in (None, given.variant)
    if known and (not same or other_variant):
        session.variant = session.lot = session.serial = session.quantity = session.unit = None
        session.quantity_own = session.unit_own = session.uncertain = False
        session.answer = session.first = session.last = None
    session.item_class = item_class
    # A code that came before its class waits for it.
    session.item_code = item_code if item_code is not None or known else session.item_code


def _key(scan: Scan) -> str:
    return state_key(KIND, scan.inventory, scan.list, scan.operator, scan.device)


def _text(session: Session) -> str:
    says: dict[str, Any] = {}
    for name, default in _DEFAULTS:
        value = getattr(session, name)
        if value != default:
            says[name] = value
    question = session.question
    if question is not None:
        says["question"] = [getattr(question, field.name) for field in fields(Question)]
    return json.dumps(says, separators=(",", ":"))
