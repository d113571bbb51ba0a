"""The tables: as the migrations make them, with exact values, on both databases."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import func, select, text

from processors.contract.headers import dead_letter_headers
from processors.domain.calendar import parse_day, parse_time
from processors.domain.events import Reply, ReplyLot
from processors.domain.registers import StockRow
from processors.edge.store.column_types import EPOCH, EPOCH_DAY
from processors.edge.store.engine import Store
from processors.edge.store.tables import METADATA, table_of
from tests.edge.store.filling import CODEC, fill, fill_dead_letter
from tests.edge.store.rows import a_lot

BOUNDS = [(-(10**18) + 1, "0001-01-01"), (-1, "1969-12-31"), (0, "1970-01-01"), (10**18 - 1, "9999-12-31")]


def test_models_and_migrations_make_the_same_tables(store: Store) -> None:
    with store.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "target_metadata": METADATA})
        assert compare_metadata(context, METADATA) == []


def test_a_store_that_is_up_to_date_is_left_alone(store: Store) -> None:
    fill(store, [("lot-register", a_lot("L1"))])
    store.migrate()
    with store.read() as connection:
        assert connection.scalar(select(func.count()).select_from(table_of("lot-register"))) == 1


@pytest.mark.parametrize(("millionths", "date"), BOUNDS)
def test_decimals_days_and_times_are_exact_to_their_bounds(store: Store, millionths: int, date: str) -> None:
    day, time_ms = parse_day(date), parse_time(f"{date}T23:59:59.999Z")
    fill(store, [("lot-register", a_lot("L1", millionths, day, time_ms))])
    row = table_of("lot-register").c
    with store.read() as connection:
        asked = select(row.stock, row.start_date, row.created_at)
        assert connection.execute(asked).all() == [(millionths, day, time_ms)]
        found = asked.where(row.stock == millionths, row.start_date == day, row.created_at == time_ms)
        assert len(connection.execute(found).all()) == 1
        assert connection.execute(select(func.sum(row.stock), func.max(row.start_date))).all() == [(millionths, day)]


def test_a_code_is_sorted_by_its_bytes_on_every_database(store: Store) -> None:
    codes = ["b", "B", "a/1", "A-1", "ä", "z", "_"]
    fill(store, [("lot-register", a_lot(code)) for code in codes])
    lot = table_of("lot-register").c.lot_code
    with store.read() as connection:
        assert list(connection.scalars(select(lot).order_by(lot))) == sorted(codes)


def test_parts_of_a_record_are_json_in_the_form_of_the_contract(store: Store) -> None:
    lot = ReplyLot("L/1", 1_500_000, True, None, ("s1", "s2"))
    fill(store, [("replies", Reply("movements", "m1", "done", (), (lot,), ("é",), None, (), 5))])
    row = table_of("replies").c
    with store.read() as connection:
        assert connection.execute(select(row.reasons, row.lots, row.serials, row.movement_ids)).all() == [
            ("[]", '[{"lot_code":"L/1","quantity":"1.5","generated":true,"ordinal":null,"serials":["s1","s2"]}]',
             '["é"]', "[]")
        ]  # fmt: skip


def test_a_dead_letter_keeps_its_bytes_and_says_what_was_wrong(store: Store) -> None:
    stock = StockRow("FG", "A", None, "W", None, None, 0, 0, 0, 0, "pc", "m1", 0, 0)
    told = dead_letter_headers(
        [("x", b"\xff"), ("y", None)], "scans", 3, 77, code="key-mismatch", kind="poison", message="of ☃"
    )
    fill_dead_letter(store, "scans", b"\x00\xff", CODEC.encode("stock-register", stock), told, 1234)
    row = table_of("scans.dead-letters").c
    with store.read() as connection:
        assert connection.execute(
            select(row.topic, row.record_key, row.headers, row.decoded, row.error_code, row.error_kind,
                   row.error_message, row.error_attempt, row.error_partition, row.error_offset, row.refused_at)
        ).all() == [
            ("scans", b"\x00\xff", '[["x", "/w=="], ["y", null]]', None, "key-mismatch", "poison", "of ☃", 1, 3, 77,
             1234)
        ]  # fmt: skip
        assert connection.scalar(select(row.value)) == CODEC.encode("stock-register", stock)


def test_a_text_with_a_zero_character_is_kept(store: Store) -> None:
    """PostgreSQL has no such character in its texts: the symbol for it stands there."""
    fill(store, [("lot-register", a_lot("L\x00")), ("lot-register", a_lot("L2"))])
    with store.read() as connection:
        found = connection.scalars(select(table_of("lot-register").c.lot_code)).all()
    assert {code.replace("\x00", "\N{SYMBOL FOR NULL}") for code in found} == {"L2", "L\N{SYMBOL FOR NULL}"}


def test_people_who_ask_the_file_itself_see_decimals_days_and_times(tmp_path: object) -> None:
    with Store(f"sqlite:///{tmp_path}/edge.db") as store:
        store.migrate()
        fill(store, [("lot-register", a_lot("L1", -1_500_000, parse_day("2026-11-21"), -1))])
        with store.read() as connection:
            shown = connection.execute(text("SELECT stock, start_date, created_at, expiry_date FROM lot_register_v"))
            assert shown.all() == [(-1.5, "2026-11-21", "1969-12-31T23:59:59.999Z", None)]


def test_the_epoch_is_that_of_the_contract() -> None:
    assert (EPOCH.toordinal(), parse_day("1970-01-01")) == (EPOCH_DAY, 0)
