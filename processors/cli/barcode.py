"""`lotstream barcode`: what a barcode is and says, and what is wrong with it where."""

import json
import sys
import time
from collections.abc import Iterator
from typing import Any, Final, TextIO

import click

from processors.barcodes.fields import Fields
from processors.barcodes.gs1_associations import association_faults
from processors.barcodes.gs1_identifiers import IDENTIFIERS
from processors.barcodes.parse import Reading, parse
from processors.barcodes.tokenizer import NO_RULES, compile_rules
from processors.cli.barcode_master import read_barcode_master
from processors.domain.calendar import day_text, parse_time
from processors.domain.quantity import text as decimal_text

REFUSED: Final = 3
"""Exit code: refused by the rules (`contract.md` §5)."""
_DECIMALS: Final = frozenset(["quantity", "net_weight"])
_DATES: Final = frozenset(["expiry_date", "production_date", "best_before_date"])
_NAME_WIDTH: Final = 28


@click.group()
def barcode() -> None:
    """Explain barcodes: GS1 data, the company's own rules, plain codes."""


@barcode.command(
    name="parse",
    epilog="Example: lotstream barcode parse '(01)09501234567891(17)271130(10)AB-1' prints GTIN, expiry date and lot.",
)
@click.option(
    "--rules",
    "master_file",
    type=click.File(encoding="utf-8"),
    help="Master data as JSON lines: its barcode rules and items are used.",
)
@click.option("--time", "time_text", help="When it was scanned, such as 2026-11-21T08:30:00Z; now if left out.")
@click.option("--output", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.argument("texts", metavar="TEXT...", nargs=-1, required=True)
def parse_(master_file: TextIO | None, time_text: str | None, output: str, texts: tuple[str, ...]) -> None:
    """Read each TEXT as a barcode and say what was found, by which rule, and what is wrong where.

    A TEXT that is - reads standard input, one JSON string a line, in which FNC1 is written \\u001d. With --output json
    one object a line. Two-digit years turn on the year of --time. Exit code 3 where a barcode is invalid. Without
    --rules there are no items, so that no code is unknown.
    """
    try:
        time_ms = round(time.time() * 1000) if time_text is None else parse_time(time_text)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--time") from None
    master = None if master_file is None else read_barcode_master(master_file, master_file.name)
    rules = NO_RULES if master is None else compile_rules(master.barcode_rules.values())
    invalid = False
    for text in _given(texts):
        reading = parse(text, time_ms, rules, master)
        invalid |= reading.kind == "invalid"
        if output == "json":
            _echo(json.dumps(reading_form(reading), ensure_ascii=False))
        else:
            for line in _explained(text, reading):
                _echo(line)
    if invalid:
        sys.exit(REFUSED)


def reading_form(reading: Reading) -> dict[str, Any]:
    """The JSON form of a reading (`contract.md` §5); what does not apply is left out, but for `kind` and `fields`."""
    form: dict[str, Any] = {"kind": reading.kind}
    if reading.elements:
        form["elements"] = [{"ai": ai, "value": value} for ai, value in reading.elements]
    form["fields"] = fields_form(reading.fields)
    if reading.code is not None:
        form["code"] = reading.code
    if reading.message is not None:
        form["message"] = reading.explanation()
    return form


def fields_form(fields: Fields) -> dict[str, str]:
    """The fields that a barcode gives: decimals as text, dates as `2026-11-21`, properties as `property:<name>`."""
    form = {}
    for name, value in fields._asdict().items():
        if name == "properties" or value is None:
            continue
        if name in _DECIMALS:
            form[name] = decimal_text(value)
        else:
            form[name] = day_text(value) if name in _DATES else value
    return form | {f"property:{name}": value for name, value in fields.properties}


def _given(texts: tuple[str, ...]) -> Iterator[str]:
    for text in texts:
        if text != "-":
            yield text
            continue
        # Bytes that are no UTF-8 are somebody's wrong barcode, not the end of all others.
        with click.open_file("-", encoding="utf-8", errors="surrogateescape") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield _string(line, number)


def _string(line: str, number: int) -> str:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise click.UsageError(f"standard input, line {number}: expected a JSON string, got {error}") from None
    if not isinstance(value, str):
        raise click.UsageError(f"standard input, line {number}: expected a JSON string, got {line.strip()[:40]}")
    return value


def _explained(text: str, reading: Reading) -> Iterator[str]:
    """Lines for people: the barcode and its kind, elements, fields, what is wrong, what the item needs besides."""
    by = f" {reading.rule}" if reading.rule is not None else ""
    yield f"{json.dumps(text, ensure_ascii=False)}: {reading.kind}{by}"
    for ai, value in reading.elements:
        yield f"  {f'({ai}) {IDENTIFIERS[ai].title}':<{_NAME_WIDTH}} {value}"
    for name, value in fields_form(reading.fields).items():
        yield f"  {name:<{_NAME_WIDTH}} {value}"
    if reading.code is not None:
        yield f"  {reading.code}: {reading.explanation()}"
    for fault in association_faults(reading.elements):
        yield f"  on the same item: {fault}"


def _echo(line: str) -> None:
    """A line in which what UTF-8 cannot hold (half of a pair of surrogates) is written out, as JSON does."""
    click.echo(line.encode("utf-8", "backslashreplace").decode())
