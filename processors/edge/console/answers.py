"""What came of a request that a page sent, as far as the store knows."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from processors.edge.console.state import Console
from processors.edge.store.queries_console_now import reply


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a request; `status` None: no answer yet. `reasons`: why it was refused."""

    status: str | None
    reasons: tuple[Mapping[str, Any], ...] = ()


def outcome(console: Console, request_id: str) -> Outcome:
    """What came of a request, as far as is known now."""
    with console.store.read() as connection:
        row = reply(connection, request_id)
    if row is None:
        return Outcome(None)
    return Outcome(row["status"], tuple(json.loads(row["reasons"] or "[]")))
