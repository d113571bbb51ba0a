"""`lotstream topics`: make a cluster fit the manifest, and see where it does not."""

import time
from collections.abc import Sequence
from dataclasses import asdict

import click

from processors.cli.cluster_options import Cluster, cluster_options, reached
from processors.cli.printing import output_option, print_rows
from processors.contract import topics as manifest
from processors.contract.cluster_facts import PARTITIONS, Facts, check_meta, wanted_facts, write_facts
from processors.contract.topics import Difference

_partitions = click.option(
    "--partitions", type=click.IntRange(1, 1024), help="Partitions of every task topic. Else the cluster's, else 12."
)


@click.group()
def command() -> None:
    """Topics, their settings and the facts of the cluster, against the manifest. Nothing is ever destroyed."""


@command.command(epilog="Example: lotstream topics plan --partitions 12")
@cluster_options
@_partitions
@output_option
def plan(bootstrap_servers: str | None, schema_registry: str | None, partitions: int | None, output: str) -> None:
    """Show what `apply` would do, and what it cannot do. Changes nothing."""
    with reached(bootstrap_servers, schema_registry) as cluster:
        differences = _differences(cluster, partitions)
        _show(differences, output)
        if output == "table":
            click.echo(_summary(differences))


@command.command(epilog="Example: lotstream topics apply --partitions 12 --replication 3")
@cluster_options
@_partitions
@click.option("--replication", type=click.IntRange(1, 32), help="Copies of new topics. Else the broker's default.")
def apply(
    bootstrap_servers: str | None, schema_registry: str | None, partitions: int | None, replication: int | None
) -> None:
    """Create and change what is missing or differs, and write the facts of the cluster once.

    Exit code 1 where something differs that cannot be changed without losing records; it is named.
    """
    with reached(bootstrap_servers, schema_registry) as cluster:
        facts = cluster.facts()
        wanted = _wanted(cluster, facts, partitions)
        if facts:
            check_meta({**wanted, **facts}, wanted)
        admin, count = cluster.connection.admin(), int(wanted[PARTITIONS])
        for difference in manifest.apply(admin, count, replication=replication or -1):
            click.echo(str(difference))
        for name, value in write_facts(cluster.connection, cluster.codec, wanted, time.time_ns() // 1_000_000).items():
            click.echo(f"+ meta: {name} = {value}")
        left = _differences(cluster, count)
        _show(left, "table")
        click.echo("The cluster fits the manifest." if not left else _summary(left))
        if left:
            raise SystemExit(1)


@command.command(epilog="Example: lotstream topics verify --output json")
@cluster_options
@_partitions
@output_option
def verify(bootstrap_servers: str | None, schema_registry: str | None, partitions: int | None, output: str) -> None:
    """Exit code 0 where the cluster fits the manifest, 1 with the differences where it does not."""
    with reached(bootstrap_servers, schema_registry) as cluster:
        differences = _differences(cluster, partitions)
        _show(differences, output)
        if output == "table":
            click.echo(_summary(differences) if differences else "The cluster fits the manifest.")
        if differences:
            raise SystemExit(1)


def _wanted(cluster: Cluster, facts: Facts, partitions: int | None) -> Facts:
    count = partitions or int(facts.get(PARTITIONS, cluster.settings.partitions))
    return wanted_facts(count, cluster.codec.ids.source)


def _differences(cluster: Cluster, partitions: int | None) -> list[Difference]:
    facts = cluster.facts()
    wanted = _wanted(cluster, facts, partitions)
    differences = manifest.plan(cluster.connection.admin(), int(wanted[PARTITIONS]))
    for name, value in wanted.items():
        found = facts.get(name)
        if found is None:
            differences.append(Difference("create", "meta", name, None, f"the fact {name} = {value}"))
        elif found != value:
            reason = "the facts of a cluster never change"
            differences.append(Difference("cannot change", "meta", name, found, value, reason))
    return differences


def _show(differences: Sequence[Difference], output: str) -> None:
    if output == "table":
        for difference in differences:
            click.echo(str(difference))
        return
    columns = ["action", "topic", "setting", "found", "wanted", "reason"]
    print_rows(output, columns, (asdict(difference) for difference in differences))


def _summary(differences: Sequence[Difference]) -> str:
    counts = dict.fromkeys(("create", "change", "cannot change"), 0)
    for difference in differences:
        counts[difference.action] += 1
    return f"{counts['create']} to create, {counts['change']} to change, {counts['cannot change']} cannot be changed."
