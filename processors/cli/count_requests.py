"""A command on an inventory, sent; its answer, waited for; and a list that closes, followed."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

import click

from processors.cli.cluster_options import Cluster
from processors.contract.following import Follower
from processors.contract.headers import Headers
from processors.contract.sending import send
from processors.domain import keys
from processors.domain.count_registers import CountListRow
from processors.domain.events import Reply
from processors.domain.scans import CountCommand

TOPIC: Final = "counts"
LISTS: Final = "count-list-register"
LIMIT_S: Final = 30.0
"""How long a command waits for its answer."""
POLL_S: Final = 0.2
EXIT_REFUSED: Final = 3


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A record to send; `time_ms` None: now."""

    key: bytes
    value: bytes
    time_ms: int | None = None
    headers: Headers = field(default_factory=list)


def send_command(cluster: Cluster, command: CountCommand) -> None:
    """Send it. The cluster's schema ids are checked already."""
    route = keys.join(command.inventory).encode()
    send(cluster.connection, TOPIC, [Outgoing(route, cluster.codec.encode(TOPIC, command))])


def ask(cluster: Cluster, command: CountCommand, limit_s: float = LIMIT_S) -> Reply:
    """Send a command and give back its answer. ClickException where none comes within `limit_s` seconds."""
    with Follower(cluster.connection, "replies", keys.join(command.inventory), "end") as replies:
        send_command(cluster, command)
        until = time.monotonic() + limit_s
        while time.monotonic() < until:
            for record in replies.poll(POLL_S):
                if record.key == keys.join(command.command_id).encode():
                    reply = cluster.codec.decode("replies", record.value)
                    if isinstance(reply, Reply) and reply.request_topic == TOPIC:
                        return reply
    raise click.ClickException(
        f"no answer within {limit_s:g} s: does a counting worker run (lotstream doctor)? The command was sent and is "
        f"worked off once one does; lotstream read replies --key {command.command_id} shows its answer"
    )


def done_or_exit(reply: Reply) -> None:
    """Return where the command was done; where it was refused tell every reason, and end with exit code 3."""
    if reply.status == "refused":
        for reason in reply.reasons:
            click.echo(f"{reason.code}: {reason.message}", err=True)
        raise SystemExit(EXIT_REFUSED)


class ListWatch:
    """The lists of an inventory as they change, from before a command was sent until it has had its effect."""

    def __init__(self, cluster: Cluster, inventory: str, list: str | None) -> None:
        self._codec, self._inventory, self._list = cluster.codec, inventory, list
        self._follower = Follower(cluster.connection, LISTS, keys.join(inventory), "beginning")
        self.rows: dict[str, CountListRow] = {}
        for record in self._follower.to_end():
            self._take(record.value)
        self._before = dict(self.rows)

    def until_closed(self, told: Callable[[CountListRow], None]) -> Iterator[CountListRow]:
        """Each list that was to be closed, once it is closed, cancelled, or waits for somebody to review it.

        `told` is called with every change until then.
        """
        left = [name for name in self.rows if not _ended(self.rows[name]) or name == self._list]
        while left:
            for name in [name for name in left if self._settled(self.rows[name])]:
                left.remove(name)
                yield self.rows[name]
            if left:
                for record in self._follower.poll(POLL_S):
                    changed = self._take(record.value)
                    if changed is not None and changed.list in left:
                        told(changed)

    def _take(self, data: bytes | None) -> CountListRow | None:
        row = None if data is None else self._codec.decode(LISTS, data)
        if not isinstance(row, CountListRow) or row.inventory != self._inventory:
            return None
        if self._list not in (None, row.list):
            return None
        self.rows[row.list] = row
        return row

    def _settled(self, row: CountListRow) -> bool:
        """A list that was being reviewed is settled anew: that it still is reviewed says nothing until it was."""
        before = self._before.get(row.list)
        again = before is not None and before.state == "reviewing"
        return _ended(row) or (
            row.state == "reviewing" and not (again and before is not None and row.settlement <= before.settlement)
        )

    def close(self) -> None:
        self._follower.close()


def _ended(row: CountListRow) -> bool:
    return row.state in ("closed", "cancelled")
