"""An edit of a lot: what its row becomes (`domain.md` §4)."""

from dataclasses import replace

from processors.domain.dates import days_before
from processors.domain.edits_dates import Life, edited_life
from processors.domain.edits_values import Values, field_of
from processors.domain.form import listed
from processors.domain.master import Item, MasterData
from processors.domain.refusals import Reason
from processors.domain.registers import LotRow


def edited_lot(row: LotRow, values: Values, item: Item, master: MasterData, reasons: list[Reason]) -> LotRow:
    """The lot after the edit, but for `updated_at`; adds why it cannot be so.

    Quantities stay: closing a lot takes nothing away, its stock just no longer counts (`domain.md` §4).
    """
    status = values.get("status")
    if status is not None and status not in master.lot_statuses:
        known = listed(sorted(master.lot_statuses)) or "none"
        message = f"expected a lot status of the master data ({known}), got {status!r}; send it first"
        reasons.append(Reason("status-unknown", message, field_of("status")))
    life = edited_life(Life(row.start_date, row.expiry_date), values, item, item.lot_validity_days, reasons)
    changed = replace(row, **{**values, "start_date": life.start, "expiry_date": life.expiry})
    if life.expiry != row.expiry_date:
        changed.warn_from = days_before(life.expiry, item.warn_days)
        changed.block_from = days_before(life.expiry, item.block_days)
    return changed
