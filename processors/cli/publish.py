"""`lotstream publish`: JSON records, checked, in Avro."""

import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from processors.cli.cluster_options import Cluster, cluster_options, reached
from processors.cli.record_lines import Ready, Wrong, read_lines
from processors.contract.manifest import MANIFEST, Topic
from processors.contract.sending import send
from processors.domain.calendar import parse_time

BETWEEN = ("count-lines", "count-results")
"""What the ledger and counting tell each other: nobody else writes there."""
INPUTS = tuple(name for name, topic in MANIFEST.items() if topic.kind == "input" and name not in BETWEEN)


def _time(_: click.Context, __: click.Parameter, text: str | None) -> int | None:
    try:
        return None if text is None else parse_time(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


@click.command(
    epilog='Example: echo \'{"movement_id": "M1", "action": "post", "template": "CAR", "warehouse": "01", "quantity": '
    '"5", "item_class": "FOO", "item_code": "FLOUR", "effective_date": "2026-11-21"}\' | lotstream publish movements -'
)
@click.argument("topic", type=click.Choice(INPUTS), metavar="TOPIC")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@cluster_options
@click.option("--skip-bad", is_flag=True, help="Send the records that are right although others are wrong.")
@click.option("--time", "time_ms", metavar="TIME", callback=_time, help="Time of the records instead of now.")
def command(
    topic: str,
    file: Path,
    bootstrap_servers: str | None,
    schema_registry: str | None,
    skip_bad: bool,
    time_ms: int | None,
) -> None:
    """Publish the records of FILE, one JSON object a line, `-` for standard input, to an input TOPIC.

    Every line that is wrong is reported with its number and all that is wrong with it, and then nothing of the file is
    sent (exit code 1) unless --skip-bad. In master-data a line says which record it is:
    {"record": "LotStatus", "value": {"code": "OK", …}}. A line may also give its time: {"value": {…}, "time": "…"}.
    """
    with reached(bootstrap_servers, schema_registry) as cluster:
        cluster.check_schema_ids()
        with click.open_file(str(file), encoding="utf-8") as lines:
            ready, wrong = _checked(lines, MANIFEST[topic], cluster)
        if wrong and not skip_bad:
            raise click.ClickException(f"{_count(wrong, 'line')} wrong, nothing was sent")
        _send(cluster, topic, [replace(each, time_ms=time_ms) for each in ready] if time_ms else ready)
        skipped = f", {_count(wrong, 'wrong line')} skipped" if wrong else ""
        click.echo(f"{_count(len(ready), 'record')} published to {topic}{skipped}.")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _checked(lines: Iterable[str], topic: Topic, cluster: Cluster) -> tuple[list[Ready], int]:
    """The records that are right; how many lines are wrong, each told on standard error."""
    ready: list[Ready] = []
    wrong = 0
    try:
        for line in read_lines(lines, topic, cluster.codec):
            match line:
                case Ready():
                    ready.append(line)
                case Wrong(number, errors):
                    wrong += 1
                    for error in errors:
                        click.echo(f"line {number}: {error}", err=True)
    except UnicodeDecodeError as error:
        raise click.ClickException(f"expected UTF-8, got {error.object[error.start : error.end]!r}") from error
    return ready, wrong


def _send(cluster: Cluster, topic: str, ready: list[Ready]) -> None:
    columns = (TextColumn(topic), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as progress:
        bar = progress.add_task(topic, total=len(ready))
        send(cluster.connection, topic, ready, lambda: progress.advance(bar))
