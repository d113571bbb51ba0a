"""What can stop the embedded stack from starting: a stable code, what happened, what mends it."""

from collections import deque
from pathlib import Path
from typing import Final, Literal

LOG_LINES: Final = 15

Code = Literal[
    "port-in-use",
    "disk-full",
    "network-missing",
    "jar-damaged",
    "extra-missing",
    "java-missing",
    "redis-missing",
    "data-in-use",
    "data-format-old",
    "broker-failed",
    "redis-failed",
    "broker-unreachable",
    "redis-unreachable",
    "worker-failed",
]


class Trouble(Exception):
    """The stack cannot start or go on. `code` is stable; `remedy` is one thing that a person can do about it."""

    def __init__(self, code: Code, what: str, remedy: str) -> None:
        super().__init__(f"{what}. {remedy}")
        self.code = code
        self.what = what
        self.remedy = remedy


def end_of_log(log: Path) -> str:
    """The last lines that a process wrote, to stand in a remedy: its log may lie in a directory that ends with us."""
    with log.open(encoding="utf-8", errors="replace") as lines:
        last = [line.rstrip("\n") for line in deque(lines, LOG_LINES)]
    return "\n".join([f"The end of its log {log}:", *(last or ["(it is empty)"])])
