"""The judge of master data: what every record of `contract.md` §2 must be to take effect (architecture §4).

A reference to a record that is not known yet is refused with the record to send first, so a file loads in the order
company, letters, code types, lot statuses, warehouses, templates, items. Two references may point ahead, because
they go round in circles: a warehouse's adjustment templates and a template's offset template. They are judged as soon
as both ends are known, and checked again when a movement or a count uses them.
"""

from dataclasses import replace
from zoneinfo import ZoneInfo

from processors.domain.code_type_checks import company_wide, judge_code_type, overlaps
from processors.domain.item_checks import judge_item
from processors.domain.master import (
    Account,
    BarcodeRule,
    CodeType,
    Company,
    Item,
    ListType,
    LotStatus,
    MasterData,
    MasterRecord,
    MonthLetter,
    Template,
    Warehouse,
    YearLetter,
)
from processors.domain.master_fields import invalid, name_wrong, negative, repeated
from processors.domain.refusals import ORDER, Reason
from processors.domain.template_checks import judge_template, judge_warehouse

BARCODE_TARGETS = frozenset(
    (
        *("item_class", "item_code", "variant", "warehouse", "location", "lot", "serial", "quantity"),
        *("loading_unit_year", "loading_unit_group", "loading_unit_number"),
    )
)


def judge(record: MasterRecord, master: MasterData) -> list[Reason]:
    """Every reason against a record of master data, in the order of the refusal codes; empty: it may take effect.

    `master` holds what is accepted so far; the record itself is not taken over (`MasterData.put`). The code is
    `master-invalid` with the field's path, or the code of what is unknown or wrong where there is one
    (`code-type-unknown`, `warehouse-unknown`, `template-offset-invalid` …).
    """
    return sorted(_reasons(record, master), key=lambda reason: ORDER[reason.code])


def _reasons(record: MasterRecord, master: MasterData) -> list[Reason]:
    match record:
        case Company():
            return _company(record, master)
        case Item():
            return judge_item(record, master)
        case CodeType():
            return judge_code_type(record, master)
        case LotStatus() | Account():
            return name_wrong("code", record.code)
        case Warehouse():
            return judge_warehouse(record, master)
        case Template():
            return judge_template(record, master)
        case ListType():
            return _list_type(record)
        case BarcodeRule():
            return _barcode_rule(record)
        case YearLetter() | MonthLetter():
            return _letter(record, master)


def _company(record: Company, master: MasterData) -> list[Reason]:
    reasons = []
    if record.open_from is not None and record.open_to is not None and record.open_from > record.open_to:
        reasons.append(
            invalid("open_to", "expected the last day of the open period at or after its first, got it before")
        )
    try:
        # Reads the zone's file of the installed data, the same for every process of a release: a constant, not state.
        ZoneInfo(record.time_zone)
    except (KeyError, ValueError, OSError):
        message = f"expected an IANA time zone such as Europe/Rome, got {record.time_zone!r}"
        reasons.append(invalid("time_zone", message))
    if record.lot_code_scope != master.company.lot_code_scope:
        reasons += _scope_change(record, master)
    return reasons


def _scope_change(record: Company, master: MasterData) -> list[Reason]:
    """Lots that exist were made unique in the old scope; so the scope is settled before the first lot-managed item."""
    item = next((item for item in master.items.values() if item.lot_managed), None)
    if item is not None:
        return [
            invalid(
                "lot_code_scope",
                f"the scope of lot codes cannot change once there is a lot-managed item ({item.item_class}|"
                f"{item.item_code}): send the company before the items",
            )
        ]
    if record.lot_code_scope == "company":
        return _company_overlaps(replace(master, company=record), "lot_code_scope")
    return []


def _letter(record: YearLetter | MonthLetter, master: MasterData) -> list[Reason]:
    last = 9999 if isinstance(record, YearLetter) else 12
    reasons = []
    if not 1 <= record.value <= last:
        reasons.append(invalid("value", f"expected 1 to {last}, got {record.value}"))
    if len(record.letter) != 1 or not record.letter.isalnum():
        reasons.append(invalid("letter", f"expected one letter or digit, got {record.letter!r}"))
    if reasons:
        return reasons
    if isinstance(record, YearLetter):
        used, after = "year_letter", replace(master, year_letters={**master.year_letters, record.value: record.letter})
    else:
        used = "month_letter"
        after = replace(master, month_letters={**master.month_letters, record.value: record.letter})
    return _company_overlaps(after, "letter", used)


def _company_overlaps(after: MasterData, field: str, used: str | None = None) -> list[Reason]:
    """Pairs of company-wide code types that would give the same code; `used`: only where one has that part."""
    reasons: list[Reason] = []
    for kind in ("lot", "serial"):
        wide = company_wide(kind, after)
        for place, code_type in enumerate(wide):
            others = [other for other in wide[:place] if used is None or _uses(code_type, used) or _uses(other, used)]
            reasons += [replace(reason, field=field) for reason in overlaps(code_type, others, after)]
    return reasons


def _uses(code_type: CodeType, field: str) -> bool:
    return any(part.field == field for part in code_type.parts)


def _list_type(record: ListType) -> list[Reason]:
    reasons = name_wrong("code", record.code)
    for field in ("tolerance_quantity", "tolerance_percent", "tolerance_value"):
        reasons += negative(field, getattr(record, field))
    return reasons


def _barcode_rule(record: BarcodeRule) -> list[Reason]:
    reasons = name_wrong("prefix", record.prefix) + name_wrong("separator", record.separator)
    if not record.tokens:
        reasons.append(invalid("tokens", "expected at least one token, got none"))
    reasons += repeated("tokens[{}].target", (token.target for token in record.tokens))
    for place, token in enumerate(record.tokens):
        path = f"tokens[{place}]"
        if token.target not in BARCODE_TARGETS and not (token.target.startswith("property:") and token.target[9:]):
            expected = " ".join(sorted(BARCODE_TARGETS))
            reasons.append(invalid(f"{path}.target", f"expected {expected} or property:<name>, got {token.target!r}"))
        if token.length is not None and token.length < 1:
            reasons.append(invalid(f"{path}.length", f"expected a length from 1, or none, got {token.length}"))
        if token.separator == "":
            reasons.append(invalid(f"{path}.separator", "expected a separator, or none, got empty text"))
    return reasons
