"""`lotstream serials`: the serial register, looked up."""

from dataclasses import fields
from typing import Final

import click

from processors.cli.cluster_options import cluster_options, reached
from processors.cli.printing import output_option
from processors.cli.register_rows import (
    item_option,
    key_filter,
    lot_option,
    rows_of,
    show_rows,
    variant_option,
    warehouse_option,
)
from processors.domain.registers import SerialRow

TOPIC: Final = "serial-register"
KEY: Final = ("item_class", "item_code", "variant", "lot", "serial")
STATES: Final = ("in_stock", "out", "in_transit")
COLUMNS: Final = (
    "item_class", "item_code", "variant", "lot_code", "serial_code", "state", "warehouse", "location", "reserved_for",
    "start_date", "expiry_date", "first_document_type", "first_document_number",
)  # fmt: skip
ALL_COLUMNS: Final = tuple(field.name for field in fields(SerialRow))


@click.group()
def serials() -> None:
    """Serial numbers as they are now."""


@serials.command(epilog="Example: lotstream serials show --item 'MCH|PUMP' --state in_stock --warehouse FIN")
@item_option
@variant_option
@lot_option
@click.option("--serial", metavar="SERIAL", help="Only this serial number, of any item and lot.")
@click.option("--state", type=click.Choice(STATES), help="Only serials in this state.")
@warehouse_option
@cluster_options
@output_option
def show(
    item: str | None,
    variant: str | None,
    lot: str | None,
    serial: str | None,
    state: str | None,
    warehouse: str | None,
    bootstrap_servers: str | None,
    schema_registry: str | None,
    output: str,
) -> None:
    """Show serial numbers: where each is, its dates, for whom it is reserved. JSON and CSV have every field.

    Read from the topic serial-register up to its present end. Exit code 1 where there is no such serial.
    """
    wanted = key_filter(KEY, item=item, variant=variant, lot=lot, serial=serial)
    with reached(bootstrap_servers, schema_registry) as cluster:
        rows = [
            row
            for row in rows_of(cluster, TOPIC, wanted)
            if state in (None, row["state"]) and warehouse in (None, row["warehouse"])
        ]
    if not show_rows(
        output, COLUMNS, ALL_COLUMNS, rows, f"No such serial in {TOPIC}; `lotstream serials show` alone shows all."
    ):
        raise SystemExit(1)
