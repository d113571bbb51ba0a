"""Start and expiry of a lot or serial after an edit (`domain.md` §4 Edits)."""

from dataclasses import dataclass

from processors.domain import calendar
from processors.domain.dates import expiry_date
from processors.domain.edits_values import Values, field_of
from processors.domain.master import Item
from processors.domain.refusals import Reason


@dataclass(frozen=True, slots=True)
class Life:
    """Start and expiry day; None where there is none."""

    start: int | None
    expiry: int | None


def edited_life(before: Life, values: Values, item: Item, validity_days: int | None, reasons: list[Reason]) -> Life:
    """The days after an edit; adds why they cannot be so.

    A new start takes the expiry along where that is the one that the item's rule gives for the old start. An expiry
    that was given or edited by hand stays.
    """
    dates = [name for name in ("start_date", "expiry_date") if name in values]
    if not dates:
        return before
    if not item.expiry_editable:
        reasons += [_not_editable(item, name) for name in dates]
        return before
    start, expiry = values.get("start_date", before.start), before.expiry
    if "expiry_date" in values:
        expiry = values["expiry_date"]
    elif start is not None and _by_rule(before, item, validity_days):
        expiry = expiry_date(start, validity_days, item.expiry_rule)
    if start is not None and expiry is not None and expiry < start:
        message = f"expected an expiry date from the start date {calendar.day_text(start)} on, got "
        reasons.append(
            Reason("field-invalid", f"{message}{calendar.day_text(expiry)}; correct one", field_of(dates[-1]))
        )
    return Life(start, expiry)


def _by_rule(life: Life, item: Item, validity_days: int | None) -> bool:
    if life.start is None or validity_days is None:
        return False
    return life.expiry == expiry_date(life.start, validity_days, item.expiry_rule)


def _not_editable(item: Item, name: str) -> Reason:
    message = f"the dates of item {item.item_code!r} follow from its rules and are not edited"
    return Reason("edit-not-allowed", f"{message}; leave them out, or make the item's expiry editable", field_of(name))
