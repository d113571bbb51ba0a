"""The example of docs/counting.md, run again."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from processors.cli import main
from processors.contract.json_form import from_json
from processors.domain.scans import CountCommand, Scan

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "counting.md").read_text(encoding="utf-8")
EXAMPLE = ROOT / "docs" / "examples" / "count.jsonl"
_SHOWN = re.compile(r"^\$ lotstream simulate docs/examples/count\.jsonl \| (grep .+)\n((?:\{.*\n)+)", re.MULTILINE)


@pytest.fixture(scope="module")
def printed() -> list[str]:
    result = CliRunner().invoke(main, ["simulate", str(EXAMPLE)])
    assert result.exit_code == 0, result.output
    return result.stdout.splitlines()


def test_nothing_of_the_example_is_refused(printed: list[str]) -> None:
    assert [line for line in printed if "dead-letters" in line] == []


def test_the_feedback_to_each_read_is_the_one_that_is_shown(printed: list[str]) -> None:
    told = [value for line in printed if (value := feedback(line)) is not None]
    rows = re.findall(r"^\| (s\d) \| .+ \| (.+) \|$", PAGE, re.MULTILINE)
    assert rows == [(value["scan_id"], f"{value['status']}: {value['message']}") for value in told]


def test_the_records_that_are_shown_are_those_that_come_out(printed: list[str]) -> None:
    shown = _SHOWN.findall(PAGE)
    assert len(shown) == 2
    for command, lines in shown:
        words = re.findall(r"grep '?([^'|]+?)'?(?= \||$)", command)
        assert len(words) == 2
        assert [line for line in printed if all(word in line for word in words)] == lines.splitlines()


def test_the_records_that_are_shown_can_be_sent() -> None:
    (lines,) = re.findall(r"^```json\n((?:\{.*\n)+)```", PAGE, re.MULTILINE)
    command, scan = (json.loads(line) for line in lines.splitlines())
    sent = [json.loads(line)["value"] for line in EXAMPLE.read_text(encoding="utf-8").splitlines()]
    assert from_json(CountCommand, command) in [from_json(CountCommand, value) for value in sent if "by" in value]
    assert from_json(Scan, scan) in [from_json(Scan, value) for value in sent if "scan_id" in value]


def feedback(line: str) -> dict[str, Any] | None:
    form = json.loads(line)
    value: dict[str, Any] = form["value"]
    return value if form["topic"] == "scan-feedback" else None
