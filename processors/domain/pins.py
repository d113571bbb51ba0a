"""An item keeps its unit and its management by lots and serials as long as it has stock (architecture §4, master data).

The item's own task remembers them in a row `pin|class|code|` from the first movement on: `continuation` is the pinned
form, `offset` the record time (ms) from which on it stands where there was another before it, `request` the form that
was reported last because it cannot take effect, `reply` the key of a stock row that shows why. A record that changes
them takes effect once no stock is left. Until then the pin goes on, and each change is reported once.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from processors.domain import keys
from processors.domain.decision import Decision, Emit
from processors.domain.events import Alert
from processors.domain.master import AlternativeUnit, Item, MasterData
from processors.domain.message import Message
from processors.domain.refusals import Reason
from processors.domain.registers import StateRow
from processors.domain.view import STATE, STOCK, View

KIND: Final = "pin"


@dataclass(slots=True)
class Pin:
    """What a movement of an item is decided against, where that is not the master data alone, and what it leaves.

    `reason` stands beside the others where the movement is refused; `alert` is published where it is taken.
    """

    master: MasterData
    key: str
    row: StateRow | None
    alert: Alert | None = None
    reason: Reason | None = None

    def into(self, decision: Decision, item_key: str) -> None:
        """Add to a decision that is taken."""
        if self.row is not None:
            decision.rows.append((STATE, self.key, self.row))
        if self.alert is not None:
            decision.records.append(Emit("alerts", item_key, self.alert))


def pin_of(message: Message, item: Item | None, view: View, master: MasterData) -> Pin | None:
    """The pin of a movement's item; None as a rule: the item stands as it was pinned. One look-up then."""
    if item is None:
        return None
    key = f"{KIND}|{message.key}|"
    row = view.get(STATE, key)
    form = _form_of(message.key, item)
    if row is not None and row.continuation == form:
        return None
    return _changed(message, item, form, key, row, view, master)


def _changed(
    message: Message, item: Item, form: str, key: str, row: StateRow | None, view: View, master: MasterData
) -> Pin:
    if row is None:
        return Pin(master, key, _row(item, form, message.time_ms))
    before = _read(row.continuation or "")
    if before.same(item):
        return Pin(master, key, replace(row, continuation=form))  # other alternative units: they may change
    shows = _stock_of(view, message.key, row.reply)
    if shows is None:
        return Pin(master, key, replace(_row(item, form, message.time_ms), offset=message.time_ms))
    pinned = before.pinned(item)
    against = replace(master, items={(item.item_class, item.item_code): pinned})
    told = (
        f"{_change(before, item)} while it has stock, which does not take effect; take out what is there, or send the "
    )
    told += "item again as it was"
    kept = replace(row, continuation=_form(pinned), request=form.encode(), reply=shows.encode())
    reason = Reason("master-invalid", told, "item_code")
    alert = None
    if row.request != kept.request:
        kept.at = message.time_ms
        alert = _alert(message, item, told)
    return Pin(against, key, None if kept == row else kept, alert, reason)


def pinned_since(pin: Pin | None, item_key: str, view: View) -> int:
    """From which record time (ms) on an item has its unit and management, 0 where it never had others.

    `pin` is what `pin_of` gave for it.
    """
    row = pin.row if pin is not None and pin.row is not None else view.get(STATE, f"{KIND}|{item_key}|")
    return 0 if row is None else row.offset or 0


@dataclass(frozen=True, slots=True)
class _Pinned:
    unit: str
    lot_managed: bool
    serial_managed: bool
    alternative_units: tuple[AlternativeUnit, ...]

    def same(self, item: Item) -> bool:
        return (self.unit, self.lot_managed, self.serial_managed) == (item.unit, item.lot_managed, item.serial_managed)

    def pinned(self, item: Item) -> Item:
        """The item as it is now but for what is pinned; alternative units belong to their unit."""
        units = item.alternative_units if item.unit == self.unit else self.alternative_units
        return replace(
            item,
            unit=self.unit,
            lot_managed=self.lot_managed,
            serial_managed=self.serial_managed,
            alternative_units=units,
        )


def _form(item: Item) -> str:
    fields = [item.unit, "lots" if item.lot_managed else "", "serials" if item.serial_managed else ""]
    for unit in item.alternative_units:
        fields += (unit.unit, str(unit.factor), unit.operator)
    return keys.join(*fields)


def _read(form: str) -> _Pinned:
    unit, lots, serials, *others = keys.split(form)
    units = [
        AlternativeUnit(
            others[place], int(others[place + 1]), "divide" if others[place + 2] == "divide" else "multiply"
        )
        for place in range(0, len(others), 3)
    ]
    return _Pinned(unit, bool(lots), bool(serials), tuple(units))


def _forms() -> Callable[[str, Item], str]:
    """Each item's form, remembered by identity: a movement does not write it anew."""
    forms: dict[str, tuple[Item, str]] = {}

    def form_of(item_key: str, item: Item) -> str:
        memo = forms.get(item_key)
        if memo is None or memo[0] is not item:
            memo = forms[item_key] = (item, _form(item))
        return memo[1]

    return form_of


_form_of = _forms()


def _stock_of(view: View, item_key: str, shown: bytes | None) -> str | None:
    """Key of a stock row of the item that is not empty, first of all the one that was `shown`; None without stock."""
    if shown is not None:
        row = view.get(STOCK, shown.decode())
        if row is not None and (row.stock or row.committed):
            return shown.decode()
    for key, row in view.prefix(STOCK, f"{item_key}|"):
        if row.stock or row.committed:
            return key
    return None


def _row(item: Item, form: str, at: int) -> StateRow:
    return StateRow(KIND, item.item_class, item.item_code, "", None, None, None, None, form, None, None, None, at)


def _change(before: _Pinned, item: Item) -> str:
    changes = []
    if item.unit != before.unit:
        changes.append(f"unit from {before.unit!r} to {item.unit!r}")
    for what, was, now in (
        ("lots", before.lot_managed, item.lot_managed),
        ("serials", before.serial_managed, item.serial_managed),
    ):
        if was != now:
            changes.append(f"management by {what} from {'on' if was else 'off'} to {'on' if now else 'off'}")
    return f"item {item.item_code!r} changed its {' and its '.join(changes)}"


def _alert(message: Message, item: Item, told: str) -> Alert:
    return Alert(
        f"{message.topic}/{message.partition}/{message.offset}/{KIND}",
        "master_invalid",
        item.item_class,
        item.item_code,
        None,
        None,
        None,
        None,
        None,
        None,
        None,
        told,
        message.time_ms,
    )
