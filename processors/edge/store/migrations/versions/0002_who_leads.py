"""Who projects, what cannot be read, and lots in stock by the days on which people are told of them."""

import sqlalchemy as sa
from alembic import op

from processors.edge.store.column_types import CODE, Milliseconds

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("offsets", sa.Column("held_because", sa.Text()))
    op.add_column("projection", sa.Column("leader", CODE))
    op.add_column("projection", sa.Column("leads_until", Milliseconds()))
    op.create_table(
        "skipped",
        sa.Column("topic", CODE, primary_key=True),
        sa.Column("partition", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("offset", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("skipped_at", Milliseconds(), nullable=False),
        sqlite_with_rowid=False,
    )
    closed = "NOT closed" if op.get_context().dialect.name == "postgresql" else "closed = 0"
    for day in ("warn_from", "block_from", "expiry_date"):
        where = sa.text(f"stock > 0 AND {closed} AND {day} IS NOT NULL")
        name = f"lot_register_in_stock_by_{day}"
        op.create_index(name, "lot_register", [day], sqlite_where=where, postgresql_where=where)
