"""`lotstream read`: decoded records of a topic."""

import json
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import Any

import click

from processors.cli.cluster_options import cluster_options, reached
from processors.cli.printing import print_rows
from processors.cli.record_form import headers_form, record_type, text_of, value_form
from processors.contract.codec import Codec
from processors.contract.manifest import DEAD_LETTERS, MANIFEST
from processors.contract.reading import ReadRecord, Start, read_records
from processors.domain.calendar import parse_time, time_text

COLUMNS = ("partition", "offset", "time", "key", "value")


def _start(_: click.Context, __: click.Parameter, text: str) -> tuple[Start, int | None]:
    """A place to start from, or an offset."""
    if text in ("beginning", "end"):
        return ("beginning" if text == "beginning" else "end"), None
    if text.isdigit():
        return "beginning", int(text)
    try:
        return parse_time(text), None
    except ValueError:
        raise click.BadParameter(f"expected beginning, end, an offset or a time, got {text!r}") from None


@click.command(epilog="Example: lotstream read lot-register --key 'FOO|FLOUR||L2026-00001' --output table")
@click.argument("topic", type=click.Choice(list(MANIFEST)), metavar="TOPIC")
@cluster_options
@click.option("--key", help="Only records with this key.")
@click.option(
    "--from",
    "start",
    default="beginning",
    show_default=True,
    callback=_start,
    metavar="PLACE",
    help="beginning, end, an offset of every partition, or a time such as 2026-11-21T08:30:00Z.",
)
@click.option("--follow", is_flag=True, help="Go on with what comes, until Ctrl-C.")
@click.option("--limit", type=click.IntRange(min=1), help="At most so many records.")
@click.option("--output", type=click.Choice(["json", "table", "csv"]), default="json", show_default=True)
def command(
    topic: str,
    bootstrap_servers: str | None,
    schema_registry: str | None,
    key: str | None,
    start: tuple[Start, int | None],
    follow: bool,
    limit: int | None,
    output: str,
) -> None:
    """Print the committed records of TOPIC, one JSON object a line, in the order of each partition.

    A tombstone has the value null; bytes that are no record of the topic are shown as base64 with the reason; dead
    letters have their headers.
    """
    place, offset = start
    with reached(bootstrap_servers, schema_registry) as cluster:
        cluster.check_schema_ids()
        records = read_records(cluster.connection, topic, place, follow=follow, offset=offset)
        wanted = (record for record in records if key is None or record.key == key.encode())
        forms = (_form(record, cluster.codec) for record in islice(wanted, limit))
        with suppress(KeyboardInterrupt):
            _print(forms, output)


def _print(forms: Iterator[dict[str, Any]], output: str) -> None:
    if output == "json":
        for form in forms:
            click.echo(json.dumps(form, ensure_ascii=False))
        return
    print_rows(output, COLUMNS, ({**form, "value": _compact(form)} for form in forms))


def _compact(form: dict[str, Any]) -> Any:
    """A record's fields without the absent ones, for a cell; what could not be decoded as it stands."""
    if "error" in form:
        return {"error": form["error"], "raw": form["raw"]}
    value = form["value"]
    return {name: part for name, part in value.items() if part is not None} if value else value


def _form(record: ReadRecord, codec: Codec) -> dict[str, Any]:
    form: dict[str, Any] = {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "time": time_text(record.time_ms),
        "key": text_of(record.key),
    }
    if record.topic.endswith(DEAD_LETTERS):
        form["headers"] = headers_form(record.headers)
    kind = record_type(record.topic, record.value, codec)
    value = value_form(record.topic, record.value, codec)
    return {**form, **({"record": kind} if kind else {}), **value}
