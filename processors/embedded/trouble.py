"""What can stop the embedded stack from starting: a stable code, what happened, what mends it."""

from typing import Literal

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
