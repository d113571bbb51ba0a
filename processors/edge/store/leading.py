"""How the projection stands, in its one row: which process it is, until when, when it last looked, what is wrong.

Of several edges on one database one leads: it projects, and does what may be done once. Its name stands in the row for
`LEASE_S` seconds and is written again with every look; when that ends, whoever asks first is the next. A leader that
was frozen meanwhile learns it with its next look; what it writes before that goes in whole or not at all, for the
offsets fence it (`writing`).
"""

import time
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, or_, select, text, update

from processors.edge.store.column_types import Milliseconds
from processors.edge.store.tables import PROJECTION

LEASE_S: Final = 5.0
"""So long nobody else leads after the leader's last word: longer than a busy machine's pauses, a moment for people."""
NEVER: Final = 0
"""`looked_at` of a store at whose topics nobody has looked yet."""

_FIRST: Final = (
    "INSERT INTO projection (name, state, looked_at) VALUES ('projection', 'starting', :never) ON CONFLICT DO NOTHING"
)


def lead(connection: Connection, name: str) -> bool:
    """Be the leader, or stay it; False where another one is."""
    make_row(connection)
    now = _now(connection)
    at = PROJECTION.c
    free = or_(at.leader.is_(None), at.leader == name, at.leads_until <= now)
    done = connection.execute(update(PROJECTION).where(free).values(leader=name, leads_until=now + int(LEASE_S * 1000)))
    return done.rowcount == 1


def resign(connection: Connection, name: str) -> None:
    """Leave the place to others at once; nothing where another one leads."""
    connection.execute(update(PROJECTION).where(PROJECTION.c.leader == name).values(leader=None, leads_until=None))


def may_lead(connection: Connection, name: str) -> bool:
    """Whether `lead` would do; asks only."""
    at = PROJECTION.c
    row = connection.execute(select(at.leader, at.leads_until)).one_or_none()
    return row is None or row.leader in (None, name) or row.leads_until is None or row.leads_until <= _now(connection)


def looked(connection: Connection, state: str | None, message: str | None) -> None:
    """Note a look at the topics. `state` None: as it was. `stopped` leaves the moment of the last look as it was."""
    make_row(connection)
    values: dict[str, Any] = {} if state is None else {"state": state, "message": message}
    if state != "stopped":
        values["looked_at"] = time.time_ns() // 1_000_000
    connection.execute(update(PROJECTION).values(**values))


def make_row(connection: Connection) -> None:
    """The row, where there is none yet."""
    connection.execute(text(_FIRST).bindparams(bindparam("never", NEVER, Milliseconds())))


def _now(connection: Connection) -> int:
    """Milliseconds UTC of one clock for all: the server's; those who share a file share their machine's."""
    if connection.dialect.name == "postgresql":
        return int(connection.execute(select(func.clock_timestamp(type_=Milliseconds()))).scalar_one())
    return time.time_ns() // 1_000_000
