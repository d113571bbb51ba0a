"""The commands of `lotstream counts` that change something: each is one record on `counts`, and waits for its reply."""

import getpass
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any, Final, TypeVar
from uuid import uuid4

import click

from processors.cli.cluster_options import Cluster, cluster_options, reached
from processors.cli.count_requests import LIMIT_S, ListWatch, ask, done_or_exit, send_command
from processors.cli.count_rows import lines
from processors.domain import keys, quantity
from processors.domain.calendar import parse_day
from processors.domain.count_registers import CountListRow
from processors.domain.scans import CountAction, CountCommand

Function = TypeVar("Function", bound=Callable[..., Any])


def _parsed(parse: Callable[[str], int]) -> Callable[[click.Context, click.Parameter, str | None], int | None]:
    def parsed(_: click.Context, __: click.Parameter, text: str | None) -> int | None:
        try:
            return None if text is None else parse(text)
        except ValueError as error:
            raise click.BadParameter(str(error)) from None

    return parsed


_day: Final = _parsed(parse_day)
_decimal: Final = _parsed(quantity.parse)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user need have no name
        return "lotstream"


_inventory: Final = click.argument("inventory")
_list: Final = click.argument("list_", metavar="LIST")
_line: Final = click.argument("line")
_reason: Final = click.option("--reason", "reason_code", metavar="CODE", help="Why, for those who read it later.")


def _writing(function: Function) -> Function:
    """The options of every command that changes something."""
    for option in (
        click.option("--by", metavar="NAME", default=_user, help="Who says so. Else the user who is logged in."),
        click.option("--id", "command_id", metavar="ID", help="The id of one that is sent again. Else a new one."),
        click.option("--no-wait", is_flag=True, help="Only send it; its answer comes on topic replies."),
        click.option("--limit", type=click.FloatRange(0, min_open=True), default=LIMIT_S, show_default=True,
                     metavar="SECONDS", help="How long to wait for the answer."),
        cluster_options,
    ):  # fmt: skip
        function = option(function)
    return function


class _Way:
    """How a command is sent: what `_writing` asked for."""

    def __init__(
        self,
        by: str,
        command_id: str | None,
        no_wait: bool,
        limit: float,
        bootstrap_servers: str | None,
        schema_registry: str | None,
    ) -> None:
        self.by, self.waits, self._limit = by, not no_wait, limit
        self._id, self._where = command_id, (bootstrap_servers, schema_registry)

    def run(self, action: CountAction, inventory: str, list_: str | None, done: str, **fields: Any) -> None:
        """Send it, and say `done` once it is."""
        with self.reached() as cluster:
            self.send(cluster, action, inventory, list_, done, **fields)

    def send(
        self, cluster: Cluster, action: CountAction, inventory: str, list_: str | None, done: str, **fields: Any
    ) -> None:
        """As `run`, on a cluster that is reached already."""
        id = self._id or f"{action}-{uuid4().hex}"
        command = CountCommand(id, action, inventory, list_, None, self.by, **fields)
        if not self.waits:
            send_command(cluster, command)
            click.echo(f"Sent as {id}.")
            return
        reply = ask(cluster, command, self._limit)
        done_or_exit(reply)
        click.echo(done if reply.status == "done" else f"{done} (It was taken before.)")

    @contextmanager
    def reached(self) -> Iterator[Cluster]:
        """The cluster; ClusterDiffers where its schema ids come from elsewhere."""
        with reached(*self._where) as cluster:
            cluster.check_schema_ids()
            yield cluster


@click.command("open-inventory", epilog="Example: lotstream counts open-inventory 2026-11 --description 'November'")
@_inventory
@click.option("--date", callback=_day, metavar="DAY", help="The inventory's day, such as 2026-11-21. Else today.")
@click.option("--description", metavar="TEXT", help="What it is.")
@click.option("--notes", metavar="TEXT", help="Anything else.")
@click.option("--operator", metavar="NAME", help="Who is answerable for it. Else who opens it.")
@_writing
def open_inventory(
    inventory: str,
    date: int | None,
    description: str | None,
    notes: str | None,
    operator: str | None,
    **way: Any,
) -> None:
    """Open an INVENTORY, to which count lists then belong."""
    _Way(**way).run(
        "open_inventory",
        inventory,
        None,
        f"Inventory {inventory} is open.",
        date=date,
        description=description,
        notes=notes,
        operator=operator,
    )


@click.command("open", epilog="Example: lotstream counts open 2026-11 RAW --type FULL --warehouse RAW --operator ann")
@_inventory
@_list
@click.option("--type", "list_type", required=True, metavar="CODE", help="List type: its rules for differences.")
@click.option("--warehouse", required=True, metavar="CODE", help="Where is counted.")
@click.option("--location", "locations", multiple=True, metavar="LOCATION", help="Only here; may be repeated.")
@click.option("--operator", metavar="NAME", help="The only one who counts on it. Else who opens it.")
@click.option("--as-of", callback=_day, metavar="DAY", help="Compare with the stock at the end of this day.")
@click.option("--description", metavar="TEXT", help="What it is.")
@_writing
def open_list(
    inventory: str,
    list_: str,
    list_type: str,
    warehouse: str,
    locations: tuple[str, ...],
    operator: str | None,
    as_of: int | None,
    description: str | None,
    **way: Any,
) -> None:
    """Open a count LIST of an INVENTORY: the whole warehouse, or some of its locations."""
    _Way(**way).run(
        "open_list",
        inventory,
        list_,
        f"List {list_} of inventory {inventory} is open.",
        list_type=list_type,
        warehouse=warehouse,
        locations=locations,
        operator=operator,
        as_of=as_of,
        description=description,
    )


@click.command(epilog="Example: lotstream counts assign 2026-11 RAW ben")
@_inventory
@_list
@click.argument("operator")
@_writing
def assign(inventory: str, list_: str, operator: str, **way: Any) -> None:
    """Give a LIST to another OPERATOR; from then on nobody else counts on it."""
    _Way(**way).run("assign_list", inventory, list_, f"List {list_} is {operator}'s now.", operator=operator)


@click.command(epilog="Example: lotstream counts close 2026-11 RAW --wait")
@_inventory
@click.argument("list_", metavar="[LIST]", required=False)
@click.option("--wait", is_flag=True, help="Wait until every line has its result, and say what came out.")
@_writing
def close(inventory: str, list_: str | None, wait: bool, **way: Any) -> None:
    """Close a LIST, or without one all lists of the INVENTORY and then itself.

    Every line is compared with the stock at the moment of its count, and the difference is posted. What is beyond the
    tolerance, or cannot be posted, is for review: `lotstream counts status INVENTORY LIST` lists it. A list that is
    being reviewed may be closed again: what was refused is tried again.
    """
    how = _Way(**way)
    if wait and not how.waits:
        raise click.UsageError("--wait and --no-wait contradict each other")
    action: CountAction = "close_inventory" if list_ is None else "close_list"
    what = f"Inventory {inventory}" if list_ is None else f"List {list_}"
    with how.reached() as cluster, closing(ListWatch(cluster, inventory, list_)) as watch:
        how.send(cluster, action, inventory, list_, f"{what} is closing.")
        if wait:
            for row in watch.until_closed(_told_waiting()):
                click.echo(_outcome(row))


def _told_waiting() -> Callable[[CountListRow], None]:
    """Says once of every list what keeps it from closing."""
    told: dict[str, str | None] = {}

    def tell(row: CountListRow) -> None:
        if row.waits_for and told.get(row.list) != row.waits_for:
            told[row.list] = row.waits_for
            waits = ", ".join(keys.split(row.waits_for))
            click.echo(f"List {row.list} waits for {waits}: what nobody reads counts as zero.", err=True)

    return tell


def _outcome(row: CountListRow) -> str:
    lines = "1 line" if row.lines == 1 else f"{row.lines} lines"
    if row.state == "cancelled":
        return f"List {row.list} is cancelled."
    totals = (
        f"{lines}, {row.matched} as booked, {row.positive} more "
        f"(value {quantity.text(row.value_positive)}), {row.negative} less (value {quantity.text(row.value_negative)})"
    )
    if row.state == "closed":
        return f"List {row.list} is closed: {totals}."
    return f"List {row.list} is to be reviewed, {row.pending} left: {totals}."


@click.command(epilog="Example: lotstream counts cancel 2026-11 RAW")
@_inventory
@_list
@_reason
@_writing
def cancel(inventory: str, list_: str, reason_code: str | None, **way: Any) -> None:
    """Cancel a LIST: nothing of it that is not posted yet has any effect."""
    _Way(**way).run("cancel_list", inventory, list_, f"List {list_} is cancelled.", reason_code=reason_code)


@click.command(epilog="Example: lotstream counts recount 2026-11 RAW 12")
@_inventory
@_list
@_line
@_reason
@_writing
def recount(inventory: str, list_: str, line: str, reason_code: str | None, **way: Any) -> None:
    """Have a LINE that is to be reviewed counted again; its next count is posted whatever the tolerance."""
    done = f"Line {line} is to be counted again."
    _Way(**way).run("recount_line", inventory, list_, done, line=line, reason_code=reason_code)


@click.command(epilog="Example: lotstream counts approve 2026-11 RAW 12 --revision 1 --difference -25")
@_inventory
@_list
@_line
@click.option("--revision", type=click.IntRange(1), metavar="N", help="Of the line. Else as it stands now.")
@click.option("--difference", callback=_decimal, metavar="QUANTITY", help="That is approved. Else as it stands now.")
@_reason
@_writing
def approve(
    inventory: str,
    list_: str,
    line: str,
    revision: int | None,
    difference: int | None,
    reason_code: str | None,
    **way: Any,
) -> None:
    """Approve the difference of a LINE, or try a refused one again.

    A difference that is no longer the one approved is not posted: the line asks again.
    """
    how = _Way(**way)
    with how.reached() as cluster:
        if revision is None or difference is None:
            found = lines(cluster, inventory, list_, line)
            if not found:
                raise click.ClickException(f"inventory {inventory} has no line {line} in a list {list_}")
            (row,) = found
            revision = row.revision if revision is None else revision
            difference = row.difference if difference is None else difference
            shown = "" if difference is None else f", difference {quantity.text(difference)} {row.unit}"
            click.echo(f"Line {line}, revision {revision}{shown}", err=True)
        done = f"Line {line} is approved."
        how.send(
            cluster,
            "approve_line",
            inventory,
            list_,
            done,
            line=line,
            revision=revision,
            difference=difference,
            reason_code=reason_code,
        )


@click.command(epilog="Example: lotstream counts reject 2026-11 RAW 12")
@_inventory
@_list
@_line
@_reason
@_writing
def reject(inventory: str, list_: str, line: str, reason_code: str | None, **way: Any) -> None:
    """Drop a LINE: its count has no effect, but its goods do not count as unread."""
    done = f"Line {line} is rejected."
    _Way(**way).run("reject_line", inventory, list_, done, line=line, reason_code=reason_code)


COMMANDS: Final = (open_inventory, open_list, assign, close, cancel, recount, approve, reject)
