"""Where product and naive model differ on a story of counts: lists, lines, adjustments, stock, places of serials.

The naive model takes the very inputs that the product got, one after the other.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from tests.model.count_lines import START
from tests.model.count_world import Ending, goods_of
from tests.model.naive_counting import NaiveCounting
from tests.model.product import amount


def modelled(ending: Ending) -> NaiveCounting:
    """The naive model after the inputs of a story."""
    model = NaiveCounting()
    for topic, record, value, at in ending.script:
        model.take(topic, value, START + timedelta(milliseconds=at), record)
    return model


def differences(ending: Ending) -> Iterator[str]:
    """Everything in which the two differ, told to a reader."""
    try:
        model = modelled(ending)
    except Exception as failure:
        yield f"model failed: {failure!r}"
        return
    for name, want, got in (
        ("answers", _answers(model), _told(ending)),
        ("lists", _lists(model), {row.list: row.state for row in ending.lists}),
        ("lines", _lines(model), _counted(ending)),
        ("adjustments", _adjustments(model), _posted(ending)),
        ("stock", _stock(model), _rows(ending)),
        ("serials", _places(model), _registered(ending)),
    ):
        for key in sorted(want.keys() | got.keys(), key=repr):
            if want.get(key) != got.get(key):
                yield f"{name} of {key}: expected {want.get(key)}, got {got.get(key)}"


def _answers(model: NaiveCounting) -> dict[Any, Any]:
    return dict(model.scans)


def _told(ending: Ending) -> dict[Any, Any]:
    return {it.scan_id: (it.status, it.code) for it in ending.feedback if it.status != "refused"}


def _lists(model: NaiveCounting) -> dict[Any, Any]:
    return {name: it["state"] for name, it in model.lists.items()}


def _lines(model: NaiveCounting) -> dict[Any, Any]:
    found = {}
    for it in model.lines:
        book, difference = it["book"], it["difference"]
        if it["state"] not in ("settled", "approval", "recount"):
            book, difference = None, None
        # (choice) of two lists that find the same gone at once, either may say so
        of = it["list"] if it["own"] else it["inventory"]
        found[of, it["goods"], it["state"] == "cancelled"] = (
            it["state"], it["counted"], it["revision"], book, difference, it["moved"] if book is not None else None
        )  # fmt: skip
    return found


def _counted(ending: Ending) -> dict[Any, Any]:
    found = {}
    for row in ending.lines:
        told = row.state in ("settled", "approval", "recount") and row.book is not None and row.difference is not None
        book = amount(row.book) if told and row.book is not None else None
        difference = amount(row.difference) if told and row.difference is not None else None
        of = row.inventory if row.line.startswith(("z-", "m-")) else row.list
        found[of, goods_of(row), row.state == "cancelled"] = (
            row.state, amount(row.counted), row.revision, book, difference,
            row.moved_during_count if book is not None else None,
        )  # fmt: skip
    return found


def _adjustments(model: NaiveCounting) -> dict[Any, Any]:
    names = ("kind", "row", "movement", "difference")
    told = model.ledger.adjustments
    return Counter((_at(it["serial"], it["list"], it["at"]), *(it[name] for name in names)) for it in told)


def _posted(ending: Ending) -> dict[Any, Any]:
    return Counter(
        (_at(it.serial_code, it.list, it.counted_at), it.kind, _row(it), it.movement_id, amount(it.difference))
        for it in ending.adjustments
    )


def _at(serial: str | None, name: str, at: int) -> Any:
    """The count of an adjustment, or its piece. (choice) Of two counts that tell of a piece, either is corrected."""
    return serial or (name, at)


def _row(it: Any) -> Any:
    return it.item_class, it.item_code, it.variant, it.warehouse, it.location, it.lot_code


def _stock(model: NaiveCounting) -> dict[Any, Any]:
    rows = {row: (it["loaded"], it["unloaded"]) for row, it in model.ledger.stock.items()}
    return {row: it for row, it in rows.items() if any(it)}


def _rows(ending: Ending) -> dict[Any, Any]:
    rows = {_row(it): (amount(it.loaded), amount(it.unloaded)) for it in ending.stock}
    return {row: it for row, it in rows.items() if any(it)}


def _places(model: NaiveCounting) -> dict[Any, Any]:
    rows = {key: (it["warehouse"], it["location"]) for key, it in model.ledger.serials.items()}
    return {key: place for key, place in rows.items() if place != (None, None)}


def _registered(ending: Ending) -> dict[Any, Any]:
    rows = {
        (it.item_class, it.item_code, it.variant, it.lot_code, it.serial_code): (it.warehouse, it.location)
        for it in ending.serials
    }
    return {key: place for key, place in rows.items() if place != (None, None)}
