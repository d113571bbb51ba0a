"""Registers as files: nothing that a spreadsheet would run, exact types for programs, everything and not a page."""

import csv
import io
import tracemalloc
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import openpyxl
import pyarrow
import pyarrow.parquet
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import insert

from processors.edge.api import exports
from processors.edge.api.catalogue import BY_PATH, CATALOGUE
from processors.edge.api.exports import csv_lines, write_file, write_parquet, write_sheet
from processors.edge.api.formulas import harmless
from processors.edge.store.engine import Store
from processors.edge.store.queries_registers import Order, Where, everything
from processors.edge.store.sight import WHOLE
from processors.edge.store.tables import table_of
from tests.edge.api.company import a_flour_lot

API = "/api/v1"
HARMFUL = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\n=1", "＝1+1", "－1", "＋1", "＠SUM(A1)"]


@pytest.fixture(scope="module")
def harmful_lots(client: TestClient) -> list[str]:
    """Lots whose supplier gave them codes that begin like formulas."""
    codes = [code for code in HARMFUL if code.isprintable()]
    for number, code in enumerate(codes):
        sent = client.post(f"{API}/movements?wait=5", json=a_flour_lot(f"H-{number}", code, supplier_lot=code))
        assert sent.json()["status"] == "done"
    return codes


def _csv(client: TestClient, path: str) -> list[dict[str, str]]:
    response = client.get(f"{API}/{path}")
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(response.text, newline="")))


def test_a_code_that_begins_like_a_formula_is_text_in_a_spreadsheet(
    client: TestClient, harmful_lots: list[str]
) -> None:
    rows = _csv(client, "lots?item_code=FLOUR&format=csv")
    shown = {row["supplier_lot"] for row in rows}
    assert {"'" + code for code in harmful_lots} <= shown
    assert not any(cell.startswith(tuple("=+@\t\r")) for row in rows for cell in row.values())


@pytest.mark.parametrize("text", HARMFUL)
def test_every_start_of_a_formula_is_made_harmless(text: str) -> None:
    assert harmless(text) == "'" + text


def test_a_negative_number_stays_a_number(client: TestClient) -> None:
    (row,) = _csv(client, "differences?format=csv")
    assert (row["difference"], row["value"], row["moved_during_count"]) == ("-25", "-15.5", "false")


def test_a_workbook_has_texts_as_texts_and_numbers_as_numbers(client: TestClient, harmful_lots: list[str]) -> None:
    data = client.get(f"{API}/lots?item_code=FLOUR&format=xlsx").content
    sheet = openpyxl.load_workbook(io.BytesIO(data)).active
    assert sheet is not None
    heads = [cell.value for cell in sheet[1]]
    cells = [dict(zip(heads, row, strict=True)) for row in sheet.iter_rows(min_row=2)]
    by_code = {row["supplier_lot"].value: row for row in cells}
    assert set(harmful_lots) <= set(by_code)
    assert {by_code[code]["supplier_lot"].data_type for code in harmful_lots} == {"s"}
    row = by_code["M-7781"]
    assert (row["initial_quantity"].value, row["initial_quantity"].data_type) == (1000, "n")
    assert row["start_date"].value.isoformat() == "2026-05-25T00:00:00"


def test_parquet_has_exact_types(client: TestClient) -> None:
    data = client.get(f"{API}/lots?format=parquet&item_code=FLOUR&lot=MIL00001").content
    table = pyarrow.parquet.read_table(io.BytesIO(data))
    types = {name: str(table.schema.field(name).type) for name in ("stock", "expiry_date", "created_at", "closed")}
    assert types == {
        "stock": "decimal128(18, 6)",
        "expiry_date": "date32[day]",
        "created_at": "timestamp[ms, tz=UTC]",
        "closed": "bool",
    }
    (row,) = table.to_pylist()
    assert (row["initial_quantity"], row["start_date"].isoformat()) == (Decimal("1000.000000"), "2026-05-25")


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.path)
def test_every_register_can_be_had_whole_in_every_form(client: TestClient, entry: object) -> None:
    path = entry.path  # type: ignore[attr-defined]
    shown = client.get(f"{API}/{path}", params={"limit": 1000}).json()["items"]
    assert len(_csv(client, f"{path}?format=csv")) == len(shown)
    parquet = client.get(f"{API}/{path}?format=parquet").content
    assert pyarrow.parquet.read_table(io.BytesIO(parquet)).num_rows == len(shown)
    book = openpyxl.load_workbook(io.BytesIO(client.get(f"{API}/{path}?format=xlsx").content), read_only=True)
    assert sum(1 for _ in book.worksheets[0].iter_rows()) == len(shown) + 1


def test_extreme_values_are_written(tmp_path: object) -> None:
    decimal = {"type": "bytes", "logicalType": "decimal"}
    columns = [("q", decimal), ("d", {"type": "int", "logicalType": "date"}), ("n", "long"), ("t", "string")]
    rows = [(10**18 - 1, -719_162, 2**63 - 1, "x" * 40_000), (1, 2_932_896, 0, ""), (None, None, None, None)]
    path = f"{tmp_path}/out"
    write_sheet(path + ".xlsx", columns, iter([rows]))
    sheet = openpyxl.load_workbook(path + ".xlsx").active
    assert sheet is not None
    assert [cell.value for cell in sheet[2]][1:3] == ["0001-01-01", str(2**63 - 1)]
    write_parquet(path + ".parquet", columns, iter([rows]))
    table = pyarrow.parquet.read_table(path + ".parquet")
    assert [row["q"] for row in table.to_pylist()] == [Decimal("999999999999.999999"), Decimal("0.000001"), None]
    lines = b"".join(csv_lines(columns, iter([rows]))).decode().split("\r\n")
    assert lines[2] == "0.000001,9999-12-31,0,"


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store with 9,000 rows of stock."""
    with Store(f"sqlite:///{tmp_path_factory.mktemp('many')}/edge.db") as store:
        store.migrate()
        row = {
            "item_class": "ING", "item_code": "FLOUR", "variant": None, "warehouse": "RAW", "location": "R-01",
            "loaded": 10**9, "unloaded": 0, "stock": 10**9, "committed": 0, "unit": "KG", "last_movement_id": "M" * 40,
            "last_moved_at": 0, "updated_at": 0, "last_counted_at": None, "topic_partition": 0,
        }  # fmt: skip
        codes = [f"{number:06}" for number in range(9_000)]
        with store.write() as connection:
            connection.execute(
                insert(table_of("stock-register")),
                [
                    {**row, "record_key": code, "lot_code": code, "topic_offset": number}
                    for number, code in enumerate(codes)
                ],
            )
        yield store


@pytest.mark.parametrize("form", ["csv", "parquet", "xlsx"])
def test_a_file_of_many_rows_takes_no_more_memory_than_one_of_few(
    many: Store, form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "GROUP_ROWS", 1000)
    entry = BY_PATH["stock"]
    columns = entry.columns[4:8]

    def peak(rows: int) -> int:
        few = Where(("topic_offset",), "to", (rows - 1,))
        with many.read() as connection, open(tmp_path / f"{rows}.{form}", "w+b") as file:
            chunks = everything(connection, WHOLE, entry.source, [few], Order(), [name for name, _ in columns])
            tracemalloc.start()
            before = pyarrow.total_allocated_bytes()
            write_file(file, form, columns, chunks)
            highest = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            assert pyarrow.total_allocated_bytes() - before < 2**20, "Arrow has given everything back"
            return highest

    few, lots = peak(2000), peak(9_000)
    assert lots < 1.5 * few + 2**19, (few, lots)
