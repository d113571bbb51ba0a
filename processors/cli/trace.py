"""`lotstream trace`: where a lot or serial went, and what it was made of."""

from collections.abc import Callable

import click

from processors.cli.cluster_options import Cluster, cluster_options, reached
from processors.cli.printing import output_option, print_rows
from processors.cli.register_rows import item_option, variant_option
from processors.cli.trace_rows import COLUMNS, Line, candidates, lines_of, read_edges, read_papers
from processors.cli.trace_tree import drawn
from processors.domain import keys
from processors.domain.lineage_graph import Direction, Goods, LineageGraph

HEADINGS: dict[Direction, str] = {"backward": "Made of (backward)", "forward": "Went to (forward)"}


@click.command(epilog="Example: lotstream trace MIL00001 --item 'ING|FLOUR' --forward")
@click.argument("lot", required=False)
@item_option
@variant_option
@click.option(
    "--serial", metavar="SERIAL", help="Trace this serial, in LOT where that is given; step by step by serial."
)
@click.option(
    "--forward", "way", flag_value="forward", help="Only where it went: documents, customers, what it became."
)
@click.option("--backward", "way", flag_value="backward", help="Only what it was made of, and where that came from.")
@click.option("--both", "way", flag_value="both", default="both", help="Both ways; so it is without any of the three.")
@click.option("--depth", type=click.IntRange(0), metavar="STEPS", help="At most so many transformations. Else all.")
@cluster_options
@output_option
def command(
    lot: str | None,
    item: str | None,
    variant: str | None,
    serial: str | None,
    way: str,
    depth: int | None,
    bootstrap_servers: str | None,
    schema_registry: str | None,
    output: str,
) -> None:
    """Trace LOT through everything that was made of it and that it was made of.

    As a table it is a tree. JSON and CSV have one row a line: `line` is its number, `parent` the line that it hangs
    under. What is met a second time is named there and entered once; so circles end.

    Read from the topics lineage, register-history, lot-register and serial-register up to their present ends. Exit code
    1 where there is no such lot, 2 where several items have one: name the item then.
    """
    if lot is None and serial is None:
        raise click.UsageError("expected a LOT, or --serial SERIAL")
    wanted = _wanted(lot, serial, item, variant)
    with reached(bootstrap_servers, schema_registry) as cluster:
        cluster.check_schema_ids()
        graph = LineageGraph(read_edges(cluster), serials=serial is not None)
        start = _start(cluster, graph, wanted)
        ways: list[Direction] = ["backward", "forward"] if way == "both" else [_direction(way)]
        met = {visit.goods for each in ways for visit in graph.walk(start, each, depth)}
        papers = read_papers(cluster, met)
        answers = [(each, list(lines_of(graph, start, each, depth, papers))) for each in ways]
    if output == "table":
        _draw(answers)
    else:
        print_rows(output, COLUMNS, [line.row for _, lines in answers for line in lines])


def _direction(way: str) -> Direction:
    return "forward" if way == "forward" else "backward"


def _draw(answers: list[tuple[Direction, list[Line]]]) -> None:
    for place, (direction, lines) in enumerate(answers):
        if place:
            click.echo()
        click.echo(HEADINGS[direction])
        for text in drawn(lines):
            click.echo(text)
        if len(lines) == 1 and not lines[0].row["cut"]:
            click.echo("└─ nothing")


def _wanted(lot: str | None, serial: str | None, item: str | None, variant: str | None) -> Callable[[Goods], bool]:
    *item_class, item_code = [None] if item is None else keys.split(item)

    def wanted(goods: Goods) -> bool:
        return (
            goods.serial_code == serial
            and lot in (None, goods.lot_code)
            and item_code in (None, goods.item_code)
            and (not item_class or item_class[0] == goods.item_class)
            and (variant is None or variant == (goods.variant or ""))
        )

    return wanted


def _start(cluster: Cluster, graph: LineageGraph, wanted: Callable[[Goods], bool]) -> Goods:
    """The one lot or serial that is meant; lots that only the lineage still knows count too."""
    found = candidates(cluster, wanted) | {goods for goods in graph.goods() if wanted(goods)}
    if len(found) == 1:
        return found.pop()
    if not found:
        click.echo("No such lot or serial, neither in the registers nor in the lineage.", err=True)
        raise SystemExit(1)
    shown = [f"--item '{keys.join(goods.item_class, goods.item_code)}' --variant '{goods.variant or ''}'" +
             (f" in lot {goods.lot_code}" if goods.serial_code is not None and goods.lot_code is not None else "")
             for goods in found]  # fmt: skip
    raise click.UsageError("several are meant; say which:\n  " + "\n  ".join(sorted(shown)))
