"""Cursors: where a page ended, as opaque text. A cursor names the order it belongs to, and holds nothing secret."""

import base64
import binascii
import json
from collections.abc import Sequence

from processors.edge.store.queries_registers import Order, Value, fits


def cursor_of(sort: str, place: Sequence[Value]) -> str:
    data = json.dumps([sort, *place], ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def place_in(cursor: str, source: str, sort: str, order: Order) -> list[Value]:
    """The place of a cursor; ValueError where it is none, or of another order."""
    try:
        data = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        parts = json.loads(data)
    except (binascii.Error, ValueError):
        raise ValueError("expected a cursor as a page gave it in `next`") from None
    if not isinstance(parts, list) or not parts or not fits(source, order, parts[1:]):
        raise ValueError("expected a cursor as a page gave it in `next`")
    if parts[0] != sort:
        raise ValueError(f"expected a cursor of the order {sort!r}; begin again without one to change the order")
    return parts[1:]
