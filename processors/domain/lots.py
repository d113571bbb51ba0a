"""The lot register: what a load makes of a lot, what an unload asks of it (`domain.md` §3 checks 5 and 6, §4)."""

from dataclasses import dataclass, replace

from processors.domain import calendar, keys, quantity
from processors.domain.changes import Changes
from processors.domain.claims import claim_text
from processors.domain.dates import days_before, expiry_date, start_date
from processors.domain.decision import Emit
from processors.domain.events import HistoryEntry
from processors.domain.generations import next_generation_of_lot
from processors.domain.intake import Intake, too_large
from processors.domain.legs import Leg
from processors.domain.lines import Line
from processors.domain.master import LotStatus
from processors.domain.progressives import Claim, Claimed
from processors.domain.refusals import Reason
from processors.domain.registers import LotRow


@dataclass(slots=True)
class LotBirth:
    """The days that a line gives to a lot, or to serials, that do not exist yet."""

    start: int
    expiry: int | None


def lot_key(scope_key: str, lot_code: str) -> str:
    """Key of a lot; `scope_key` is the key of item + variant."""
    return f"{scope_key}|{keys.part(lot_code)}"


def birth_of(intake: Intake, line: Line) -> LotBirth:
    """The days that a lot would be born with by this line."""
    movement, item, lot = intake.movement, intake.item, line.lot
    start = start_date(
        None if lot is None else lot.start_date,
        movement.document_type,
        movement.document_date,
        movement.effective_date,
    )
    expiry = None if lot is None else lot.expiry_date
    if expiry is None:
        expiry = expiry_date(start, item.lot_validity_days, item.expiry_rule)
    return LotBirth(start, expiry)


def load_lot(
    changes: Changes,
    intake: Intake,
    leg: Leg,
    line: Line,
    birth: LotBirth,
    company_scope: bool,
    claimed: Claimed,
    partition: int,
    reasons: list[Reason],
) -> LotRow | None:
    """Make or add to a lot; adds why it cannot be, and gives None then. The line's code is known."""
    code = line.lot_code
    assert code is not None, "a lot's code is named or generated before it is loaded"
    key = lot_key(intake.scope_key, code)
    if key in changes.lots and not leg.transfer:
        return None  # named twice, which the form's check has said
    old = changes.lot_row(key)
    if old is None:
        if company_scope:
            text = claim_text("lot", code)
            owner = claimed.get(text)
            if owner is not None and owner != intake.scope_key:
                reasons.append(_claimed(line, code, owner))
                return None
            changes.claims.append(Claim(text, intake.scope_key, partition, "lot-register", key))
        check_birth(intake, line, birth, reasons)
        generation = next_generation_of_lot(changes.view, intake.scope_key, code)
        row = _new_lot(intake, line, code, birth, generation)
        row.found = leg.adjustment
    else:
        first = old.found and not leg.adjustment and not leg.transfer
        if not leg.transfer and not _may_add(intake, leg, line, old, first, reasons):
            return None
        row = _moved(old, line.quantity, 0, intake)
        row.found = old.found and leg.adjustment
        if first:
            check_birth(intake, line, birth, reasons)
            row = _told(row, _new_lot(intake, line, code, birth, old.generation))
        if row.loaded > quantity.MAX:
            reasons.append(too_large(row.loaded, "quantity"))
            return None
    changes.lots[key] = row
    note_lot(changes, intake, leg, line, row)
    return row


def unload_lot(
    changes: Changes, intake: Intake, leg: Leg, line: Line, statuses: dict[str, LotStatus], reasons: list[Reason]
) -> LotRow | None:
    """Take from a lot; adds why it cannot be, and gives None where the lot does not exist."""
    old = lot_to_take(changes, intake, leg, line, statuses, reasons)
    if old is None:
        return None
    row = _moved(old, 0, line.quantity, intake)
    if row.unloaded > quantity.MAX:
        reasons.append(too_large(row.unloaded, "quantity"))
    changes.lots[lot_key(intake.scope_key, old.lot_code)] = row
    note_lot(changes, intake, leg, line, row)
    return row


def lot_to_take(
    changes: Changes, intake: Intake, leg: Leg, line: Line, statuses: dict[str, LotStatus], reasons: list[Reason]
) -> LotRow | None:
    """The lot that a line takes from or reserves; adds what speaks against it, None where it does not exist."""
    code = line.lot_code
    if code is None:
        return None
    old = changes.lot_row(lot_key(intake.scope_key, code))
    if old is None:
        reasons.append(Reason("lot-unknown", f"{intake.goods} has no lot {code!r}; load it first", line.field))
        return None
    if old.closed:
        reasons.append(Reason("lot-closed", f"lot {code!r} is closed; open it again to move it", line.field))
    if not leg.template.allow_unavailable_lots:
        _check_usable(intake, leg, line, old, statuses, reasons)
    return old


def unusable(row: LotRow, day: int, statuses: dict[str, LotStatus]) -> bool:
    """True where nothing may be withdrawn on a day: by the lot's flag, its status or its block day."""
    if not row.available or (row.block_from is not None and day >= row.block_from):
        return True
    if row.status is None:
        return False
    status = statuses.get(row.status)
    return status is None or not status.available


def _check_usable(
    intake: Intake, leg: Leg, line: Line, row: LotRow, statuses: dict[str, LotStatus], reasons: list[Reason]
) -> None:
    """The lot may be used on the effective date: its flag, its status, its block day."""
    day = intake.movement.effective_date
    if not unusable(row, day, statuses):
        return
    mend = f"or use a template that allows unavailable lots ({leg.template.code!r} does not)"
    if not row.available:
        reasons.append(
            Reason("lot-unavailable", f"lot {row.lot_code!r} is set unavailable; make it available, {mend}", line.field)
        )
    if row.status is not None:
        status = statuses.get(row.status)
        if status is None or not status.available:
            reasons.append(
                Reason(
                    "lot-status-unavailable",
                    f"lot {row.lot_code!r} has status {row.status!r}, from which nothing may be withdrawn; change its "
                    f"status, {mend}",
                    line.field,
                )
            )
    if row.block_from is not None and day >= row.block_from:
        reasons.append(
            Reason(
                "lot-blocked",
                f"lot {row.lot_code!r} is blocked from {calendar.day_text(row.block_from)}, the movement is of "
                f"{calendar.day_text(day)}; use another lot, {mend}",
                line.field,
            )
        )


def _told(row: LotRow, born: LotRow) -> LotRow:
    """A lot that a count found, as its first document tells of it."""
    return replace(
        born,
        loaded=row.loaded,
        unloaded=row.unloaded,
        stock=row.stock,
        committed=row.committed,
        status=row.status,
        evaluation=row.evaluation,
        label_type=row.label_type,
        available=row.available,
        closed=row.closed,
        created_at=row.created_at,
    )


def _may_add(intake: Intake, leg: Leg, line: Line, old: LotRow, first: bool, reasons: list[Reason]) -> bool:
    """A load of a lot that exists already (check 5). `first`: of one that a count found: its first papers."""
    allowed = True
    if not leg.template.integrate_initial_quantity and not first:
        reasons.append(
            Reason(
                "lot-exists",
                f"lot {old.lot_code!r} exists already and template {leg.template.code!r} does not add to one; "
                "name a new lot, or use a template that integrates the initial quantity",
                line.field,
            )
        )
        allowed = False
    if intake.item.single_supplier and old.supplier is not None and intake.supplier not in (None, old.supplier):
        reasons.append(
            Reason(
                "lot-other-supplier",
                f"lot {old.lot_code!r} is of supplier {old.supplier!r} and its item takes a lot from a single "
                f"supplier, got {intake.supplier!r}; name a new lot",
                "account",
            )
        )
        allowed = False
    return allowed


def check_birth(intake: Intake, line: Line, birth: LotBirth, reasons: list[Reason]) -> None:
    """The days of a lot that would be born fit each other and the item; a lot without a code yet has days too."""
    if birth.expiry is None:
        return
    if birth.expiry < birth.start:
        reasons.append(
            Reason(
                "field-invalid",
                f"expected an expiry date from the start date {calendar.day_text(birth.start)} on, got "
                f"{calendar.day_text(birth.expiry)}",
                "lots" if line.place is None else f"lots[{line.place}].expiry_date",
            )
        )
    item = intake.item
    if item.expiry_editable or line.lot is None or line.lot.expiry_date is None:
        return
    computed = expiry_date(birth.start, item.lot_validity_days, item.expiry_rule)
    if computed is not None and computed != birth.expiry:
        reasons.append(
            Reason(
                "field-invalid",
                f"the item's expiry date is not editable: expected {calendar.day_text(computed)} or none, got "
                f"{calendar.day_text(birth.expiry)}",
                f"lots[{line.place}].expiry_date",
            )
        )


def _claimed(line: Line, code: str, owner: str) -> Reason:
    return Reason(
        "lot-exists",
        f"lot codes are unique across the company and {code!r} belongs to item {owner!r}; name another lot",
        line.field,
    )


def _new_lot(intake: Intake, line: Line, code: str, birth: LotBirth, generation: int) -> LotRow:
    item, movement, lot = intake.item, intake.movement, line.lot
    single = line.place is None or len(movement.lots) == 1
    return LotRow(
        item.item_class,
        item.item_code,
        intake.variant,
        code,
        item.lot_code_type,
        (None if lot is None else lot.lot_type) or item.lot_type,
        line.ordinal,
        intake.supplier,
        None,
        None if lot is None else lot.supplier_lot,
        None if lot is None else lot.customer_lot,
        birth.start,
        birth.expiry,
        days_before(birth.expiry, item.warn_days),
        days_before(birth.expiry, item.block_days),
        line.quantity,
        movement.packages if single else None,
        movement.notes,
        None,
        item.initial_lot_status,
        None,
        True,
        False,
        line.quantity,
        0,
        line.quantity,
        0,
        generation,
        intake.time_ms,
        intake.time_ms,
    )


def _moved(old: LotRow, loaded: int, unloaded: int, intake: Intake) -> LotRow:
    """The lot after a load or unload; what a later load adds to the header is only what stood empty."""
    return LotRow(
        old.item_class,
        old.item_code,
        old.variant,
        old.lot_code,
        old.code_type,
        old.lot_type,
        old.ordinal,
        intake.supplier if loaded and old.supplier is None else old.supplier,
        old.producer,
        old.supplier_lot,
        old.customer_lot,
        old.start_date,
        old.expiry_date,
        old.warn_from,
        old.block_from,
        old.initial_quantity,
        old.packages,
        old.notes,
        old.label_type,
        old.status,
        old.evaluation,
        old.available,
        old.closed,
        old.loaded + loaded,
        old.unloaded + unloaded,
        old.stock + loaded - unloaded,
        old.committed,
        old.generation,
        old.created_at,
        intake.time_ms,
        old.found,
    )


def note_lot(changes: Changes, intake: Intake, leg: Leg, line: Line, row: LotRow) -> None:
    """Publish the document line in the lot's history."""
    movement = intake.movement
    leg.entries += 1
    entry = HistoryEntry(
        f"{leg.entry_prefix}{leg.entries}",
        "lot",
        row.item_class,
        row.item_code,
        intake.variant or None,
        row.lot_code,
        None,
        row.generation,
        leg.direction,
        False,
        line.quantity,
        intake.item.unit,
        movement.packages,
        intake.time_ms,
        intake.occurred_at,
        row.status,
        movement.document_type,
        movement.document_number,
        movement.document_date,
        leg.warehouse.code,
        leg.location,
        leg.template.code,
        movement.account,
        movement.project,
        leg.movement_id,
        False,
    )
    changes.records.append(Emit("register-history", intake.item_key, entry))
