"""`make test` runs tests in several processes, and tells of them as of one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.side_by_side import PARTS, part_of, place_of

ROOT = Path(__file__).parents[2]
TESTS = """
import pytest
from tests.conftest import absent

@pytest.mark.parametrize("n", range(4))
def test_needs_a_thing(n): absent("thing", "none here")

@pytest.fixture
def server(): absent("server", "cannot be had")

def test_needs_a_server(server): pass

@pytest.mark.docker
def test_needs_docker(): absent("Docker engine", "no answer")

def test_needs_nothing(): pass
"""


@pytest.mark.parametrize("processes", ["0", "2"])
@pytest.mark.parametrize("required", [False, True])
def test_what_was_not_run_is_named_once_by_its_part_and_fails_where_all_is_required(
    tmp_path: Path, processes: str, required: bool
) -> None:
    (tmp_path / "test_parts.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-p", "xdist.plugin", "-p", "tests.conftest", "-n", processes]
    environment = {**os.environ, "REQUIRE_ALL": str(int(required)), "PYTHONPATH": str(ROOT)}
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # they take seconds to import
    markers = ["-o", "markers=docker: needs a Docker engine"]
    told = subprocess.run(
        [*command, *markers, str(tmp_path)], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    for line in (
        "not run: 4 tests, thing (none here)",
        "not run: 1 tests, server (cannot be had)",
        "not run: 1 tests, Docker engine (no answer)",
    ):
        assert told.stdout.count(line) == 1, told.stdout
    summary = "4 failed, 1 passed, 1 skipped, 1 error" if required else "1 passed, 6 skipped"
    assert summary in told.stdout
    assert told.returncode == int(required)


def test_tests_of_one_part_stay_in_one_process_and_long_parts_begin_first() -> None:
    assert part_of("tests/faults/test_faults.py::test_nothing_is_lost[a::b]") == "tests/faults"
    assert part_of("tests/faults/counts/test_planted_count_bugs.py::test_a") == "tests/faults/counts"
    assert part_of("tests/domain/test_codes.py::test_a") == "tests/domain/test_codes.py"
    assert place_of("tests/faults/test_faults.py::test_a") < place_of("tests/domain/test_codes.py::test_a")


@pytest.mark.parametrize("part", PARTS)
def test_every_part_is_a_folder_with_tests_of_its_own(part: str) -> None:
    assert any(part_of(f"{file.relative_to(ROOT)}::test_a") == part for file in (ROOT / part).rglob("test_*.py"))
