"""Readings with the result that a GS1 parser must give, and the table of identifiers, from the shared test data."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from processors.barcodes.bracketed import read_bracketed
from processors.barcodes.digital_link import read_digital_link
from processors.barcodes.fault import Fault
from processors.barcodes.gs1 import GS, Elements, read_elements
from processors.barcodes.gs1_associations import association_faults
from processors.barcodes.gs1_identifiers import IDENTIFIERS
from processors.barcodes.symbologies import read_scan
from processors.barcodes.trade_items import read_gln, read_gtin, read_sscc

TEST_DATA = Path(__file__).parents[3] / "shared" / "testdata"
VECTORS = TEST_DATA / "gs1_vectors.jsonl"
DICTIONARY = TEST_DATA / "gs1-syntax-dictionary.txt"
YEAR = 2026


def rows() -> Iterator[Any]:
    if not VECTORS.exists():
        yield pytest.param(None, marks=pytest.mark.skip(reason="gs1_vectors.jsonl is not there"), id="absent")
        return
    for line in VECTORS.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        yield pytest.param(row, id=row["id"])


def read(row: dict[str, Any]) -> Elements | Fault | None:
    raw, lints, options = row["raw"], row["level"] == "lint", row.get("options", {})
    match row["kind"]:
        case "scan":
            return read_scan(raw, YEAR, lints=lints)
        case "element_string":
            return read_elements(raw, YEAR, lints=lints, separators="".join(options.get("separator_chars", GS)))
        case "bracketed":
            return read_bracketed(raw, YEAR, lints=lints)
        case "dl_uri":
            short = options.get("permit_zero_suppressed_gtin", False)
            found = read_digital_link(raw, YEAR, lints=lints, zero_suppressed=short)
            return Fault("no Digital Link", 0) if found is None else found
    key, ai = {"gtin": (read_gtin, "01"), "sscc": (read_sscc, "00"), "gln": (read_gln, "414")}[row["kind"]]
    value = key(raw)
    return value if isinstance(value, Fault) else read_elements(ai + value, YEAR)


@pytest.mark.parametrize("row", list(rows()))
def test_a_reading_gives_what_the_public_test_suites_say(row: dict[str, Any]) -> None:
    found = read(row)
    wrong = isinstance(found, Fault)
    if row["level"] == "association" and found is not None and not isinstance(found, Fault):
        wrong = bool(association_faults(found))
    assert wrong == bool(row.get("error")), found
    if not row.get("error"):
        assert dict(found or ()) == row["expected"]  # type: ignore[arg-type]  # a fault is out of the question here


@pytest.mark.skipif(not DICTIONARY.exists(), reason="gs1-syntax-dictionary.txt is not there")
def test_the_table_has_the_facts_of_the_syntax_dictionary() -> None:
    seen = set()
    for line in DICTIONARY.read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        numbers, flags, spec, attributes = re.fullmatch(
            r"(\S+)\s+([*?]*)\s*((?:\[?[NXYZ](?:\.\.)?\d+\S*\s*)+)(.*?)(?:\s*# .*)?", line
        ).groups()  # type: ignore[union-attr]  # a line of another form fails the test
        first, _, last = numbers.partition("-")
        for number in range(int(first), int(last or first) + 1):
            identifier = IDENTIFIERS[str(number).zfill(len(first))]
            seen.add(identifier.ai)
            parts = " ".join(
                ("[" if part.optional else "")
                + f"{part.characters}{'..' if part.least < part.most else ''}{part.most}"
                + ("]" if part.optional else "")
                + "".join(f",{lint}" for lint in part.lints)
                for part in identifier.parts
            )
            assert parts == " ".join(spec.split()), identifier.ai
            assert (identifier.fixed, identifier.attribute) == ("*" in flags, "?" in flags), identifier.ai
            assert _attributes(identifier.ai) == sorted(attributes.split()), identifier.ai
    assert seen == set(IDENTIFIERS)


def _attributes(ai: str) -> list[str]:
    identifier = IDENTIFIERS[ai]
    words = ["req=" + ",".join("+".join(way) for way in ways) for ways in identifier.required]
    if identifier.excluded:
        words.append("ex=" + ",".join(identifier.excluded))
    if identifier.qualifiers is not None:
        ways = "|".join(",".join(way) for way in identifier.qualifiers)
        words.append(f"dlpkey={ways}" if ways else "dlpkey")
    return sorted(words)
