"""What the count page sends, and the answer to a read as the page shows it: headline, detail, what is read so far."""

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from processors.domain import quantity
from processors.domain.scans import Scan
from processors.edge.api.roles import Caller
from processors.edge.console.commands import publish, value_of
from processors.edge.console.rendering import Reader
from processors.edge.console.state import Console
from processors.edge.store.queries_console import Row
from processors.edge.store.queries_console_counts import read_answers

ANSWER_LIMIT_S: Final = 2.0
"""A read without an answer by then is asked about again by the page, which goes on meanwhile."""
LOOK_S: Final = 0.03
FIELDS: Final = (
    "scan_id", "inventory", "list", "operator", "device", "scanned_at", "sent_at", "action", "barcode", "symbology",
    "item_class", "item_code", "variant", "location", "lot", "serial", "quantity", "answer", "answers", "unit",
)  # fmt: skip
IDS_MAX: Final = 200


def take(console: Console, reader: Reader, caller: Caller, form: Mapping[str, Any]) -> dict[str, Any]:
    """Publish a read and wait a little for its answer. Problem 422 where a field is wrong, 403 for another's name.

    The same `scan_id` may come again and again: it counts once, and each time the answer is the first one.
    """
    told = {name: form[name] for name in FIELDS if form.get(name) not in (None, "")}
    told["operator"] = caller.named(str(told.get("operator") or "") or None, "operator")
    publish(console, "scans", value_of(Scan, told))
    scan_id, until = str(told["scan_id"]), time.monotonic() + ANSWER_LIMIT_S
    while True:
        found = answers(console, reader, [scan_id])
        if scan_id in found:
            return found[scan_id]
        if time.monotonic() > until:
            return {"scan_id": scan_id, "status": "wait", "headline": reader.words.name("wait"), "detail": ""}
        time.sleep(LOOK_S)


def answers(console: Console, reader: Reader, scan_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """scan_id → its answer as the page shows it, of those that have one."""
    with console.store.read() as connection:
        found = read_answers(connection, scan_ids[:IDS_MAX])
    return {scan_id: _shown(row, reader) for scan_id, row in found.items()}


def _shown(row: Row, reader: Reader) -> dict[str, Any]:
    session = json.loads(row["session"])
    return {
        "scan_id": row["scan_id"],
        "status": row["status"],
        "code": row["code"],
        "headline": headline(row, reader),
        "detail": row["message"],
        "session": {name: "" if value is None else value for name, value in session.items()},
    }


def headline(row: Row, reader: Reader) -> str:
    """What came of a read, as one short sentence in the reader's language; the worker's message stands below it."""
    words, line = reader.words, json.loads(row["line"]) if row["line"] else None
    if row["status"] in ("accepted", "ask") and line is not None:
        counted = f"{reader.showing.quantity(quantity.parse(line['counted']))} {line['unit']}"
        goods = " ".join(part for part in (line["item_code"], line["lot_code"], line["serial_code"]) if part)
        if row["status"] == "ask":
            return words("{goods}: {counted} counted already. Add or replace?", goods=goods, counted=counted)
        return f"{goods}: {counted}"
    if row["status"] == "refused":
        return words.name(row["code"]) or words.name("refused")
    return words.name(row["status"])
