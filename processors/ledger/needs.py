"""How many ordinals of which counter a batch may need: asked of Redis once, before anything is decided."""

from collections.abc import Sequence

from processors.domain import quantity
from processors.domain.generation import CodeRule, lot_rule, serial_rule
from processors.domain.intake import Intake, take_in
from processors.domain.lines import Line, into_line, read_lines
from processors.domain.lots import birth_of
from processors.domain.master import MasterData
from processors.domain.message import Message
from processors.domain.moments import TIME_MAX
from processors.domain.movement import Movement
from processors.domain.ordinals import row_key
from processors.domain.progressives import Need
from processors.domain.refusals import Reason
from processors.domain.view import COUNTERS, View


def pieces_of(movement: Movement, master: MasterData, pieces_max: int) -> int:
    """Serials and lots of a movement, serials to be generated too; at most `pieces_max` of those."""
    pieces = len(movement.serials)
    for lot in movement.lots:
        pieces += 1 + len(lot.serials)
    if movement.quantity is not None:
        item = master.items.get((movement.item_class, movement.item_code))
        if item is not None and item.serial_managed and item.serial_generation == "auto":
            pieces = max(pieces, min(movement.quantity // quantity.ONE, pieces_max))
    return pieces


def needs_of(messages: Sequence[Message], view: View, master: MasterData, pieces_max: int) -> list[Need]:
    """The needs of one task's messages, one for each counter; nothing for movements that generate none."""
    counts: dict[str, tuple[CodeRule, int, int]] = {}
    for message in messages:
        movement = message.value
        if isinstance(movement, Movement) and movement.action == "post" and _may_generate(movement, master):
            for rule, count in _wanted(message, movement, master, pieces_max):
                key = row_key(rule.counter, message.partition)
                before = counts[key][2] if key in counts else 0
                counts[key] = (rule, message.partition, before + count)
    return [
        Need(rule.counter, partition, count, view.get(COUNTERS, key))
        for key, (rule, partition, count) in counts.items()
    ]


def _may_generate(movement: Movement, master: MasterData) -> bool:
    """A quick look that lets most movements pass by."""
    item = master.items.get((movement.item_class, movement.item_code))
    if item is None:
        return False
    if item.lot_code_type is not None and item.lot_managed:
        if not movement.lots:
            return True
        for lot in movement.lots:
            if lot.lot_code is None:
                return True
        if movement.into_lot is None:
            template = master.templates.get((movement.warehouse or "", movement.template or ""))
            if template is not None and template.lot_from_lot:
                return True
    return item.serial_managed and item.serial_generation == "auto" and item.serial_code_type is not None


def _wanted(message: Message, movement: Movement, master: MasterData, pieces_max: int) -> list[tuple[CodeRule, int]]:
    """Rules and counts of one movement; nothing where it is bound to be refused."""
    intake = _intake_of(message, movement, master)
    if intake is None:
        return []
    reasons: list[Reason] = []
    lines = read_lines(intake, pieces_max, reasons)
    if intake.template.lot_from_lot:
        line = into_line(intake, lines, reasons)
        lines = [] if line is None else [line]
    if reasons or not intake.sound:
        return []
    wanted = []
    for line in lines:
        rule = _lot_need(intake, line, master)
        if rule is not None:
            wanted.append((rule, 1))
        if line.generated_serials:
            made = serial_rule(intake, line, master)
            if isinstance(made, CodeRule):
                wanted.append((made, line.generated_serials))
    return wanted


def _intake_of(message: Message, movement: Movement, master: MasterData) -> Intake | None:
    template = master.templates.get((movement.warehouse or "", movement.template or ""))
    if template is None or (template.direction != "load" and not template.lot_from_lot):
        return None
    if template.offset_template is not None:
        return None
    if not 0 <= message.time_ms <= TIME_MAX:
        return None
    return take_in(movement, message.key, message.time_ms, master, None, [])


def _lot_need(intake: Intake, line: Line, master: MasterData) -> CodeRule | None:
    if not line.lotted or line.lot_code is not None:
        return None
    rule = lot_rule(intake, line, birth_of(intake, line), master)
    return rule if isinstance(rule, CodeRule) else None
