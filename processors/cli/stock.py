"""`lotstream stock`: the stock register, looked up."""

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
from processors.domain.registers import StockRow

TOPIC: Final = "stock-register"
KEY: Final = ("item_class", "item_code", "variant", "warehouse", "location", "lot")
COLUMNS: Final = (
    "item_class", "item_code", "variant", "warehouse", "location", "lot_code", "stock", "committed", "unit",
    "last_movement_id", "last_moved_at",
)  # fmt: skip
ALL_COLUMNS: Final = tuple(field.name for field in fields(StockRow))


@click.group()
def stock() -> None:
    """Stock as it is now, by item, variant, warehouse, location and lot."""


@stock.command(epilog="Example: lotstream stock show --item FLOUR --warehouse RAW")
@item_option
@variant_option
@lot_option
@warehouse_option
@click.option("--location", metavar="LOCATION", help="Only this location of a warehouse.")
@cluster_options
@output_option
def show(
    item: str | None,
    variant: str | None,
    lot: str | None,
    warehouse: str | None,
    location: str | None,
    bootstrap_servers: str | None,
    schema_registry: str | None,
    output: str,
) -> None:
    """Show stock rows; rows at zero are rows too. JSON and CSV have every field of the register.

    Read from the topic stock-register up to its present end. Exit code 1 where there is no such row.
    """
    wanted = key_filter(KEY, item=item, variant=variant, lot=lot, warehouse=warehouse, location=location)
    with reached(bootstrap_servers, schema_registry) as cluster:
        rows = list(rows_of(cluster, TOPIC, wanted))
    if not show_rows(
        output, COLUMNS, ALL_COLUMNS, rows, f"No such row in {TOPIC}; `lotstream stock show` alone shows all."
    ):
        raise SystemExit(1)
