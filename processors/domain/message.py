"""One decoded input as a processor sees it, and the words in which a processor tells the loop about itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from processors.domain.view import Register


@dataclass(slots=True)
class Message:
    """A decoded input. `time_ms` is the record's timestamp: the only time a decision knows."""

    topic: str
    partition: int
    offset: int
    time_ms: int
    key: str
    value: Any
    raw: bytes
    """The value's bytes as they came, schema id included: what a hash of the content is taken over."""


@dataclass(frozen=True, slots=True)
class Index:
    """A look-up derived from a register's rows, kept by the store beside them: row → index key (None: not indexed)."""

    name: str
    register: Register[Any]
    key_of: Callable[[Any], str | None]
    single: bool = False
    """No two rows have the same index key: what stands at one need not be looked up before it changes."""
    same: Callable[[Any, Any], bool] | None = None
    """Of two versions of a row: True where their keys are the same for certain, which spares working them out."""


@dataclass(frozen=True, slots=True)
class Trail:
    """Entries that a row has from its birth until it goes: row → index keys, which no other row has.

    What costs an index its look-up, what the row said before, is not asked for: a row that changes keeps its entries.
    """

    name: str
    register: Register[Any]
    keys_of: Callable[[Any], Sequence[str]]


@dataclass(slots=True)
class Continuation:
    """Work that waited for a barrier, or goes on after a slice; `text` is the processor's own, from its state row."""

    id: str
    partition: int
    text: str
    time_ms: int
