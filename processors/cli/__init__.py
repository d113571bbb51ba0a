"""The command line `lotstream`, also `python -m processors`; the only place where parts are wired together.

One file a command or command group, with a click object named `command` or as the file; a file is imported when its
command is called, so that `codes compose` does not wait for a Kafka client. `settings` and `logs` are for commands that
run processes. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 refused by the rules.
"""

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

import click

COMMANDS: Final = (
    "dev",
    "worker",
    "edge",
    "topics",
    "schemas",
    "publish",
    "read",
    "simulate",
    "codes",
    "barcode",
    "counters",
    "lots",
    "serials",
    "stock",
    "trace",
    "counts",
    "count",
    "dead-letters",
    "doctor",
)
"""In the order of the help: run, set up, use, look up, mend."""

DEBUG_VARIABLE: Final = "LOTSTREAM_DEBUG"


class Commands(click.Group):
    """The commands whose file is installed; each is imported when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name in COMMANDS if _file_of(name).exists()]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS or not _file_of(cmd_name).exists():
            return None
        name = cmd_name.replace("-", "_")
        module = import_module(f"{__name__}.{name}")
        command = getattr(module, "command", None) or getattr(module, name)
        assert isinstance(command, click.Command), f"{cmd_name} exports no command"
        return command

    def main(self, args: Sequence[str] | None = None, *rest: Any, **extra: Any) -> Any:
        """Run; what click does not answer itself is told on standard error, one line an error, with exit code 1."""
        try:
            return super().main(args, *rest, **extra)
        except Exception as error:
            if os.environ.get(DEBUG_VARIABLE) == "1":
                raise
            for line in getattr(error, "errors", None) or [_told(error)]:
                click.echo(f"lotstream: {line}", err=True)
            sys.exit(1)


def _file_of(name: str) -> Path:
    return Path(__file__).with_name(f"{name.replace('-', '_')}.py")


def _told(error: Exception) -> str:
    """One line of an error: its stable code where it has one, its message; its class where that says more."""
    code = getattr(error, "code", None)
    if isinstance(code, str):
        return f"{code}: {error}"
    message = " ".join(str(error).split())
    if type(error).__module__.startswith("processors.") and message:
        return message
    name = type(error).__name__
    return f"{name}: {message or 'no message'} ({DEBUG_VARIABLE}=1 shows where)"


def _version() -> str:
    try:
        return version("lotstream")
    except PackageNotFoundError:
        return "unknown (not installed)"


@click.command(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="Start with `lotstream dev`. Every command has --help with an example.",
)
@click.version_option(_version(), prog_name="lotstream")
def main() -> None:
    """The lot, serial-number and physical-inventory ledger of an ERP, as a stream processor on Kafka."""
