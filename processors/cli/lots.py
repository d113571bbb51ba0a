"""`lotstream lots`: the lot register, looked up."""

from dataclasses import fields
from typing import Any, Final

import click

from processors.cli.cluster_options import cluster_options, reached
from processors.cli.printing import output_option
from processors.cli.register_rows import item_option, key_filter, lot_option, rows_of, show_rows, variant_option
from processors.domain.registers import LotRow

TOPIC: Final = "lot-register"
KEY: Final = ("item_class", "item_code", "variant", "lot")
COLUMNS: Final = (
    "item_class", "item_code", "variant", "lot_code", "stock", "committed", "loaded", "unloaded", "status", "available",
    "closed", "start_date", "expiry_date", "supplier", "supplier_lot",
)  # fmt: skip
ALL_COLUMNS: Final = tuple(field.name for field in fields(LotRow))


@click.group()
def lots() -> None:
    """Lots as they are now."""


@lots.command(epilog="Example: lotstream lots show --item 'ING|FLOUR' --output json")
@item_option
@variant_option
@lot_option
@click.option("--open", "only_open", is_flag=True, help="Only lots that have stock and are not closed.")
@cluster_options
@output_option
def show(
    item: str | None,
    variant: str | None,
    lot: str | None,
    only_open: bool,
    bootstrap_servers: str | None,
    schema_registry: str | None,
    output: str,
) -> None:
    """Show lots: stock, dates, status, where they come from. JSON and CSV have every field of the register.

    Read from the topic lot-register up to its present end. Exit code 1 where there is no such lot.
    """
    wanted = key_filter(KEY, item=item, variant=variant, lot=lot)
    with reached(bootstrap_servers, schema_registry) as cluster:
        rows = [row for row in rows_of(cluster, TOPIC, wanted) if not only_open or _is_open(row)]
    if not show_rows(
        output, COLUMNS, ALL_COLUMNS, rows, f"No such lot in {TOPIC}; `lotstream lots show` alone shows all."
    ):
        raise SystemExit(1)


def _is_open(row: dict[str, Any]) -> bool:
    """A lot is open while it has stock; what lies in one that was closed by hand no longer counts (`domain.md` §4)."""
    return row["stock"] != "0" and not row["closed"]
