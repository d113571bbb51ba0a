"""`lotstream edge`: the registers for people and programs: projection, API, console, alerts."""

import sys
from pathlib import Path
from typing import Any

import click

from processors.cli import edge_wiring as wiring
from processors.cli.logs import configure_logs
from processors.cli.settings import load_settings
from processors.edge.api.roles import ROLES
from processors.edge.api.tokens import TokensInvalid, add_token
from processors.edge.app import EdgeMisconfigured
from processors.edge.projection.rebuild import RecordUnreadable
from processors.edge.projection.skipping import NotToSkip

EXIT_NEVER = 2
"""Starting anew is of no use before somebody has changed something."""
_config = click.option("--config", type=click.Path(path_type=Path, dir_okay=False), help="A TOML file of settings.")
_servers = click.option("--bootstrap-servers", help="Brokers, host:port,…")
_database = click.option(
    "--database-url", help="sqlite:///FILE or postgresql://user@host/database. Else a file under state_dir."
)


@click.group(
    "edge",
    invoke_without_command=True,
    epilog="Example: lotstream edge --port 8080 --bootstrap-servers 127.0.0.1:9092",
)
@_servers
@_database
@click.option("--host", "edge_host", help="Where to listen; beyond loopback callers need tokens.")
@click.option("--port", "edge_port", type=click.IntRange(0, 65535), help="Else 8080; 0: a free one, which is told.")
@click.option("--tokens", "edge_tokens", type=click.Path(path_type=Path, dir_okay=False), help="The tokens file.")
@_config
@click.pass_context
def command(context: click.Context, /, config: Path | None, **given: Any) -> None:
    """Show the registers and take requests, until told to stop (SIGTERM, Ctrl-C).

    Keeps the registers in SQL, follows the topics, and serves the console at /, the API at /api/v1 (described by
    /api/v1/openapi.json), /livez, /readyz and /metrics. Of several edges on one database one projects; the others show
    what it brings, and take its place when it dies.
    """
    if context.invoked_subcommand is not None:
        return
    settings = load_settings(config, **given)
    configure_logs(settings.log_level, settings.log_format)
    try:
        wiring.run(settings, lambda url: click.echo(f"The edge is at {url}", err=True))
    except (EdgeMisconfigured, TokensInvalid) as failure:
        click.echo(f"lotstream: {failure}", err=True)
        sys.exit(EXIT_NEVER)


@command.command(epilog="Example: lotstream edge token anna operator --tokens tokens.txt")
@click.argument("name")
@click.argument("role", type=click.Choice(list(ROLES)))
@click.option("--tokens", "edge_tokens", type=click.Path(path_type=Path, dir_okay=False), help="The tokens file.")
@_config
def token(name: str, role: str, edge_tokens: Path | None, config: Path | None) -> None:
    """Make a token for NAME with a ROLE, and add its hash to the tokens file; a running edge knows it at once.

    The token is printed once and kept nowhere. To withdraw it take its line out of the file.
    """
    settings = load_settings(config, edge_tokens=edge_tokens)
    if settings.edge_tokens is None:
        raise click.UsageError("name the tokens file with --tokens, or in the setting edge_tokens")
    click.echo(add_token(settings.edge_tokens, name, ROLES[role]))


@command.command(epilog="Example: lotstream edge rebuild --database-url postgresql://lotstream@db/lotstream")
@_servers
@_database
@_config
def rebuild(config: Path | None, **given: Any) -> None:
    """Make the registers anew from the topics, beside those in use, and put them in their place at the end.

    The edge may go on meanwhile. Events that the topics no longer keep are taken over.
    """
    settings = load_settings(config, **given)
    configure_logs(settings.log_level, settings.log_format)

    def tell(done: int, left: int) -> None:
        click.echo(f"{done} records read, {left} to come", err=True)

    try:
        done = wiring.rebuild_store(settings, tell)
    except RecordUnreadable as failure:
        raise click.ClickException(str(failure)) from failure
    click.echo(f"The registers are made anew from {done} records.")


@command.command(epilog="Example: lotstream edge skip postings 3 1207")
@click.argument("topic")
@click.argument("partition", type=click.IntRange(0))
@click.argument("offset", type=click.IntRange(0))
@_servers
@_database
@_config
def skip(topic: str, partition: int, offset: int, config: Path | None, **given: Any) -> None:
    """Do without the record at OFFSET of TOPIC and PARTITION, which cannot be read and holds its partition up.

    A record that can be read is never left out. What it said is missing in SQL from then on, also after a rebuild:
    first think of an upgrade of the edge, which may be able to read it.
    """
    settings = load_settings(config, **given)
    configure_logs(settings.log_level, settings.log_format)
    try:
        reason = wiring.skip_record(settings, topic, partition, offset)
    except NotToSkip as failure:
        raise click.ClickException(str(failure)) from failure
    click.echo(f"Left out: the record at offset {offset} of {topic}/{partition} ({reason}). What follows it comes now.")
