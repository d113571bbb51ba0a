"""Codes that a reversal frees: their ordinals go back to the counter's row, their claims are let go (`domain.md` §7).

An ordinal is freed where the code type fills gaps now. Which counter a lot's ordinal belongs to is remembered with the
lot, if the code type filled gaps then, too. A serial's follows from the movement as it was;
where master data has changed so that its rule no longer gives the code, the ordinal stays unused.
"""

from processors.domain import keys
from processors.domain.changes import Changes
from processors.domain.claims import claim_of, lots_company_wide
from processors.domain.effects import Accepted
from processors.domain.generation import CodeRule, serial_rule
from processors.domain.intake import take_in
from processors.domain.lines import Line, read_lines
from processors.domain.ordinals import release, row_key
from processors.domain.posting import Circumstances
from processors.domain.progressives import Claim, Counter
from processors.domain.refusals import Reason
from processors.domain.registers import CounterRow, LotRow, SerialRow
from processors.domain.roots import root_key, root_of
from processors.domain.view import COUNTERS, SERIAL_LOTS


class Released:
    """What becomes free when a movement is undone. `rows` are the counters' new rows, `claims` those to let go."""

    def __init__(self, accepted: Accepted, item_key: str, around: Circumstances, partition: int, time_ms: int) -> None:
        self._around, self._partition, self._time_ms = around, partition, time_ms
        self.rows: dict[str, CounterRow] = {}
        self.claims: list[Claim] = []
        self._intake = take_in(accepted.movement, item_key, accepted.at, around.master, None, [])
        self._lines: list[Line] = []
        if self._intake is not None:
            reasons: list[Reason] = []
            self._lines = read_lines(self._intake, around.pieces_max, reasons)
            for line, lot in zip(self._lines, accepted.reply.lots, strict=False):
                line.lot_code = lot.lot_code
        self._serial_rules: dict[int, CodeRule | None] = {}
        self._gone: set[str] = set()
        """Keys of the serials that go."""

    def lot(self, changes: Changes, key: str, row: LotRow) -> None:
        """A lot goes, whichever movement it is that leaves it without documents."""
        self._let_go(key, row)
        root = root_of(changes.view, key)
        code_type = self._around.master.code_types.get(("lot", row.code_type or ""))
        if root is None or row.ordinal is None or code_type is None:
            return
        changes.state[root_key(key)] = None
        if not code_type.fill_gaps:
            return
        company_wide = lots_company_wide(self._around.master)
        item = None if company_wide else (row.item_class, row.item_code, row.variant)
        self._free(Counter("lot", code_type.code, item, root), row.ordinal)

    def serial(self, place: int, key: str, row: SerialRow) -> None:
        """A serial of the line at `place` goes. Its code stays claimed as long as another lot of the item has it."""
        self._gone.add(key)
        index = keys.join(row.item_class, row.item_code, row.variant, row.serial_code)
        if self._gone.issuperset(self._around.view.members(SERIAL_LOTS, index)):
            self._let_go(key, row)
        if row.ordinal is None or self._intake is None or place >= len(self._lines):
            return
        if place not in self._serial_rules:
            rule = serial_rule(self._intake, self._lines[place], self._around.master)
            self._serial_rules[place] = rule if isinstance(rule, CodeRule) else None
        found = self._serial_rules[place]
        if found is not None and found.code_type.fill_gaps and found.compose(row.ordinal) == row.serial_code:
            self._free(found.counter, row.ordinal)

    def _let_go(self, key: str, row: LotRow | SerialRow) -> None:
        claim = claim_of(row, key, self._partition, self._around.master)
        if claim is not None:
            self.claims.append(claim)

    def _free(self, counter: Counter, ordinal: int) -> None:
        key = row_key(counter, self._partition)
        row = self.rows.get(key) or self._around.view.get(COUNTERS, key)
        if row is not None and ordinal < row.next_ordinal:
            self.rows[key] = release(row, ordinal, self._time_ms)
