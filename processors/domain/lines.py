"""The lines of a movement, one for each lot: checks 3 and 4 of `domain.md` §3."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from processors.domain import quantity
from processors.domain.form import listed, too_many
from processors.domain.intake import Intake, line_quantity
from processors.domain.movement import MovementLot
from processors.domain.refusals import Reason


@dataclass(slots=True)
class Line:
    """One lot of a movement, or the whole of it where no lots are kept.

    `lotted`: the stock is kept by lot; then `lot_code` None means one to be generated. `generated_serials`: how many
    are to be added to the named ones. `place` is the lot's index in the movement, None where it names none. Generation
    fills `lot_code` with `ordinal`, and `new_serials` with (code, ordinal). `into`: the lot is made from the others.
    """

    lot_code: str | None
    lotted: bool
    quantity: int
    serials: tuple[str, ...]
    generated_serials: int
    lot: MovementLot | None
    place: int | None
    into: bool = False
    ordinal: int | None = None
    new_serials: Sequence[tuple[str, int]] = ()

    @property
    def field(self) -> str:
        """The field that a reason about the line's lot names."""
        if self.place is None:
            return "into_lot" if self.into else "lots"
        return f"lots[{self.place}].lot_code"

    @property
    def serials_field(self) -> str:
        if self.place is None or self.lot is None or not self.lot.serials:
            return "serials"
        return f"lots[{self.place}].serials"


def read_lines(intake: Intake, pieces_max: int, reasons: list[Reason]) -> list[Line]:
    """The lines of a movement; what does not fit together is added to `reasons`.

    Empty where lots are needed and none are named: an unload, to be filled by the item's withdrawal policy.
    """
    movement, item = intake.movement, intake.item
    lotted = item.lot_managed and intake.template.lot_management
    if movement.serials and not item.serial_managed:
        reasons.append(_no_serials(intake, "serials"))
    if movement.lots and not lotted:
        reasons.append(_no_lots(intake))
    if not lotted or not movement.lots:
        if lotted and not intake.creates:
            return []
        if lotted and item.lot_code_type is None:
            reasons.append(_lot_missing(intake, "lots"))
            return []
        serials = movement.serials
        for lot in movement.lots:
            serials += lot.serials
        lines = [Line(None, lotted, intake.quantity, serials, 0, None, None)]
    else:
        lines = _lot_lines(intake, reasons)
    if item.serial_managed and intake.sound:
        _count_serials(intake, lines, pieces_max, reasons)
    return lines


def into_line(intake: Intake, lines: list[Line], reasons: list[Reason]) -> Line | None:
    """The line of the lot that a movement makes from the lots of its lines; adds why it makes none."""
    code, item, template = intake.movement.into_lot, intake.item, intake.template
    if not template.lot_from_lot:
        message = f"template {template.code!r} makes no lot from lots; leave it out, or use one with lot_from_lot"
        reasons.append(Reason("field-invalid", message, "into_lot"))
    elif not (item.lot_managed and template.lot_management):
        what = f"item {item.item_code!r}" if template.lot_management else f"template {template.code!r}"
        message = f"a lot is to be made from lots, but {what} has no lots; use another template"
        reasons.append(Reason("lot-not-managed", message, "template"))
    elif code is not None and any(line.lot_code == code for line in lines):
        message = f"lot {code!r} is to be made from itself; name another lot, or leave it out of the lots"
        reasons.append(Reason("field-invalid", message, "into_lot"))
    elif code is None and item.lot_code_type is None:
        message = f"item {item.item_code!r} has no lot code type to generate the code from; name the lot to be made"
        reasons.append(Reason("lot-missing", message, "into_lot"))
    else:
        serials: tuple[str, ...] = ()
        for line in lines:
            serials += line.serials
        if len(lines) > 1 and len(set(serials)) < len(serials):
            twice = [serial for serial, times in Counter(serials).items() if times > 1]
            message = f"{listed(twice)} would stand twice in the lot to be made; make two lots of them"
            reasons.append(Reason("serial-repeated", message, "lots"))
        return Line(code, True, sum(line.quantity for line in lines), serials, 0, None, None, into=True)
    return None


def _lot_lines(intake: Intake, reasons: list[Reason]) -> list[Line]:
    movement, item, lots = intake.movement, intake.item, intake.movement.lots
    total = 0
    for lot in lots:
        total += lot.quantity
    if movement.quantity is not None and total != movement.quantity:
        reasons.append(
            Reason(
                "lot-quantities-differ",
                f"the lots add up to {quantity.text(total)}, the movement says "
                f"{quantity.text(movement.quantity)}; correct one of them",
                "lots",
            )
        )
    serials = movement.serials
    if serials and len(lots) > 1 and item.serial_managed:
        reasons.append(
            Reason(
                "field-invalid",
                f"{len(serials)} serials stand beside {len(lots)} lots; put each serial into the line of its lot",
                "serials",
            )
        )
        serials = ()
    lines = []
    for place, lot in enumerate(lots):
        if lot.lot_code is None and (not intake.creates or item.lot_code_type is None):
            reasons.append(_lot_missing(intake, f"lots[{place}].lot_code"))
        if lot.serials and not item.serial_managed:
            reasons.append(_no_serials(intake, f"lots[{place}].serials"))
        value = lot.quantity if intake.unit is None else line_quantity(intake, lot.quantity, _quantity(place), reasons)
        if value is None or value <= 0:
            intake.sound = False
            value = 0
        lines.append(Line(lot.lot_code, True, value, lot.serials + serials if serials else lot.serials, 0, lot, place))
    return lines


def _count_serials(intake: Intake, lines: list[Line], pieces_max: int, reasons: list[Reason]) -> None:
    """As many serials as pieces once generated ones are added (check 4)."""
    item, template = intake.item, intake.template
    generates = (
        intake.creates
        and template.create_serials
        and item.serial_generation == "auto"
        and item.serial_code_type is not None
    )
    pieces = sum(line.quantity for line in lines)
    if max(pieces, intake.quantity) > pieces_max * quantity.ONE:
        reasons.append(too_many(max(pieces, intake.quantity) // quantity.ONE, pieces_max))
        intake.sound = False
        return
    for line in lines:
        if line.quantity % quantity.ONE:
            reasons.append(
                Reason(
                    "quantity-not-whole",
                    f"expected whole pieces of a serial-managed item, got {quantity.text(line.quantity)} {item.unit}",
                    "quantity" if line.place is None else _quantity(line.place),
                )
            )
            intake.sound = False
            continue
        missing = line.quantity // quantity.ONE - len(line.serials)
        if missing > 0 and generates:
            line.generated_serials = missing
        elif missing:
            reasons.append(_count_differs(intake, line, missing))


def _count_differs(intake: Intake, line: Line, missing: int) -> Reason:
    pieces = line.quantity // quantity.ONE
    mend = "name each piece's serial"
    if missing < 0:
        mend = "leave out what is too much or correct the quantity"
    elif intake.creates and intake.item.serial_generation == "auto" and intake.item.serial_code_type is not None:
        mend += f", or use a template that creates serials ({intake.template.code!r} does not)"
    return Reason(
        "serial-count-differs", f"expected {pieces} serials, got {len(line.serials)}; {mend}", line.serials_field
    )


def _no_lots(intake: Intake) -> Reason:
    why = (
        f"template {intake.template.code!r} does not manage lots; use one that does, or leave them out"
        if intake.item.lot_managed
        else f"item {intake.item.item_code!r} is not lot-managed; leave them out"
    )
    return Reason("lot-not-managed", f"lots named, but {why}", "lots")


def _no_serials(intake: Intake, name: str) -> Reason:
    return Reason(
        "serial-not-managed",
        f"serials named, but item {intake.item.item_code!r} is not serial-managed; leave them out",
        name,
    )


def _lot_missing(intake: Intake, name: str) -> Reason:
    if intake.creates:
        mend = "name the lot, or give the item a lot code type so that its code is generated"
    else:
        mend = "name the lot to unload"
    return Reason("lot-missing", f"item {intake.item.item_code!r} is lot-managed; {mend}", name)


def _quantity(place: int) -> str:
    return f"lots[{place}].quantity"
