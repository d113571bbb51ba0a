"""The documentation agrees with the code: generated tables are current, links lead somewhere, named tests exist."""

import re
import shlex
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from processors.cli import main
from processors.domain.refusals import CODES
from tests.docs.tables import PAGES, ROOT, TABLES, written

TEXTS = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md")))
_LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
_TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")
_CODE_FILE = re.compile(r"`((?:processors|schemas|deploy|benchmarks)/[\w/.-]+)`")
_SIMULATED = re.compile(r"^\$ lotstream simulate (\S+).*?\n((?:\{.*\n)+)", re.MULTILINE)
_COMMAND = re.compile(r"^\$ (lotstream .+)$", re.MULTILINE)


@pytest.mark.parametrize("page", PAGES)
def test_tables_that_follow_from_the_code_are_current(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    assert text.count("<!-- table: ") == text.count("<!-- end -->") > 0
    assert text == written(page), f"run `python -m tests.docs.tables` to write the tables of {page} anew"


def test_every_table_stands_somewhere() -> None:
    texts = "".join((ROOT / page).read_text(encoding="utf-8") for page in PAGES)
    assert [name for name in TABLES if f"<!-- table: {name} -->" not in texts] == []


@pytest.mark.parametrize("page", TEXTS)
def test_links_lead_somewhere(page: str) -> None:
    place = ROOT / page
    links = _LINK.findall(place.read_text(encoding="utf-8"))
    inside = [link for link in links if "://" not in link]
    assert [link for link in inside if not (place.parent / link).exists()] == []


@pytest.mark.parametrize("page", TEXTS)
def test_named_files_and_tests_exist(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    files = [*_CODE_FILE.findall(text), *(file for file, _ in _TEST.findall(text))]
    assert [file for file in files if not (ROOT / file).exists()] == []
    missing = [
        f"{file}::{name}"
        for file, name in _TEST.findall(text)
        if name and f"def {name}(" not in (ROOT / file).read_text(encoding="utf-8")
    ]
    assert missing == []


@pytest.mark.parametrize("page", TEXTS)
def test_commands_that_are_shown_can_be_called(page: str) -> None:
    for line in _COMMAND.findall((ROOT / page).read_text(encoding="utf-8")):
        words = shlex.split(line.split(" | ")[0].split(" > ")[0])[1:]
        _parse(main, words, line)


def test_what_the_first_page_shows_of_simulate_is_what_it_prints() -> None:
    ((file, shown),) = _SIMULATED.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    result = CliRunner().invoke(main, ["simulate", str(ROOT / file)])
    assert result.exit_code == 0, result.output
    assert set(shown.splitlines()) <= set(result.stdout.splitlines())


def _parse(command: click.Command, words: list[str], line: str) -> None:
    """Every group, command and option of a line is one that there is."""
    if isinstance(command, click.Group) and not (command.invoke_without_command and _is_option(words[:1])):
        with click.Context(command) as context:
            below = command.get_command(context, words[0])
        assert below is not None, f"{line}: no command {words[0]}"
        _parse(below, words[1:], line)
        return
    known = {name for option in command.params for name in option.opts}
    options = [word for word in words if word.startswith("--")]
    assert [option for option in options if option not in known] == [], line


def _is_option(first: list[str]) -> bool:
    """Nothing more, or an option: the group itself is called."""
    return not first or first[0].startswith("--")


def test_every_refusal_that_a_page_names_is_one() -> None:
    for page in TEXTS:
        for link in _LINK.findall((ROOT / page).read_text(encoding="utf-8")):
            name = Path(link)
            if name.parent.name == "refusals" and name.stem != "README":
                assert name.stem in CODES, f"{page}: {link}"
