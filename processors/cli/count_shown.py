"""The feedback to a read, as the one who counts sees it."""

from collections.abc import Iterator
from typing import Final

import click

from processors.domain import keys, quantity
from processors.domain.count_registers import CountLineRow, CountListRow, CountSession, ScanFeedback

COLOURS: Final = {"noted": "cyan", "accepted": "green", "ask": "yellow", "refused": "red"}
WIDTH: Final = 10


def shown(feedback: ScanFeedback) -> Iterator[str]:
    """Lines of text: what became of the read, then what is read and not confirmed, or how a question is answered."""
    status = click.style(f"{feedback.status:<{WIDTH}}", fg=COLOURS.get(feedback.status), bold=True)
    code = "" if feedback.code is None else f"{feedback.code}: "
    yield f"{status}{code}{feedback.message.removeprefix(f'{feedback.status}; ')}"
    session = session_text(feedback.session)
    if feedback.status == "ask":
        yield " " * WIDTH + "a = add, r = replace"
    elif session:
        yield " " * WIDTH + session


def session_text(session: CountSession) -> str:
    """What is read and not confirmed, and what is still needed; empty where nothing is read."""
    parts = []
    if session.item_code is not None:
        variant = f" {session.variant}" if session.variant else ""
        described = f" {session.description}" if session.description else ""
        parts.append(f"{keys.join(session.item_class or '', session.item_code)}{variant}{described}")
    parts += _place(session.location)
    parts += [f"lot {session.lot}"] if session.lot else []
    parts += [f"serial {session.serial}"] if session.serial else []
    parts += [f"quantity {quantity.text(session.quantity)}"] if session.quantity is not None else []
    return " · ".join(parts)


def to_recount(row: CountLineRow) -> str:
    """A line that is to be counted again, without what was counted."""
    variant = f" {row.variant}" if row.variant else ""
    parts = [f"{keys.join(row.item_class, row.item_code)}{variant}", *_place(row.location)]
    parts += [f"lot {row.lot_code}"] if row.lot_code else []
    parts += [f"serial {row.serial_code}"] if row.serial_code else []
    return f"To be counted again, line {row.line}: {' · '.join(parts)}"


def list_text(row: CountListRow) -> str:
    """A list in one line, for who begins to count on it."""
    where = f"warehouse {row.warehouse}"
    if row.locations:
        where += f" at {', '.join(keys.split(row.locations))}"
    lines = "1 line" if row.lines == 1 else f"{row.lines} lines"
    return f"List {row.list} of inventory {row.inventory}: {where}, {row.state}, {lines}, counted by {row.operator}."


def _place(location: str | None) -> list[str]:
    return [f"at {location}"] if location else []
