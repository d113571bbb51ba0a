"""`lotstream counters`: the last value of every progressive, looked up."""

from dataclasses import fields
from typing import Final

import click

from processors.cli.cluster_options import cluster_options, reached
from processors.cli.printing import output_option
from processors.cli.register_rows import item_option, key_filter, rows_of, show_rows
from processors.domain import keys
from processors.domain.registers import CounterRow

TOPIC: Final = "counter-register"
KEY: Final = ("kind", "code_type", "item_class", "item_code", "variant", "root")
COLUMNS: Final = (
    "kind", "code_type", "scope", "item_class", "item_code", "variant", "root_key", "partition", "last_code",
    "next_ordinal", "assigned", "skipped", "free",
)  # fmt: skip
ALL_COLUMNS: Final = tuple(field.name for field in fields(CounterRow))


@click.group()
def counters() -> None:
    """Progressives of generated codes."""


@counters.command("list", epilog="Example: lotstream counters list --kind serial --item 'MCH|PUMP'")
@click.option("--kind", type=click.Choice(["lot", "serial"]), help="Only counters of lots, or of serials.")
@click.option("--code-type", metavar="CODE", help="Only counters of this code type.")
@item_option
@cluster_options
@output_option
def list_counters(
    kind: str | None,
    code_type: str | None,
    item: str | None,
    bootstrap_servers: str | None,
    schema_registry: str | None,
    output: str,
) -> None:
    """List counters, one row for each root and partition: the last code, the next ordinal, how many were used.

    A counter of the whole company has no item and a row for each partition that has used it. Read from the topic
    counter-register up to its present end.
    """
    wanted = key_filter(KEY, kind=kind, code_type=code_type, item=item)
    with reached(bootstrap_servers, schema_registry) as cluster:
        # The counter's own key is one part of the row's.
        rows = list(rows_of(cluster, TOPIC, lambda parts: wanted(keys.split(parts[0]))))
    show_rows(output, COLUMNS, ALL_COLUMNS, rows, f"No such counter in {TOPIC}; a first generated code makes one.")
