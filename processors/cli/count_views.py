"""The commands of `lotstream counts` that only look: progress, lines, differences."""

from collections import Counter
from dataclasses import fields
from typing import Any, Final

import click

from processors.cli.cluster_options import Cluster, cluster_options, reached
from processors.cli.count_differences import ALL_COLUMNS as ALL_DIFFERENCE_COLUMNS
from processors.cli.count_differences import COLUMNS as DIFFERENCE_COLUMNS
from processors.cli.count_differences import differences_of, summary
from processors.cli.count_rows import blind_types, inventories, lines, lists
from processors.cli.printing import output_option
from processors.cli.register_rows import show_rows
from processors.contract.json_form import to_json
from processors.domain import keys
from processors.domain.count_registers import CountLineRow, CountListRow, InventoryRow

INVENTORY_COLUMNS: Final = (
    "inventory", "date", "description", "operator", "state", "lists", "lists_closed", "opened_at", "closed_at",
)  # fmt: skip
LIST_COLUMNS: Final = (
    "list", "list_type", "warehouse", "locations", "operator", "state", "lines", "pending", "asked", "recount",
    "approval", "refused", "matched", "positive", "negative", "value_positive", "value_negative", "waits_for",
)  # fmt: skip
LINE_COLUMNS: Final = (
    "list", "line", "item_class", "item_code", "variant", "lot_code", "serial_code", "location", "counted", "unit",
    "reads", "revision", "state", "reason", "counted_at", "operator", "book", "difference",
)  # fmt: skip
PROGRESS: Final = ("asked", "recount", "approval", "refused")
"""States of lines in which somebody has to do something."""
ALL_INVENTORY_COLUMNS: Final = tuple(field.name for field in fields(InventoryRow))
ALL_LIST_COLUMNS: Final = (*(field.name for field in fields(CountListRow)), *PROGRESS)
ALL_LINE_COLUMNS: Final = tuple(field.name for field in fields(CountLineRow))

UNSEEN: Final = ("book", "difference", "value")
"""What tells of a line how much is expected: on a blind list not for who counts."""

_line_state: Final = click.option(
    "--state", metavar="STATE", help="Only lines in this state: counted, asked, recount, approval, refused, settled, …"
)


_books: Final = click.option("--books", is_flag=True, help="Show book quantities of blind lists too.")


@click.command(epilog="Example: lotstream counts status 2026-11")
@click.argument("inventory", required=False)
@click.argument("list_", metavar="[LIST]", required=False)
@_books
@cluster_options
@output_option
def status(
    inventory: str | None,
    list_: str | None,
    books: bool,
    bootstrap_servers: str | None,
    schema_registry: str | None,
    output: str,
) -> None:
    """Show how far counting is: all inventories, the lists of an INVENTORY, or one LIST and its lines for review.

    `pending` are lines without their result, `waits_for` the lists that keep one from closing. As JSON or CSV only the
    first table is printed, with every field. Exit code 1 where there is none.
    """
    with reached(bootstrap_servers, schema_registry) as cluster:
        cluster.check_schema_ids()
        if inventory is None:
            rows = [to_json(row) for row in inventories(cluster)]
            none = "No inventories yet; `lotstream counts open-inventory` opens one."
            if not show_rows(output, INVENTORY_COLUMNS, ALL_INVENTORY_COLUMNS, rows, none):
                raise SystemExit(1)
            return
        found, counted = lists(cluster, inventory, list_), lines(cluster, inventory, list_)
        none = _no_list(cluster, inventory, list_) if not found else ""
        review = _forms(cluster, found, [row for row in counted if row.state in PROGRESS], books)
    if not show_rows(output, LIST_COLUMNS, ALL_LIST_COLUMNS, [_progress(row, counted) for row in found], none):
        raise SystemExit(1)
    if list_ is not None and review and output == "table":
        click.echo()
        show_rows(output, LINE_COLUMNS, ALL_LINE_COLUMNS, review, "")


def _forms(cluster: Cluster, of: list[CountListRow], rows: list[CountLineRow], books: bool) -> list[dict[str, Any]]:
    """Lines in their JSON form; of blind lists without what is expected, unless `books` are asked for."""
    blind = set() if books else blind_types(cluster)
    hidden = {row.list for row in of if row.list_type in blind}
    return [{**to_json(row), **(dict.fromkeys(UNSEEN) if row.list in hidden else {})} for row in rows]


def _no_list(cluster: Cluster, inventory: str, list_: str | None) -> str:
    if not inventories(cluster, inventory):
        return f"No inventory {inventory}; `lotstream counts status` alone shows all."
    if list_ is None:
        return f"Inventory {inventory} has no lists yet; `lotstream counts open` opens one."
    return f"Inventory {inventory} has no list {list_}; `lotstream counts status {inventory}` shows its lists."


def _progress(row: CountListRow, counted: list[CountLineRow]) -> dict[str, Any]:
    states = Counter(line.state for line in counted if line.list == row.list)
    form = {**to_json(row), **{state: states[state] for state in PROGRESS}}
    waits = ", ".join(keys.split(row.waits_for)) if row.waits_for else None
    return {**form, "waits_for": waits, "locations": ", ".join(keys.split(row.locations)) if row.locations else ""}


@click.command("lines", epilog="Example: lotstream counts lines 2026-11 RAW --state recount")
@click.argument("inventory")
@click.argument("list_", metavar="[LIST]", required=False)
@_line_state
@_books
@cluster_options
@output_option
def show_lines(
    inventory: str,
    list_: str | None,
    state: str | None,
    books: bool,
    bootstrap_servers: str | None,
    schema_registry: str | None,
    output: str,
) -> None:
    """Show the counted lines of a LIST, or of all lists. JSON and CSV have every field of the register.

    The book quantity stands there once a line has its result; of blind lists only with --books. Exit code 1 where there
    is no such line.
    """
    with reached(bootstrap_servers, schema_registry) as cluster:
        cluster.check_schema_ids()
        wanted = [row for row in lines(cluster, inventory, list_) if state in (None, row.state)]
        rows = _forms(cluster, lists(cluster, inventory, list_), wanted, books)
    none = "No such line; `lotstream counts status` shows inventories and lists."
    if not show_rows(output, LINE_COLUMNS, ALL_LINE_COLUMNS, rows, none):
        raise SystemExit(1)


@click.command(epilog="Example: lotstream counts differences 2026-11 RAW --output csv")
@click.argument("inventory")
@click.argument("list_", metavar="[LIST]", required=False)
@click.option("--all", "with_matched", is_flag=True, help="Also the lines that are as booked.")
@cluster_options
@output_option
def differences(
    inventory: str,
    list_: str | None,
    with_matched: bool,
    bootstrap_servers: str | None,
    schema_registry: str | None,
    output: str,
) -> None:
    """Show what was counted otherwise than booked, on a LIST or on all lists of the INVENTORY.

    `book` is the stock at the moment of the count. `corrected` is what movements that came late have changed since: the
    stock stays as it was counted. Lines for review stand there with their state and reason. Exit code 1 where there is
    no such list.
    """
    with reached(bootstrap_servers, schema_registry) as cluster:
        cluster.check_schema_ids()
        found = lists(cluster, inventory, list_)
        if not found:
            click.echo(_no_list(cluster, inventory, list_), err=True)
            raise SystemExit(1)
        rows = differences_of(cluster, lines(cluster, inventory, list_), with_matched)
    for row in found:
        if row.state in ("open", "counting", "closing"):
            click.echo(f"List {row.list} is {row.state}: what differs is known once it closes.", err=True)
    forms = [row.form for row in rows]
    shown = show_rows(output, DIFFERENCE_COLUMNS, ALL_DIFFERENCE_COLUMNS, forms, "Nothing differs.")
    if shown and output == "table":
        click.echo(f"\n{summary(rows)}")


COMMANDS: Final = (status, show_lines, differences)
