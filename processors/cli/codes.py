"""`lotstream codes`: try code types out before they are master data, and find those that can give the same code."""

import csv
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from pathlib import Path
from typing import Final, NoReturn, TextIO

import click

from processors.cli.code_type_files import read_code_type, read_fields, read_master
from processors.domain.code_patterns import overlap
from processors.domain.code_type_checks import is_company_wide, rule_wrong
from processors.domain.codes import composer, invert, shown
from processors.domain.master import CodeType, MasterData
from processors.domain.refusals import Reason

REFUSED: Final = 3
"""Exit code: refused by the rules (`contract.md` §5)."""

_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
_code_type = click.option("--code-type", "code_type_path", type=_FILE, required=True, help="JSON of a code type.")
_fields = click.option("--fields", "fields_path", type=_FILE, required=True, help="JSON of the field values.")
_output = click.option("--output", type=click.Choice(["table", "json", "csv"]), default="table", show_default=True)


@click.group()
def codes() -> None:
    """Compose codes of lots and serials, read them back, and check code types."""


@codes.command(
    epilog="Example: lotstream codes compose --code-type T.json --fields F.json --ordinal 0 --count 3, where T.json is "
    '{"kind": "lot", "code": "SEQ", "parts": [{"field": "number", "length": 5, "fill": "0"}]} and F.json is {}, prints '
    "00000, 00001 and 00002, one a line."
)
@_code_type
@_fields
@click.option("--ordinal", type=click.IntRange(min=0), required=True, help="The first, from 0.")
@click.option("--count", type=click.IntRange(min=1), default=1, show_default=True, help="How many codes.")
@_output
def compose(code_type_path: Path, fields_path: Path, ordinal: int, count: int, output: str) -> None:
    """Print the codes of one ordinal or of several, one a line.

    Fields are named as in the contract (item_class, supplier_lot …), dates as insert_date and expiry_date; the letters
    of the insert date as year_letter and month_letter, or as year_letters {"2026": "F"}. Exit code 3 with the reason
    where the rules refuse a code; the codes before it are printed.
    """
    code_type, fields = _accepted(code_type_path), read_fields(fields_path)
    made = composer(code_type, fields)
    if isinstance(made, Reason):
        _refuse([made])
    refused = None
    rows = []
    for each in range(ordinal, ordinal + count):
        code = made(each)
        if isinstance(code, Reason):
            refused = code
            break
        rows.append((each, code, *shown(code_type, each)))
    if output == "table":
        for row in rows:
            click.echo(row[1])
    else:
        _print(("ordinal", "code", "number", "letters"), rows, output)
    if refused:
        _refuse([refused])


@codes.command(
    name="invert",
    epilog="Example: lotstream codes invert --code-type T.json --fields F.json 00012 prints 12.",
)
@_code_type
@_fields
@click.argument("code")
@_output
def invert_(code_type_path: Path, fields_path: Path, code: str, output: str) -> None:
    """Print the ordinal of CODE; exit code 3 with the reason where it does not fit the code type."""
    code_type = _accepted(code_type_path)
    ordinal = invert(code_type, read_fields(fields_path), code)
    if isinstance(ordinal, Reason):
        _refuse([ordinal])
    if output == "table":
        click.echo(ordinal)
    else:
        _print(("ordinal", "code", "number", "letters"), [(ordinal, code, *shown(code_type, ordinal))], output)


@codes.command(epilog='Example: lotstream codes check MASTER.jsonl, with lines {"record": "CodeType", "value": {…}}.')
@click.argument("master", type=click.File(encoding="utf-8"))
@_output
def check(master: TextIO, output: str) -> None:
    """Judge the code types of MASTER (JSON lines; - reads standard input) and print the pairs that can give one code.

    Where codes are unique across the company (lots: the Company record says so, serials: the code type) such a pair is
    refused as master data: exit code 3. In the scope of an item a pair is only told: an item has one code type at a
    time, and generation passes over codes that are in use.
    """
    lines, known = read_master(master, master.name)
    refused = False
    for line in lines:
        reasons = rule_wrong(line.code_type, known)
        for reason in reasons:
            _tell(reason, f"{master.name}:{line.number}: {line.code_type.kind} code type {line.code_type.code!r}: ")
        if reasons:
            refused = True
        else:
            known.put(line.code_type)
    pairs = list(_pairs(known))
    for kind, one, other, scope, code in pairs if output == "table" else ():
        both = f"{kind} code types {one!r} and {other!r} can both give {code!r}"
        told = "refused: codes are unique across the company" if scope == "company" else "only within one item"
        click.echo(f"{both} ({told})")
    if output == "table" and not pairs and not refused:
        click.echo(f"{len(known.code_types)} code types, none can give a code of another")
    if output != "table":
        _print(("kind", "one", "other", "scope", "example"), pairs, output)
    if refused or any(scope == "company" for _, _, _, scope, _ in pairs):
        sys.exit(REFUSED)


def _pairs(known: MasterData) -> Iterator[tuple[str, str, str, str, str]]:
    """Kind, the two codes, the scope in which they meet, and the shortest code that both can give."""
    for one, other in combinations(known.code_types.values(), 2):
        if one.kind == other.kind:
            code = overlap(one, other, known.year_letters, known.month_letters)
            if code is not None:
                both = is_company_wide(one, known) and is_company_wide(other, known)
                yield one.kind, one.code, other.code, "company" if both else "item", code


def _accepted(path: Path) -> CodeType:
    """The code type of a file, if the judge of master data would let it in."""
    code_type = read_code_type(path)
    reasons = rule_wrong(code_type, MasterData())
    if reasons:
        _refuse(reasons)
    return code_type


def _print(names: Sequence[str], rows: Iterable[Sequence[object]], output: str) -> None:
    """Rows as JSON lines or as CSV with a heading."""
    if output == "json":
        for row in rows:
            click.echo(json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False))
        return
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(rows)


def _refuse(reasons: Iterable[Reason]) -> NoReturn:
    for reason in reasons:
        _tell(reason)
    sys.exit(REFUSED)


def _tell(reason: Reason, where: str = "") -> None:
    click.echo(f"{where}{reason.code}: {f'{reason.field}: ' if reason.field else ''}{reason.message}", err=True)
