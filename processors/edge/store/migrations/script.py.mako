"""${message}."""

import sqlalchemy as sa
from alembic import op

from processors.edge.store.column_types import CODE, Days, Milliseconds, Millionths

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}
