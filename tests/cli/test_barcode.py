"""`lotstream barcode` as a user types it, and the examples of docs/barcodes.md run again."""

import json
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from processors.cli.barcode import barcode
from tests.cli.document_examples import examples

EXAMPLES = examples(Path(__file__).parents[2] / "docs" / "barcodes.md")
MASTER = [
    {"record": "BarcodeRule", "value": {"prefix": "Qty", "separator": "-", "tokens": [{"target": "quantity"}]}},
    {"record": "YearLetter", "value": 2026, "letter": "F"},
    {
        "topic": "master-data",
        "record": "Item",
        "value": {
            "item_class": "ING",
            "item_code": "FLOUR",
            "description": "flour",
            "unit": "KG",
            "lot_managed": True,
            "serial_managed": False,
            "withdrawal_policy": "fefo",
            "expiry_rule": "exact",
            "variants": [],
            "alternative_units": [{"unit": "BAG", "factor": "25", "operator": "multiply"}],
            "barcodes": [{"barcode": "4006381333931", "unit": "BAG", "quantity": "2"}],
        },
    },
    {"topic": "movements", "value": {}},
]


def run(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(barcode, ["parse", *arguments], input=stdin, catch_exceptions=False)


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write("master.jsonl", MASTER)


def write(name: str, lines: list[dict[str, object]]) -> None:
    Path(name).write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


@pytest.mark.parametrize(("command", "expected"), [pytest.param(*each, id=each[0]) for each in EXAMPLES.commands])
def test_an_example_of_the_document_gives_what_it_shows(command: str, expected: list[str]) -> None:
    for name, content in EXAMPLES.files.items():
        Path(name).write_text(content, encoding="utf-8")
    program, group, parse, *arguments = shlex.split(command)
    assert (program, group, parse) == ("lotstream", "barcode", "parse")
    result = run(*arguments)
    assert result.output.splitlines() == expected
    assert result.exit_code == (3 if "barcode-invalid" in result.output else 0)


def test_the_document_shows_every_kind() -> None:
    shown = "\n".join(line for _, lines in EXAMPLES.commands for line in lines)
    assert all(f": {kind}" in shown for kind in ("gs1", "rule", "plain", "invalid"))


def test_a_gs1_barcode_comes_as_elements_and_fields_with_its_item() -> None:
    result = run("--rules", "master.jsonl", "--output", "json", "]C10104006381333931172611003704\x1d10AB")
    assert result.exit_code == 0
    assert json.loads(result.stdout) == {
        "kind": "gs1",
        "elements": [
            {"ai": "01", "value": "04006381333931"},
            {"ai": "17", "value": "261100"},
            {"ai": "37", "value": "04"},
            {"ai": "10", "value": "AB"},
        ],
        "fields": {
            "item_class": "ING",
            "item_code": "FLOUR",
            "unit": "BAG",
            "lot": "AB",
            "quantity": "8",
            "gtin": "04006381333931",
            "expiry_date": "2026-11-30",
        },
    }


def test_json_strings_come_from_standard_input_one_a_line() -> None:
    result = run("--rules", "master.jsonl", "--output", "json", "-", stdin='"Qty-2.5"\n\n"\\ud800"\n')
    assert [json.loads(line) for line in result.stdout.splitlines()] == [
        {"kind": "rule", "fields": {"quantity": "2.5"}},
        {
            "kind": "plain",
            "fields": {},
            "code": "barcode-unknown",
            "message": "no item has barcode '\\ud800', and no rule begins it: add it to the item's barcodes",
        },
    ]
    assert result.exit_code == 0


def test_an_invalid_barcode_is_refused_with_its_place() -> None:
    result = run("--output", "json", "4006381333932")
    assert result.exit_code == 3
    assert json.loads(result.stdout) == {
        "kind": "invalid",
        "fields": {},
        "code": "barcode-invalid",
        "message": "GTIN: expected check digit 1, got 2 (at character 13)",
    }


def test_the_others_are_read_although_one_is_invalid() -> None:
    result = run("--output", "json", "]XX", "(10)A")
    assert (result.exit_code, [json.loads(line)["kind"] for line in result.stdout.splitlines()]) == (
        3,
        ["invalid", "gs1"],
    )


def test_two_digit_years_turn_on_the_time_given() -> None:
    years = [
        json.loads(run("--time", f"{year}-06-01T00:00:00Z", "--output", "json", "(17)500101").stdout)
        for year in (1999, 2000, 2026, 2099)
    ]
    assert [year["fields"]["expiry_date"][:4] for year in years] == ["1950", "2050", "2050", "2050"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("nonsense", "bad.jsonl:1: expected JSON"),
        ("[1]", "bad.jsonl:1: expected a JSON object"),
        ('{"record": "Shelf"}', "bad.jsonl:1: record: expected one of"),
        ('{"record": "Item", "record": "Item"}', "bad.jsonl:1: record: is given twice"),
        ('{"record": "Item", "value": {"item_class": 1}}', "bad.jsonl:1: item_class"),
        (
            '{"record": "BarcodeRule", "value": {"prefix": "A", "separator": "-", "tokens": []}}',
            "bad.jsonl:1: tokens: expected at least one token",
        ),
    ],
)
def test_master_data_that_is_wrong_is_told_with_its_line(line: str, message: str) -> None:
    Path("bad.jsonl").write_text(line + "\n", encoding="utf-8")
    result = run("--rules", "bad.jsonl", "X")
    assert result.exit_code == 2
    assert message in result.output


@pytest.mark.parametrize("line", ["1", "{", '["a"]'])
def test_a_line_that_is_no_json_string_is_wrong_usage(line: str) -> None:
    result = run("-", stdin=line + "\n")
    assert result.exit_code == 2
    assert "standard input, line 1: expected a JSON string" in result.output


def test_a_time_that_is_none_is_wrong_usage() -> None:
    result = run("--time", "yesterday", "X")
    assert result.exit_code == 2
    assert "expected a time such as" in result.output
