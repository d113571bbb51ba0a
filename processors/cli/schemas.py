"""`lotstream schemas`: are changes of records compatible, and where do their ids come from."""

from dataclasses import asdict

import click

from processors.cli.printing import output_option, print_rows
from processors.cli.settings import load_settings
from processors.contract import releases
from processors.contract.evolution import Incompatible, check
from processors.contract.schema_registry import RegistryIds

COLUMNS = ("record", "field", "breaks", "mend")


@click.group()
def command() -> None:
    """Schemas of the records: their compatibility, their releases, their ids."""


@command.command("check", epilog="Example: lotstream schemas check --output json")
@output_option
def check_command(output: str) -> None:
    """Compare every schema with all its releases; exit code 1 with each incompatible change.

    Records of registers and events must be readable in both directions, those of inputs by this version.
    """
    broken, unlocked = check(), releases.unlocked()
    _show(broken, output)
    for line in unlocked:
        click.echo(f"{line}: run `lotstream schemas release`", err=True)
    if broken or unlocked:
        raise SystemExit(1)
    if output == "table":
        click.echo(f"{len({name for _, name in releases.subjects()})} records are compatible with their releases.")


@command.command(epilog="Example: lotstream schemas release")
def release() -> None:
    """Take every changed schema over as a released version, with an id in the lock file (for a new lotstream).

    Writes into `schemas/`; nothing where a change is incompatible (exit code 1).
    """
    done, broken = releases.release()
    _show(broken, "table")
    for line in done:
        click.echo(line)
    if broken:
        raise SystemExit(1)
    click.echo(f"{len(done)} schemas released.")


@command.command(epilog="Example: lotstream schemas register --schema-registry http://127.0.0.1:8081")
@click.option("--schema-registry", metavar="URL", help="The registry to write to. Else LOTSTREAM_SCHEMA_REGISTRY.")
@output_option
def register(schema_registry: str | None, output: str) -> None:
    """Register every schema under its subject. Registering again changes nothing."""
    url = load_settings(schema_registry_url=schema_registry).schema_registry_url
    if url is None:
        raise click.UsageError("expected --schema-registry or LOTSTREAM_SCHEMA_REGISTRY")
    registered = releases.register(RegistryIds(url))
    print_rows(output, ("subject", "id"), ({"subject": subject, "id": number} for subject, number in registered))


def _show(broken: list[Incompatible], output: str) -> None:
    if output == "table":
        for each in broken:
            click.echo(str(each), err=True)
    else:
        print_rows(output, COLUMNS, map(asdict, broken))
