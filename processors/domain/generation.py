"""Codes that a movement asks to be generated: their rule, their counter, the next ones that are free (`domain.md` §7).

An ordinal whose code is in use, by hand or by another root, is skipped. Nothing taken here has an effect unless the
movement is accepted: then `into` gives the counters' rows.
"""

from dataclasses import dataclass, field

from processors.domain import keys
from processors.domain.changes import ChangedRow, Changes
from processors.domain.claims import claim_text, lots_company_wide
from processors.domain.code_fields import CodeFields
from processors.domain.codes import Composer, composer, counter_of, shown
from processors.domain.intake import Intake
from processors.domain.lines import Line
from processors.domain.lots import LotBirth, lot_key
from processors.domain.master import CodeType, MasterData
from processors.domain.ordinals import Progressive, row_key
from processors.domain.progressives import Claimed, Counter, Grants
from processors.domain.refusals import Reason
from processors.domain.registers import CounterRow
from processors.domain.view import COUNTERS, SERIAL_LOTS


@dataclass(frozen=True, slots=True)
class CodeRule:
    """How the codes of one line are generated."""

    code_type: CodeType
    compose: Composer
    counter: Counter


def lot_rule(intake: Intake, line: Line, birth: LotBirth, master: MasterData) -> CodeRule | Reason:
    """The rule of a line's lot code; `code-type-unknown` or `code-part-missing` where there is none."""
    code_type = master.code_types.get(("lot", intake.item.lot_code_type or ""))
    if code_type is None:
        return _unknown_type("lot", intake.item.lot_code_type)
    return _rule(intake, code_type, lots_company_wide(master), _lot_fields(intake, line, birth, master))


def serial_rule(intake: Intake, line: Line, master: MasterData) -> CodeRule | Reason:
    """The rule of a line's serial codes; the line's lot code is known, or there is none."""
    code_type = master.code_types.get(("serial", intake.item.serial_code_type or ""))
    if code_type is None:
        return _unknown_type("serial", intake.item.serial_code_type)
    fields = _item_fields(intake)
    fields.lot_code = line.lot_code
    return _rule(intake, code_type, code_type.scope == "company", fields)


@dataclass(slots=True)
class Generation:
    """The progressives of one movement. Raises OrdinalsShort out of `lot_code` and `serial_codes`."""

    changes: Changes
    grants: Grants
    claimed: Claimed
    partition: int
    progressives: dict[Counter, tuple[Progressive, str]] = field(default_factory=dict)

    def lot_code(self, rule: CodeRule, scope_key: str, taken: set[str]) -> tuple[str, int] | Reason:
        """The next free lot code and its ordinal; `taken` are codes that the movement itself names."""
        progressive, compose, claimed = self._progressive(rule), rule.compose, self.claimed
        for ordinal in progressive.candidates():
            code = compose(ordinal)
            if isinstance(code, Reason):
                return code
            used = code in taken or self.changes.lot_row(lot_key(scope_key, code)) is not None
            if used or (claimed and claimed.get(claim_text("lot", code), scope_key) != scope_key):
                progressive.skip(ordinal)
                continue
            progressive.take(ordinal, code, *shown(rule.code_type, ordinal))
            return code, ordinal
        raise AssertionError("candidates end with OrdinalsShort")

    def serial_codes(
        self, rule: CodeRule, scope_key: str, taken: set[str], count: int
    ) -> list[tuple[str, int]] | Reason:
        """The next free serial codes, `count` of them: equal to no serial of item + variant, whatever its lot."""
        progressive, compose, claimed = self._progressive(rule), rule.compose, self.claimed
        members, take, codes = self.changes.view.members, progressive.take, list[tuple[str, int]]()
        for ordinal in progressive.candidates(count):
            code = compose(ordinal)
            if isinstance(code, Reason):
                return code
            used = code in taken or members(SERIAL_LOTS, f"{scope_key}|{keys.part(code)}")
            if used or (claimed and claimed.get(claim_text("serial", code), scope_key) != scope_key):
                progressive.skip(ordinal)
                continue
            codes.append((code, ordinal))
            if len(codes) == count:
                take(ordinal, code, *shown(rule.code_type, ordinal))
                return codes
            take(ordinal, code)
        raise AssertionError("candidates end with OrdinalsShort")

    def peek(self, rule: CodeRule) -> Reason | None:
        """Why the next ordinal of a rule would give no code, without taking it."""
        row = self.changes.view.get(COUNTERS, row_key(rule.counter, self.partition))
        code = rule.compose(0 if row is None else row.next_ordinal)
        return code if isinstance(code, Reason) else None

    def rows(self, updated_at: int) -> list[ChangedRow]:
        """The counters' new rows."""
        return [
            (COUNTERS, key, progressive.row(updated_at))
            for progressive, key in self.progressives.values()
            if progressive.changed
        ]

    def _progressive(self, rule: CodeRule) -> Progressive:
        found = self.progressives.get(rule.counter)
        if found is None:
            key = row_key(rule.counter, self.partition)
            row: CounterRow | None = self.changes.view.get(COUNTERS, key)
            granted = self.grants.get((rule.counter.key, self.partition), ())
            progressive = Progressive(rule.counter, row, rule.code_type.fill_gaps, granted, self.partition)
            found = self.progressives[rule.counter] = (progressive, key)
        return found[0]


def _rule(intake: Intake, code_type: CodeType, company_scope: bool, fields: CodeFields) -> CodeRule | Reason:
    compose = composer(code_type, fields)
    if isinstance(compose, Reason):
        return compose
    item = intake.item
    counter = counter_of(code_type, company_scope, (item.item_class, item.item_code, intake.variant), fields)
    return counter if isinstance(counter, Reason) else CodeRule(code_type, compose, counter)


def _item_fields(intake: Intake) -> CodeFields:
    item = intake.item
    return CodeFields(
        item.item_class,
        item.item_code,
        item.characteristic,
        item.product_category,
        item.item_type,
        intake.variant or None,
    )


def _lot_fields(intake: Intake, line: Line, birth: LotBirth, master: MasterData) -> CodeFields:
    movement, lot, fields = intake.movement, line.lot, _item_fields(intake)
    fields.insert_date = intake.today
    fields.expiry_date = birth.expiry
    fields.lot_type = (None if lot is None else lot.lot_type) or intake.item.lot_type
    if intake.supplier is not None:
        fields.supplier_short_name = master.accounts[intake.supplier].short_name
    invoice, note = movement.purchase_invoice_number, movement.delivery_note_number
    if movement.document_type == "purchase_invoice":
        invoice = invoice or movement.document_number
    elif movement.document_type == "purchase_delivery_note":
        note = note or movement.document_number
    fields.purchase_invoice_number, fields.delivery_note_number = invoice, note
    fields.supplier_lot = None if lot is None else lot.supplier_lot
    fields.year_letters, fields.month_letters = master.year_letters, master.month_letters
    return fields


def _unknown_type(kind: str, code: str | None) -> Reason:
    return Reason(
        "code-type-unknown", f"{kind} code type {code!r} of the item is not in the master data; send it first"
    )
