"""The command line as a whole: lazy commands, errors that become a line and a code, two forms of logs."""

import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from processors.cli import COMMANDS, Commands, main
from processors.cli.logs import configure_logs
from processors.embedded.trouble import Trouble


def _leaves(command: click.Command, path: list[str]) -> Iterator[list[str]]:
    if not isinstance(command, click.Group):
        yield path
        return
    with click.Context(command) as context:
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from _leaves(below, [*path, name])


def test_every_command_has_help_with_an_example() -> None:
    paths = list(_leaves(main, []))
    assert ["codes", "compose"] in paths
    for path in paths:
        shown = CliRunner().invoke(main, [*path, "--help"], prog_name="-")
        assert shown.exit_code == 0, shown.output
        assert "lotstream" in shown.output, f"{' '.join(path)} --help shows no example"


def test_names_of_commands_are_those_of_the_contract() -> None:
    assert set(main.list_commands(None)) <= set(COMMANDS)  # type: ignore[arg-type] # see above


def test_an_unknown_command_is_wrong_usage() -> None:
    told = CliRunner().invoke(main, ["nonsense"])
    assert (told.exit_code, "No such command 'nonsense'" in told.output) == (2, True)


def test_the_version_is_told() -> None:
    told = subprocess.run([sys.executable, "-m", "processors", "--version"], capture_output=True, text=True, check=True)
    assert told.stdout.startswith("lotstream, version 0.")


def test_the_command_line_starts_without_a_kafka_client() -> None:
    program = (
        "import sys; import processors.cli; print([m for m in sys.modules if m.startswith(('confluent', 'redis'))])"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (Trouble("port-in-use", "Port 1 is taken", "Name another"), "port-in-use: Port 1 is taken. Name another"),
        (ValueError("expected\n5"), "ValueError: expected 5 (LOTSTREAM_DEBUG=1 shows where)"),
    ],
)
def test_an_error_is_one_line_and_exit_code_1(error: Exception, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LOTSTREAM_DEBUG", raising=False)

    @click.command(cls=Commands, invoke_without_command=True)
    def failing() -> None:
        raise error

    told = CliRunner().invoke(failing, [])
    assert (told.exit_code, told.output) == (1, f"lotstream: {line}\n")
    monkeypatch.setenv("LOTSTREAM_DEBUG", "1")
    assert CliRunner().invoke(failing, []).exception is error


@pytest.fixture
def _root_logger_as_before() -> Iterator[None]:
    root = logging.getLogger()
    before = root.handlers, root.level
    yield
    root.handlers, root.level = before[0], before[1]


@pytest.mark.usefixtures("_root_logger_as_before")
def test_logs_are_json_where_nobody_watches_with_place_and_error_as_keys() -> None:
    stream = io.StringIO()
    configure_logs("info", "auto", stream)
    place = {"topic": "movements", "partition": 3, "offset": 7}
    try:
        raise ValueError("broken")
    except ValueError:
        logging.getLogger("lotstream.test").exception("refused", extra=place)
    logging.getLogger("lotstream.test").debug("not shown")
    line = json.loads(stream.getvalue())
    assert line["message"] == "refused"
    assert (line["topic"], line["partition"], line["offset"], line["level"]) == ("movements", 3, 7, "error")
    assert "ValueError: broken" in line["exception"]
    assert line["timestamp"].endswith("Z")


@pytest.mark.usefixtures("_root_logger_as_before")
def test_logs_are_text_where_it_is_asked_for() -> None:
    stream = io.StringIO()
    configure_logs("warning", "console", stream)
    logging.getLogger("lotstream.test").warning("late", extra={"task": 4})
    assert "late" in stream.getvalue()
    assert "task=4" in stream.getvalue()
    assert os.linesep in stream.getvalue()
