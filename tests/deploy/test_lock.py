"""What is installed is what pyproject.toml asks for: the lock and the lists made from it are up to date."""

import importlib.util
import subprocess
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

import pytest
from uv import find_uv_bin

ROOT = Path(__file__).parents[2]


def _lock_script() -> ModuleType:
    loader = SourceFileLoader("lock", str(ROOT / "deploy" / "lock"))
    spec = importlib.util.spec_from_loader("lock", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


LOCK = _lock_script()


def _uv(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [find_uv_bin(), "--offline", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_lock_fits_the_project_without_naming_a_place_to_fetch_from() -> None:
    told = _uv("lock", "--check")
    assert told.returncode == 0, f"make lock: {told.stderr}"


@pytest.mark.parametrize("name", LOCK.EXPORTS)
def test_the_lists_for_pip_are_those_of_the_lock(name: str) -> None:
    told = _uv(*LOCK.export_arguments(name))
    assert told.returncode == 0, told.stderr
    assert (ROOT / "requirements" / name).read_text() == LOCK.HEAD + told.stdout


def test_addresses_and_source_distributions_are_taken_out_of_a_lock() -> None:
    host = "https://" + "files.stranger.example"
    lock = (
        f'source = {{ registry = "{host}/simple" }}\n'
        f'sdist = {{ url = "{host}/a/click-8.5.1.tar.gz", hash = "sha256:0" }}\n'
        f'    {{ url = "{host}/b/click-8.5.1-py3-none-any.whl", hash = "sha256:1" }},\n'
    )
    assert LOCK.without_hosts(lock) == (
        'source = { registry = "wheels" }\n    { path = "click-8.5.1-py3-none-any.whl", hash = "sha256:1" },\n'
    )
