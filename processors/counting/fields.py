"""What one read gives: its typed fields over those of its barcode, and when it was read."""

from dataclasses import dataclass
from typing import Final

from processors.barcodes.parse import parse
from processors.barcodes.tokenizer import Rules
from processors.domain.form import CODE_LENGTH_MAX, ID_LENGTH_MAX
from processors.domain.master import MasterData
from processors.domain.moments import FUTURE_MS_MAX, TIME_MAX
from processors.domain.refusals import Reason
from processors.domain.scans import Scan

BARCODE_LENGTH_MAX: Final = 4096
"""Characters of a barcode: the largest symbol, a QR code, holds 7,089 digits, but no label of the trade a tenth."""
CLOCK_MS_MAX: Final = 15 * 60_000
"""How far the clock of a scanner that does not send its own time may lie from the record's before a line is marked."""

_IDS: Final = ("scan_id", "inventory", "list", "operator", "device")
_CODES: Final = ("item_class", "item_code", "variant", "location", "lot", "serial", "unit")


@dataclass(slots=True)
class Given:
    """What one read gives; None: nothing. `quantity` in millionths of `unit`, or of the item's unit without one.

    `quantity_own`, `unit_own`: said by hand or by a barcode of its own, and not just what a label of the item holds.
    `nothing`: what the barcode holds besides is not for counting.
    """

    item_class: str | None
    item_code: str | None
    variant: str | None
    warehouse: str | None
    location: str | None
    lot: str | None
    serial: str | None
    quantity: int | None
    unit: str | None
    quantity_own: bool
    unit_own: bool
    typed_code: bool = False
    """Lot or serial come from a keyboard: upper and lower case may be wrong."""

    @property
    def of_goods(self) -> bool:
        """True where the read says something of the goods and not only where one stands."""
        return (
            self.item_code is not None
            or self.item_class is not None
            or self.variant is not None
            or self.lot is not None
            or self.serial is not None
            or self.quantity is not None
            or self.unit is not None
        )

    @property
    def empty(self) -> bool:
        return not self.of_goods and self.location is None and self.warehouse is None


@dataclass(slots=True)
class Moment:
    """When goods were read (ms), and whether the scanner's clock can be trusted with it."""

    at: int
    uncertain: bool


def check_form(scan: Scan, time_ms: int, reasons: list[Reason]) -> Moment | None:
    """Add what is wrong with ids, lengths and times; None where nothing else can be said about the read."""
    if not 0 <= time_ms <= TIME_MAX:
        reasons.append(Reason("field-invalid", f"expected a record time from 1970 to 9999, got {time_ms} ms; set it"))
        return None
    for name in _IDS:
        _check_length(name, getattr(scan, name), ID_LENGTH_MAX, reasons, least=1)
    for name in _CODES:
        _check_length(name, getattr(scan, name) or "", CODE_LENGTH_MAX, reasons)
    _check_length("barcode", scan.barcode or "", BARCODE_LENGTH_MAX, reasons)
    _check_length("symbology", scan.symbology or "", 3, reasons)
    _check_length("answers", scan.answers or "", ID_LENGTH_MAX, reasons)
    moment = _moment(scan, time_ms, reasons)
    return None if reasons and reasons[0].code == "field-invalid" else moment


def read_fields(scan: Scan, time_ms: int, rules: Rules, master: MasterData, reasons: list[Reason]) -> Given:
    """What the read gives. A barcode that is wrong or unknown adds its reason and gives nothing."""
    typed = scan.quantity is not None
    given = Given(
        scan.item_class or None,
        scan.item_code or None,
        scan.variant or None,
        None,
        scan.location or None,
        scan.lot or None,
        scan.serial or None,
        scan.quantity,
        scan.unit or None,
        typed,
        bool(scan.unit),
        bool(scan.lot or scan.serial),
    )
    if not scan.barcode:
        return given
    reading = parse(scan.barcode, time_ms, rules, master, scan.symbology or None)
    if reading.code is not None:
        reasons.append(Reason(reading.code, reading.explanation() or "the barcode cannot be read", "barcode"))
        return given
    fields = reading.fields
    for name in ("lot", "serial", "location"):
        value = getattr(fields, name)
        if value is not None:
            _check_length(name, value, CODE_LENGTH_MAX, reasons)
    given.item_class, given.item_code = given.item_class or fields.item_class, given.item_code or fields.item_code
    given.variant, given.warehouse = given.variant or fields.variant, fields.warehouse
    given.location, given.lot = given.location or fields.location, given.lot or fields.lot
    given.serial = given.serial or fields.serial
    if not typed:
        given.quantity, given.quantity_own = fields.quantity, fields.item_code is None
    if not given.unit_own:
        given.unit = fields.unit
    return given


def _moment(scan: Scan, time_ms: int, reasons: list[Reason]) -> Moment | None:
    at, uncertain = scan.scanned_at, False
    if scan.sent_at is not None:
        at += time_ms - scan.sent_at
    else:
        uncertain = abs(at - time_ms) > CLOCK_MS_MAX
    if at < 0:
        reasons.append(Reason("field-invalid", f"expected a moment since 1970, got {at} ms", "scanned_at"))
        return None
    if at > time_ms + FUTURE_MS_MAX:
        reasons.append(
            Reason(
                "time-in-future",
                f"the read lies {(at - time_ms) // 1000} s after the record's time, at most {FUTURE_MS_MAX // 1000} s "
                "are taken; set the scanner's clock, or let it send its own time as sent_at",
                "scanned_at",
            )
        )
    return Moment(at, uncertain)


def _check_length(name: str, value: str, most: int, reasons: list[Reason], least: int = 0) -> None:
    if not least <= len(value) <= most:
        shown = repr(value[:60])
        reasons.append(
            Reason("field-invalid", f"expected {least} to {most} characters, got {len(value)}: {shown}", name)
        )
