"""A movement posted: taken whole with all its effects, or refused with every reason (`domain.md` §3).

Reading order of what happens: `form` (the fields themselves), `intake` (what the movement names), `legs` (its sides),
`lines` (its lots and serials), `generation` (codes that it asks for), then for each leg and line `lots`, `serials`,
`stock`.
"""

from dataclasses import dataclass
from typing import Literal

from processors.domain import keys, quantity
from processors.domain.changes import Changes
from processors.domain.claims import lots_company_wide, serials_company_wide
from processors.domain.consuming import Consuming
from processors.domain.counts.adjusting import Desk
from processors.domain.counts.late import late_serials, must_stay, settle_late
from processors.domain.counts.positions import LateMove
from processors.domain.decision import Decision, Emit
from processors.domain.effects import effects_text
from processors.domain.events import Reply, ReplyLot
from processors.domain.form import check_form
from processors.domain.generation import Generation, lot_rule, serial_rule
from processors.domain.intake import Intake, take_in
from processors.domain.legs import Leg, legs_of
from processors.domain.lineage import publish_edges
from processors.domain.lines import Line, into_line, read_lines
from processors.domain.lots import LotBirth, birth_of, check_birth, load_lot, lot_key, unload_lot
from processors.domain.master import MasterData
from processors.domain.message import Message
from processors.domain.moved import moved_text
from processors.domain.movement import Movement
from processors.domain.progressives import Claimed, Grants
from processors.domain.refusals import Reason
from processors.domain.registers import StockRow
from processors.domain.roots import root_key, root_row
from processors.domain.serials import load_serials, unload_serials
from processors.domain.stock import move_stock, place_moved
from processors.domain.stock_keys import stock_key
from processors.domain.view import View
from processors.domain.withdrawal import withdraw


@dataclass(slots=True)
class Posted:
    """A movement that is taken: its decision without the row of its id, its reply, what its sides moved (`effects`).

    `moment`: when it happened (ms); None where no reversal will ask. `moved`: what it moved of which stock row.
    """

    decision: Decision
    reply: Reply
    effects: str
    moment: int | None = None
    moved: str | None = None


@dataclass(slots=True)
class Circumstances:
    """Everything beside the movement itself that posting it depends on.

    `dropped_until`: the latest effective day whose movement ids the task no longer knows. `pieces_max`: most serials
    and lots of one movement.
    """

    view: View
    master: MasterData
    grants: Grants
    claimed: Claimed
    dropped_until: int | None
    pieces_max: int


def post(message: Message, movement: Movement, around: Circumstances, reasons: list[Reason]) -> Posted | None:
    """The whole effect of a movement; None where `reasons` were found.

    `reasons` may hold some already: all others are still added. Raises OrdinalsShort.
    """
    if not check_form(movement, message.time_ms, around.pieces_max, reasons):
        return None
    intake = take_in(movement, message.key, message.time_ms, around.master, around.dropped_until, reasons)
    if intake is None:
        return None
    legs = legs_of(intake, around.master, reasons)
    lines = read_lines(intake, around.pieces_max, reasons)
    if not intake.sound:
        return None
    work = _Work(intake, lines, around, message.partition, reasons)
    if not lines and not intake.creates:
        work.withdraw(next(leg for leg in legs if not leg.load))
    if intake.template.lot_from_lot or movement.into_lot is not None:
        work.make_from_lots()
    for leg in legs:
        for line in work.lines_of(leg):
            if leg.load:
                work.load(leg, line)
            else:
                work.unload(leg, line)
    work.settle_late()
    return None if reasons else work.done(message, legs)


class _Work:
    """One movement being posted: what it has changed and generated so far."""

    __slots__ = (
        "_around",
        "_changes",
        "_consuming",
        "_generation",
        "_intake",
        "_into",
        "_late",
        "_lines",
        "_partition",
        "_reasons",
        "_serials",
        "_stock",
        "_traced",
    )

    def __init__(
        self, intake: Intake, lines: list[Line], around: Circumstances, partition: int, reasons: list[Reason]
    ) -> None:
        self._intake, self._lines, self._around = intake, lines, around
        self._partition, self._reasons = partition, reasons
        self._changes = Changes(around.view)
        self._generation: Generation | None = None
        self._serials: set[str] | None = None
        """Every serial of this movement, once some are to be generated."""
        self._stock: StockRow | None = None
        template = intake.template
        self._traced = template.traceability or template.lot_from_lot or intake.movement.transformation_id is not None
        self._into: list[Line] = []
        self._consuming = Consuming(self._changes, intake)
        self._late: list[LateMove] = []

    def withdraw(self, leg: Leg) -> None:
        """Fill an unload that names no lots."""
        own: dict[str, int] = {}
        if not self._intake.item.serial_managed:
            for _, row in self._consuming.reserved(leg):
                if row.lot_code is not None:
                    own[row.lot_code] = own.get(row.lot_code, 0) + row.committed - row.consumed
        statuses = self._around.master.lot_statuses
        self._lines += withdraw(self._changes, self._intake, leg, statuses, own, self._reasons)

    def make_from_lots(self) -> None:
        """Add the line of the lot that is made from the movement's lots."""
        line = into_line(self._intake, self._lines, self._reasons)
        if line is not None:
            self._into.append(line)

    def lines_of(self, leg: Leg) -> list[Line]:
        """The lines of a leg: the movement's, or the one of the lot that is made from them."""
        return self._into if leg.into else self._lines

    def load(self, leg: Leg, line: Line) -> None:
        intake, around, reasons = self._intake, self._around, self._reasons
        birth, lot, master = birth_of(intake, line), None, around.master
        if line.lotted:
            if line.lot_code is None:
                self._generate_lot(leg, line, birth)
            if line.lot_code is None:
                check_birth(intake, line, birth, reasons)
                return
            company_scope = lots_company_wide(master)
            lot = load_lot(
                self._changes, intake, leg, line, birth, company_scope, around.claimed, self._partition, reasons
            )
        if intake.item.serial_managed:
            if line.generated_serials and not leg.transfer:
                self._generate_serials(line)
            company_scope = serials_company_wide(intake.item, master)
            counted = self._counted(leg, line)
            load_serials(
                self._changes,
                intake,
                leg,
                line,
                lot,
                birth.start,
                company_scope,
                around.claimed,
                self._partition,
                reasons,
                counted,
            )
        if lot is not None or not line.lotted:
            self._move_stock(leg, line)
        if self._traced and not leg.offset:
            self._publish_edges("output", line)

    def unload(self, leg: Leg, line: Line) -> None:
        intake, reasons, counted = self._intake, self._reasons, frozenset[str]()
        if line.lotted:
            lot = unload_lot(self._changes, intake, leg, line, self._around.master.lot_statuses, reasons)
            if lot is None:
                return
            if lot.committed and not intake.item.serial_managed:
                self._consuming.consume(leg, line)
        elif not intake.item.serial_managed:
            self._consuming.consume(leg, line)
        if intake.item.serial_managed:
            counted = self._counted(leg, line)
            for serial in unload_serials(self._changes, intake, leg, line, reasons, counted):
                self._consuming.settle_serial(serial)
        self._move_stock(leg, line, len(counted) * quantity.ONE)
        if self._traced and not leg.offset:
            self._publish_edges("input", line)

    def settle_late(self) -> None:
        """Correct or report what happened before a count that is settled; adds why it cannot be."""
        if self._reasons or not self._late:
            return
        desk = self._desk()
        for late in self._late:
            self._reasons += settle_late(
                self._changes, desk, self._intake.movement.movement_id, self._intake.occurred_at, late
            )
        if self._stock is not None:
            row = self._stock
            key = stock_key(self._intake.scope_key, row.warehouse, row.location, row.lot_code)
            self._stock = self._changes.stock[key]

    def _counted(self, leg: Leg, line: Line) -> frozenset[str]:
        """The line's serials whose place a later count has settled; each is corrected, or only reported."""
        intake, moment = self._intake, self._intake.occurred_at
        row_key = stock_key(intake.scope_key, leg.warehouse.code, leg.location, line.lot_code)
        there = place_moved(intake, leg, line.lot_code)
        found = late_serials(self._changes, intake.scope_key, row_key, there, line.serials, moment, leg.load)
        if not found:
            return frozenset()
        place = (leg.warehouse.code, leg.location)
        counted = must_stay(self._changes, intake.scope_key, place, line.lot_code, found, leg.load)
        amount = quantity.ONE if leg.load else -quantity.ONE
        for serial, counts in found.items():
            self._late.append(LateMove(counts, amount, *place, line.lot_code, serial, serial in counted))
        return counted

    def _desk(self) -> Desk:
        intake, around = self._intake, self._around
        return Desk(
            intake.item,
            intake.variant,
            intake.item_key,
            intake.scope_key,
            around.master,
            around.claimed,
            around.dropped_until,
            self._partition,
            intake.time_ms,
        )

    def done(self, message: Message, legs: list[Leg]) -> Posted:
        """The decision, once nothing speaks against it."""
        intake, changes, lines = self._intake, self._changes, self._lines + self._into
        lots: tuple[ReplyLot, ...] = ()
        serials: tuple[str, ...] = ()
        if lines[0].lotted:
            lots = tuple(
                [
                    ReplyLot(
                        line.lot_code or "", line.quantity, line.ordinal is not None, line.ordinal, _serials_of(line)
                    )
                    for line in lines
                ]
            )
        else:
            serials = _serials_of(lines[0])
        reply = Reply(
            message.topic,
            intake.movement.movement_id,
            "done",
            (),
            lots,
            serials,
            self._stock.stock if self._stock is not None and len(lines) == 1 else None,
            tuple(dict.fromkeys(leg.movement_id for leg in sorted(legs, key=lambda leg: leg.offset)))
            if len(legs) > 1
            else (legs[0].movement_id,),
            message.time_ms,
        )
        rows = changes.rows()
        if self._generation is not None:
            rows += self._generation.rows(message.time_ms)
        records = [Emit("replies", keys.part(reply.request_id), reply, intake.item_key), *changes.records]
        effects = effects_text(legs, intake.quantity, self._traced, self._consuming.consumed)
        moved = moved_text(intake.scope_key, changes.moved, intake.item.serial_managed)
        return Posted(Decision(rows, records, changes.claims, [], []), reply, effects, intake.occurred_at, moved)

    def _publish_edges(self, role: Literal["input", "output"], line: Line) -> None:
        intake = self._intake
        publish_edges(
            self._changes,
            intake.item_key,
            intake.movement,
            role,
            line.lot_code,
            line.quantity,
            _serials_of(line),
            intake.occurred_at,
        )

    def _move_stock(self, leg: Leg, line: Line, staying: int = 0) -> None:
        row = move_stock(self._changes, self._intake, leg, line, self._reasons, self._late, staying)
        if not leg.offset:
            self._stock = row

    def _generating(self) -> Generation:
        if self._generation is None:
            around = self._around
            self._generation = Generation(self._changes, around.grants, around.claimed, self._partition)
        return self._generation

    def _generate_lot(self, leg: Leg, line: Line, birth: LotBirth) -> None:
        """Give the line a lot code, or add why there is none."""
        intake, reasons = self._intake, self._reasons
        if intake.item.lot_code_type is None or not (intake.creates or leg.into):
            return
        rule = lot_rule(intake, line, birth, self._around.master)
        if isinstance(rule, Reason):
            reasons.append(rule)
        elif reasons:
            _add(reasons, self._generating().peek(rule))
        else:
            named = {other.lot_code for other in self._lines if other.lot_code is not None}
            made = self._generating().lot_code(rule, intake.scope_key, named)
            if isinstance(made, Reason):
                reasons.append(made)
            else:
                line.lot_code, line.ordinal = made
                if rule.code_type.fill_gaps:
                    item = (intake.item.item_class, intake.item.item_code)
                    kept = root_row(item, line.lot_code, rule.counter, intake.time_ms)
                    self._changes.state[root_key(lot_key(intake.scope_key, line.lot_code))] = kept

    def _generate_serials(self, line: Line) -> None:
        """Give the line its generated serials, or add why there are none."""
        intake, reasons = self._intake, self._reasons
        rule = serial_rule(intake, line, self._around.master)
        if isinstance(rule, Reason):
            reasons.append(rule)
            return
        if reasons:
            _add(reasons, self._generating().peek(rule))
            return
        if self._serials is None:
            self._serials = {serial for other in self._lines for serial in other.serials}
        made = self._generating().serial_codes(rule, intake.scope_key, self._serials, line.generated_serials)
        if isinstance(made, Reason):
            reasons.append(made)
            return
        line.new_serials = made
        if len(self._lines) > 1:
            self._serials.update(code for code, _ in made)


def _serials_of(line: Line) -> tuple[str, ...]:
    return line.serials + tuple(code for code, _ in line.new_serials) if line.new_serials else line.serials


def _add(reasons: list[Reason], reason: Reason | None) -> None:
    if reason is not None:
        reasons.append(reason)
