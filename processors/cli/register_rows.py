"""Rows of a register as the commands look them up: the newest of each key, read from the topic to its present end."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import click

from processors.cli.cluster_options import Cluster
from processors.cli.printing import print_rows
from processors.contract.json_form import to_json
from processors.contract.reading import read_records
from processors.domain import keys

Parts = tuple[str, ...]
Row = dict[str, Any]


def _item(_: click.Context, __: click.Parameter, text: str | None) -> str | None:
    if text is not None:
        try:
            parts = keys.split(text)
        except ValueError as error:
            raise click.BadParameter(str(error)) from None
        if len(parts) > 2:
            raise click.BadParameter(f"expected class|code or a code, got {text!r}")
    return text


item_option: Final = click.option(
    "--item",
    metavar="ITEM",
    callback=_item,
    help=r"Only this item: 'class|code', or a code of any class; a | inside either is written \|, a \ is written \\.",
)
variant_option: Final = click.option("--variant", metavar="VARIANT", help="Only this variant; '' = none.")
lot_option: Final = click.option("--lot", metavar="LOT", help="Only this lot; '' = none.")
warehouse_option: Final = click.option("--warehouse", metavar="WAREHOUSE", help="Only this warehouse.")


def key_filter(names: Sequence[str], **wanted: str | None) -> Callable[[Parts], bool]:
    """Whether the parts of a key are those wanted; `names`: what each part is. None: any will do.

    `item` is `class|code`, or a code of any class.
    """
    item = wanted.pop("item", None)
    if item is not None:
        *item_class, wanted["item_code"] = keys.split(item)
        if item_class:
            (wanted["item_class"],) = item_class
    asked = [(names.index(name), value) for name, value in wanted.items() if value is not None]
    return lambda parts: all(parts[place] == value for place, value in asked)


def rows_of(cluster: Cluster, topic: str, wanted: Callable[[Parts], bool]) -> Iterator[Row]:
    """The rows, in their JSON form, whose key's parts are wanted, in the order of their keys.

    Only committed rows; a row that is gone is not among them. Keys are judged before values are decoded: a register may
    hold millions of rows, and a look-up wants few of them. ClusterDiffers where its schema ids come from elsewhere.
    """
    cluster.check_schema_ids()
    newest: dict[Parts, bytes] = {}
    for record in read_records(cluster.connection, topic):
        assert record.key is not None, "a row has a key"
        parts = keys.split(record.key.decode())
        if wanted(parts):
            newest.pop(parts, None)
            if record.value is not None:
                newest[parts] = record.value
    for _, data in sorted(newest.items()):
        yield to_json(cluster.codec.decode(topic, data))


def show_rows(output: str, columns: Sequence[str], all_columns: Sequence[str], rows: Sequence[Row], none: str) -> bool:
    """Print rows: `columns` in a table for people, all of them for programs. False where there are none.

    Then `none` is told on standard error, so that what programs read stays empty.
    """
    if not rows:
        click.echo(none, err=True)
        return False
    print_rows(output, columns if output == "table" else all_columns, rows)
    return True
