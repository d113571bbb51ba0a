"""Dead letters as the commands see them: found by topic, offset, code and kind; the forms in which they are shown."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Final

from processors.cli.cluster_options import Cluster
from processors.cli.record_form import headers_form, record_type, text_of, value_form
from processors.contract.codec import Codec
from processors.contract.headers import CODE, ERRORS_PREFIX, KIND, attempt_of
from processors.contract.manifest import DEAD_LETTERS, MANIFEST, dead_letters_of
from processors.contract.reading import ReadRecord, read_records
from processors.domain.calendar import time_text

INPUTS: Final = tuple(name for name in MANIFEST if dead_letters_of(name) in MANIFEST)
"""Inputs that have dead letters."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One refused or unreadable input; `offset` is its own, in the dead-letter topic, which has one partition."""

    record: ReadRecord

    @property
    def topic(self) -> str:
        """The input that it came by."""
        return self.record.topic.removesuffix(DEAD_LETTERS)

    @property
    def offset(self) -> int:
        return self.record.offset

    def header(self, name: str) -> str:
        """A header as text; empty where there is none."""
        return headers_form(self.record.headers).get(name) or ""

    def row(self) -> dict[str, Any]:
        """One line of a list."""
        return {
            "topic": self.topic,
            "offset": self.offset,
            "code": self.header(CODE),
            "kind": self.header(KIND),
            "attempt": attempt_of(self.record.headers),
            "time": time_text(self.record.time_ms),
            "key": text_of(self.record.key),
            "message": self.header(ERRORS_PREFIX + "message"),
        }

    def form(self, codec: Codec) -> dict[str, Any]:
        """Everything about it: the value where it can be decoded, else its bytes and why not; all headers."""
        form = {**self.row(), "headers": headers_form(self.record.headers)}
        record = record_type(self.record.topic, self.record.value, codec)
        return {**form, **({"record": record} if record else {}), **value_form(self.topic, self.record.value, codec)}


def dead_letters(
    cluster: Cluster,
    topic: str | None = None,
    offsets: Collection[int] = (),
    code: str | None = None,
    kind: str | None = None,
) -> Iterator[DeadLetter]:
    """The dead letters of an input (None: of all), in their order, to the present end; without a filter all of them."""
    for name in INPUTS if topic is None else (topic,):
        for record in read_records(cluster.connection, dead_letters_of(name), offset=min(offsets, default=None)):
            letter = DeadLetter(record)
            if (
                (not offsets or letter.offset in offsets)
                and code in (None, letter.header(CODE))
                and kind in (None, letter.header(KIND))
            ):
                yield letter
