"""How tests share the cores when they run in several processes (`pytest -n auto`, as `make test` does).

Much of the time tests wait for real servers: brokers that start, sessions that run out. Each process takes one part of
the tests after the other, the long ones first. A part keeps those together that share servers or what they were given.
"""

import os
from typing import Any

PARTS = (
    "tests/faults",
    "tests/real",
    "tests/edge",
    "tests/embedded",
    "tests/cli",
    "tests/faults/counts",
    "tests/edge/console",
    "tests/contract",
)
"""Folders that are one part each, without those inside that are a part themselves, in the order in which they begin.
Every file of any other folder is a part of its own, and comes after them.
"""


def part_of(test: str) -> str:
    """The part that a test belongs to. `test`: its id, `tests/folder/test_file.py::test_name`."""
    file = test.split("::", 1)[0]
    return max((folder for folder in PARTS if file.startswith(f"{folder}/")), key=len, default=file)


def place_of(test: str) -> int:
    """Where the test's part stands among all: smaller begins earlier."""
    part = part_of(test)
    return PARTS.index(part) if part in PARTS else len(PARTS)


def processes() -> int:
    """One more than there are cores, as one or another waits."""
    return (os.cpu_count() or 1) + 1


def scheduler(config: Any, log: Any) -> Any:
    """What gives each process that is nearly done the next part (pytest-xdist)."""
    from xdist.scheduler import LoadScopeScheduling

    class PartByPart(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return part_of(nodeid)

    return PartByPart(config, log)
