"""`lotstream codes` as a user types it, and the examples of docs/code-types.md run again."""

import json
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from processors.cli.codes import codes
from tests.cli.document_examples import examples

EXAMPLES = examples(Path(__file__).parents[2] / "docs" / "code-types.md")
SEQUENCE: dict[str, object] = {"kind": "lot", "code": "SEQ", "parts": [{"field": "number", "length": 2, "fill": "0"}]}


def run(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(codes, arguments, input=stdin, catch_exceptions=False)


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(T=SEQUENCE, F={})


def write(**files: object) -> None:
    for name, value in files.items():
        Path(f"{name}.json").write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")


def compose(*arguments: str) -> Result:
    return run("compose", "--code-type", "T.json", "--fields", "F.json", *arguments)


def invert(*arguments: str) -> Result:
    return run("invert", "--code-type", "T.json", "--fields", "F.json", *arguments)


@pytest.mark.parametrize(("command", "expected"), [pytest.param(*each, id=each[0]) for each in EXAMPLES.commands])
def test_an_example_of_the_document_gives_what_it_shows(command: str, expected: list[str]) -> None:
    for name, content in EXAMPLES.files.items():
        Path(name).write_text(content, encoding="utf-8")
    program, group, *arguments = shlex.split(command)
    assert (program, group) == ("lotstream", "codes")
    result = run(*arguments)
    assert result.output.splitlines() == expected
    refused = "refused" in result.stdout or result.stderr
    assert result.exit_code == (3 if refused else 0)


def test_the_document_has_examples_of_every_command() -> None:
    assert {command.split()[2] for command, _ in EXAMPLES.commands} == {"compose", "invert", "check"}


def test_codes_come_one_a_line() -> None:
    result = compose("--ordinal", "8", "--count", "2")
    assert (result.exit_code, result.stdout) == (0, "08\n09\n")


def test_codes_come_as_json_lines_and_as_csv() -> None:
    assert [json.loads(line) for line in compose("--ordinal", "8", "--output", "json").stdout.splitlines()] == [
        {"ordinal": 8, "code": "08", "number": "08", "letters": None}
    ]
    assert compose("--ordinal", "8", "--output", "csv").stdout == "ordinal,code,number,letters\n8,08,08,\n"
    assert invert("08", "--output", "csv").stdout == "ordinal,code,number,letters\n8,08,08,\n"


def test_codes_before_a_refusal_are_printed() -> None:
    result = compose("--ordinal", "98", "--count", "5")
    assert (result.exit_code, result.stdout) == (3, "98\n99\n")
    assert result.stderr.startswith("progressive-exhausted: ")


def test_a_code_that_does_not_fit_is_refused_with_the_reason() -> None:
    result = invert("ABC")
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr.startswith("field-invalid: code: ")


def test_a_code_type_may_stand_as_in_a_file_of_master_data() -> None:
    write(T={"record": "CodeType", "value": SEQUENCE})
    assert compose("--ordinal", "0").stdout == "00\n"


def test_fields_are_read_by_their_names() -> None:
    parts = [{"field": name} for name in ("item_class", "expiry_year", "year_letter", "month_letter", "letters")]
    write(T={"kind": "lot", "code": "X", "parts": parts})
    write(
        F={"item_class": "FOO", "expiry_date": "2027-01-31", "year_letter": "F", "month_letter": "L", "variant": None}
    )
    assert compose("--ordinal", "1").stdout == "FOO2027FLB\n"


@pytest.mark.parametrize(
    ("code_type", "fields", "message"),
    [
        ("{", {}, "T.json: expected JSON, got Expecting property name enclosed in double quotes at line 1 column 2"),
        ([], {}, "T.json: expected an object, got []"),
        ({**SEQUENCE, "colour": 1}, {}, "T.json: unknown field 'colour' of a code type"),
        ({**SEQUENCE, "kind": "bin"}, {}, 'T.json: kind: expected lot or serial, got "bin"'),
        ({**SEQUENCE, "start_number": "5"}, {}, 'T.json: start_number: expected a whole number, got "5"'),
        ({**SEQUENCE, "start_number": True}, {}, "T.json: start_number: expected a whole number, got true"),
        ({**SEQUENCE, "parts": [{"length": 5}]}, {}, "T.json: parts[0].field: expected text, got null"),
        (
            {**SEQUENCE, "parts": [{"field": "number", "pad": "0"}]},
            {},
            "T.json: parts[0]: unknown field 'pad' of a part",
        ),
        (SEQUENCE, {"insert_year": "2026"}, "F.json: unknown field 'insert_year'; expected item_class"),
        (SEQUENCE, {"insert_date": "21/11/2026"}, "F.json: insert_date: expected a date such as 2026-11-21"),
        (SEQUENCE, {"item_code": 7}, "F.json: item_code: expected text, got 7"),
        (SEQUENCE, {"year_letters": {"MMXXVI": "F"}}, "F.json: year_letters: expected a year or month as name"),
    ],
)
def test_a_file_that_is_wrong_is_wrong_usage_and_says_where(code_type: object, fields: object, message: str) -> None:
    write(T=code_type, F=fields)
    result = compose("--ordinal", "0")
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in " ".join(result.stderr.split())


def test_a_missing_file_and_a_negative_ordinal_are_wrong_usage() -> None:
    assert run("compose", "--code-type", "no.json", "--fields", "F.json", "--ordinal", "0").exit_code == 2
    assert compose("--ordinal", "-1").exit_code == 2
    assert compose("--ordinal", "0", "--count", "0").exit_code == 2


def master(*code_types: dict[str, object], scope: str = "item") -> str:
    records = [("Company", {"lot_code_scope": scope}), *(("CodeType", each) for each in code_types)]
    return "\n".join(json.dumps({"record": record, "value": value}) for record, value in records)


def test_pairs_within_one_item_are_told_and_not_refused() -> None:
    same = {**SEQUENCE, "code": "TWO"}
    result = run("check", "-", stdin=master(SEQUENCE, same))
    assert (result.exit_code, result.stdout) == (
        0,
        "lot code types 'SEQ' and 'TWO' can both give '00' (only within one item)\n",
    )
    result = run("check", "-", "--output", "json", stdin=master(SEQUENCE, same, scope="company"))
    assert result.exit_code == 3
    assert json.loads(result.stdout) == {
        "kind": "lot",
        "one": "SEQ",
        "other": "TWO",
        "scope": "company",
        "example": "00",
    }


def test_code_types_that_cannot_meet_are_told_to_be_well() -> None:
    serial = {**SEQUENCE, "kind": "serial"}
    result = run("check", "-", stdin=master(SEQUENCE, serial, scope="company"))
    assert (result.exit_code, result.stdout) == (0, "2 code types, none can give a code of another\n")


def test_a_code_type_that_would_be_refused_is_named_with_its_line() -> None:
    result = run("check", "-", stdin=master({**SEQUENCE, "parts": []}))
    assert result.exit_code == 3
    assert (
        result.stderr == "<stdin>:2: lot code type 'SEQ': master-invalid: parts: expected at least one part, got none\n"
    )


def test_other_topics_and_records_in_a_file_of_master_data_are_passed_over() -> None:
    others = (
        '{"topic": "movements", "value": {}}\n\n{"topic": "master-data", "record": "Item", "value": {"unit": "kg"}}\n'
    )
    assert run("check", "-", stdin=others + master(SEQUENCE)).exit_code == 0
    result = run("check", "-", stdin='{"value": {}}')
    assert result.exit_code == 2
    assert '<stdin>:1: expected {"record": "CodeType", "value": {…}}' in result.stderr


@pytest.mark.parametrize("command", ["compose", "invert", "check"])
def test_every_command_shows_an_example(command: str) -> None:
    assert "Example: lotstream codes" in run(command, "--help").stdout
