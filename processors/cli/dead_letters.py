"""`lotstream dead-letters`: what was not taken and why; send it again once its cause is mended."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

import click

from processors.cli.cluster_options import cluster_options, reached
from processors.cli.dead_letter_rows import INPUTS, DeadLetter, dead_letters
from processors.cli.printing import output_option, print_rows
from processors.contract.codec import Codec, Undecodable
from processors.contract.headers import Headers, replay_headers
from processors.contract.manifest import MANIFEST
from processors.contract.sending import Sendable, send

COLUMNS: Final = ("topic", "offset", "code", "kind", "attempt", "time", "key", "message")
KINDS: Final = ("poison", "rule", "late", "internal")

_topic = click.option("--topic", type=click.Choice(INPUTS), help="Only those of this input.")
_code = click.option("--code", metavar="CODE", help="Only those refused for this reason first, such as item-unknown.")
_kind = click.option("--kind", type=click.Choice(KINDS), help="poison: unreadable; rule: refused; internal: our fault.")


@click.group()
def command() -> None:
    """Inputs that were not taken: what they were, why, and sending them again."""


@command.command("list", epilog="Example: lotstream dead-letters list --topic movements --code lot-unknown")
@_topic
@_code
@_kind
@cluster_options
@output_option
def list_letters(
    topic: str | None,
    code: str | None,
    kind: str | None,
    bootstrap_servers: str | None,
    schema_registry: str | None,
    output: str,
) -> None:
    """List dead letters, the oldest first. OFFSET names one for `show` and `replay`.

    A dead letter stays where it is, also once it was sent again and taken, until its time is over (400 days).
    """
    with reached(bootstrap_servers, schema_registry) as cluster:
        rows = [letter.row() for letter in dead_letters(cluster, topic, (), code, kind)]
    if not rows:
        click.echo("No dead letters" + (" of that kind." if topic or code or kind else "."), err=True)
        return
    if output == "table":
        rows = [{**row, "message": _short(row["message"])} for row in rows]
    print_rows(output, COLUMNS, rows)


@command.command(epilog="Example: lotstream dead-letters show movements 17")
@click.argument("topic", type=click.Choice(INPUTS), metavar="TOPIC")
@click.argument("offset", type=click.IntRange(min=0))
@cluster_options
@output_option
def show(topic: str, offset: int, bootstrap_servers: str | None, schema_registry: str | None, output: str) -> None:
    """Show the dead letter of the input TOPIC at OFFSET: the record where it can be decoded, and all its headers.

    Bytes that are no record are shown as base64 with what is wrong with them. Exit code 1 where nothing is at OFFSET.
    """
    with reached(bootstrap_servers, schema_registry) as cluster:
        cluster.check_schema_ids()
        found = next(dead_letters(cluster, topic, (offset,)), None)
        if found is None:
            raise click.ClickException(f"{topic} has no dead letter at offset {offset}; `dead-letters list` shows all")
        form = found.form(cluster.codec)
    if output == "json":
        click.echo(json.dumps(form, ensure_ascii=False))
        return
    print_rows(output, ("name", "value"), _lines(form))


@command.command(
    epilog="Example: lotstream dead-letters replay --topic movements --code item-unknown, once the item was sent."
)
@_topic
@click.option("--offset", "offsets", type=click.IntRange(min=0), multiple=True, help="Only this one; may be repeated.")
@_code
@_kind
@click.option("--dry-run", is_flag=True, help="Only list what would be sent.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@cluster_options
def replay(
    topic: str | None,
    offsets: tuple[int, ...],
    code: str | None,
    kind: str | None,
    dry_run: bool,
    yes: bool,
    bootstrap_servers: str | None,
    schema_registry: str | None,
) -> None:
    """Send dead letters to their input again, as they were: key, value, headers and time; in their order.

    Each goes to the partition that it names or its key gives, so one that was put wrong goes right. What was
    taken meanwhile is answered as a duplicate and changes nothing; what is refused again becomes a new dead letter,
    with the next attempt. Without a filter all are sent. Exit code 1 where there is nothing to send.
    """
    if offsets and topic is None:
        raise click.UsageError("--offset needs --topic: offsets are counted in each topic")
    with reached(bootstrap_servers, schema_registry) as cluster:
        letters = list(dead_letters(cluster, topic, frozenset(offsets), code, kind))
        if not letters:
            raise click.ClickException("no dead letters of that kind, nothing was sent")
        missing = sorted(set(offsets) - {letter.offset for letter in letters})
        if missing:
            raise click.ClickException(f"no such dead letter at offset {', '.join(map(str, missing))}")
        if dry_run:
            print_rows(
                "table",
                COLUMNS,
                ({**row, "message": _short(row["message"])} for row in (letter.row() for letter in letters)),
            )
            click.echo(f"{_count(letters)} would be sent again.")
            return
        if not yes:
            click.confirm(f"Send {_count(letters)} again?", abort=True)
        for name, group in groupby(letters, lambda letter: letter.topic):
            again = [_Again.of(letter) for letter in group]
            send(cluster.connection, name, again, placed=_placed_in(name, cluster.codec))
            click.echo(f"{len(again)} sent to {name}.")


@dataclass(frozen=True, slots=True)
class _Again:
    """A dead letter as the record that it was."""

    key: bytes | None
    value: bytes | None
    time_ms: int | None
    headers: Headers

    @staticmethod
    def of(letter: DeadLetter) -> "_Again":
        record = letter.record
        return _Again(record.key, record.value, record.time_ms, replay_headers(record.headers))


def _placed_in(topic: str, codec: Codec) -> Callable[[Sendable], int | None]:
    """The partition that a record of the topic names itself, where it can be read and does."""
    placed = MANIFEST[topic].placed

    def partition(record: Sendable) -> int | None:
        if placed is None or record.value is None:
            return None
        try:
            return placed(codec.decode(topic, record.value))
        except Undecodable:
            return None

    return partition


def _count(letters: list[DeadLetter]) -> str:
    return "1 dead letter" if len(letters) == 1 else f"{len(letters)} dead letters"


def _lines(form: dict[str, Any]) -> list[dict[str, Any]]:
    """One name and value a line: what a list shows, then the record's present fields, then the headers."""
    value, headers = form["value"] or {}, form["headers"]
    lines = {name: part for name, part in form.items() if name not in ("value", "headers")}
    lines |= {f"value.{name}": part for name, part in value.items() if part not in (None, [], "")}
    lines |= {f"header {name}": part for name, part in headers.items()}
    return [{"name": name, "value": part} for name, part in lines.items()]


def _short(message: str) -> str:
    """A message for a table: cut where a terminal would break it into many lines."""
    return message if len(message) <= 100 or not sys.stdout.isatty() else message[:99] + "…"
