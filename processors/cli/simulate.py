"""`lotstream simulate`: what the ledger and counting would make of a file of inputs, without any broker."""

import json
import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import click

from processors.cli import wiring
from processors.cli.record_form import headers_form, text_of, value_form
from processors.cli.record_lines import Wrong
from processors.cli.settings import load_settings
from processors.cli.simulate_lines import Given, read_given
from processors.contract.codec import Codec
from processors.contract.manifest import DEAD_LETTERS, MANIFEST
from processors.contract.partitions import partition_of
from processors.contract.schema_ids import LockedIds
from processors.runtime.log import Record
from processors.runtime.simulate import Simulation

PRIVATE: Final = frozenset(["ledger-state", "counting-state", "count-positions"])
"""The workers' own memory; it is no output that anybody may rely on."""
BETWEEN: Final = frozenset(["count-lines", "count-results"])
"""What the ledger and counting tell each other; no output either."""
REGISTERS: Final = tuple(name for name, topic in MANIFEST.items() if topic.kind == "register" and name not in PRIVATE)


@click.command(
    epilog='Example: a file whose lines are {"topic": "master-data", "record": "LotStatus", "value": {"code": "OK", '
    '"description": "Usable", "available": true, "available_for_mrp": true}}: lotstream simulate FILE.jsonl'
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@click.option("--registers", is_flag=True, help="Print the final rows of the registers instead of the records.")
@click.option(
    "--partitions", type=click.IntRange(1, 1024), help="Partitions of the cluster that is simulated. Else 12."
)
def command(file: Path, registers: bool, partitions: int | None) -> None:
    """Run the inputs of FILE (JSON lines, `-` for standard input) through ledger and counting; print what comes out.

    A line is {"topic": …, "value": {…}} with "time" where it matters (else one second after the line before, the first
    2026-01-01T00:00:00Z) and, in master-data, "record"; or {"topic": …, "raw": base64} for bytes as they are. Each line
    is worked off, with all that follows from it, before the next.

    Every output record is printed as {"topic", "key", "value"}; a dead letter has its headers too. These are, byte for
    byte, the records of workers on a broker that get the same inputs at the same times one after the other. Wrong
    lines are reported with their numbers, and then nothing is run (exit code 1).
    """
    settings = load_settings(partitions=partitions)
    codec = Codec(LockedIds())
    with click.open_file(str(file), "rb") as lines:
        given = _checked(lines, codec)
    with _without_news():
        simulation, _ = wiring.simulation(settings.partitions, settings.pieces_max)
        for record in run(simulation, given):
            if not registers and record.topic not in PRIVATE | BETWEEN:
                _print(_form(record, codec))
    for (topic, key), value in simulation.rows(REGISTERS).items() if registers else ():
        _print({"topic": topic, "key": text_of(key), **value_form(topic, value, codec)})


def run(simulation: Simulation, given: Iterable[Given]) -> Iterator[Record]:
    """Send the inputs one after the other; all records that follow, encoded, in the order of their commits.

    An input lies in the partition that it names itself, else in the one that murmur2 of its key gives; one without a
    key, which may lie anywhere, in 0.
    """
    for each in given:
        count, partition = simulation.broker.partitions(each.topic), each.partition
        if partition is None or partition >= count:
            partition = 0 if each.key is None else partition_of(each.key, count)
        yield from simulation.send(each.topic, partition, each.key, each.value, each.time_ms)


@contextmanager
def _without_news() -> Iterator[None]:
    """What a worker logs of its comings and goings is of no use here: counters in memory begin without any state."""
    logger = logging.getLogger("processors")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)


def _checked(lines: Iterable[bytes], codec: Codec) -> list[Given]:
    given: list[Given] = []
    wrong = 0
    for line in read_given(lines, codec):
        match line:
            case Given():
                given.append(line)
            case Wrong(number, errors):
                wrong += 1
                for error in errors:
                    click.echo(f"line {number}: {error}", err=True)
    if wrong:
        raise click.ClickException(f"{wrong} line{'' if wrong == 1 else 's'} wrong, nothing was run")
    return given


def _form(record: Record, codec: Codec) -> dict[str, Any]:
    form = {"topic": record.topic, "key": text_of(record.key), **value_form(record.topic, record.value, codec)}
    if record.topic.endswith(DEAD_LETTERS):
        form["headers"] = headers_form(record.headers)
    return form


def _print(form: dict[str, Any]) -> None:
    click.echo(json.dumps(form, ensure_ascii=False))
