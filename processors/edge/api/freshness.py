"""How fresh an answer is: the lag in every one, and an ETag that changes with the registers asked."""

import hashlib
from collections.abc import Collection
from typing import Any, Final

from fastapi import Request, Response

from processors.domain.calendar import time_text
from processors.edge.store.queries_offsets import Lag, lag, state_tag
from processors.edge.store.sight import Connection, Sight

LAG_HEADER: Final = "Lotstream-Lag"
"""Records that the topics have and the registers here do not show yet."""
HIDDEN_HEADER: Final = "Lotstream-Hidden"
COUNTED_BLIND: Final = "counted-blind"
"""There where books of blind counts are left out of an answer for who asked."""


def lag_form(lag: Lag) -> dict[str, Any]:
    """The lag as a body tells it; `looked_at` null: the projection has not looked yet."""
    return {
        "records": lag.records,
        "behind_ms": lag.behind_ms,
        "looked_at": None if lag.looked_at is None else time_text(lag.looked_at),
        "state": lag.state,
    }


LAG_SCHEMA: Final = {
    "type": "object",
    "required": ["records", "behind_ms", "looked_at", "state"],
    "description": "How far what is shown is behind the topics.",
    "properties": {
        "records": {"type": "integer", "minimum": 0, "description": "Records still to come, at most."},
        "behind_ms": {"type": "integer", "minimum": 0, "description": "Age of the last one taken while more came."},
        "looked_at": {"type": ["string", "null"], "format": "date-time", "description": "When that was seen."},
        "state": {
            "type": "string",
            "description": "starting, following, held (by a record that cannot be read) or stopped by an error.",
        },
    },
}


def lag_headers(lag: Lag) -> dict[str, str]:
    return {LAG_HEADER: str(lag.records)}


def fresh(
    request: Request, connection: Connection, sight: Sight, topics: Collection[str]
) -> tuple[Lag, dict[str, str]]:
    """The lag, and the headers of an answer from these topics' tables; ask in the connection that reads the rows."""
    seen = lag(connection)
    headers = {
        **lag_headers(seen),
        "ETag": _etag(request, state_tag(connection, topics) + sight.tag),
        "Cache-Control": "private, no-cache",
        "Vary": "Authorization, Cookie",
    }
    return seen, headers if sight.is_whole else {**headers, HIDDEN_HEADER: COUNTED_BLIND}


def _etag(request: Request, state: str) -> str:
    """Weak: the lag told in a body may differ under the same tag, what the registers say may not."""
    seed = f"{request.url.path}?{request.url.query}\n{state}"
    return f'W/"{hashlib.sha256(seed.encode()).hexdigest()[:32]}"'


def not_modified(request: Request, headers: dict[str, str]) -> Response | None:
    """The 304 where the caller has this version already; `headers` has its ETag."""
    known = [each.strip() for each in request.headers.get("if-none-match", "").split(",")]
    if headers["ETag"] in known or "*" in known:
        return Response(status_code=304, headers=headers)
    return None
