"""Headers: CloudEvents (binary mode) on every output, and what a dead letter says about itself (`contract.md` §1)."""

from collections.abc import Iterable
from typing import Final

from processors.contract.schema_files import record_name
from processors.domain.calendar import time_text

Header = tuple[str, bytes | None]
Headers = list[Header]

CONTENT_TYPE: Final = b"application/avro"
ERRORS_PREFIX: Final = "__streams.errors."
"""As Kafka Streams names what went wrong, so that its tools read our dead letters too."""
CODE: Final = "error-code"
KIND: Final = "error-kind"
ATTEMPT: Final = "error-attempt"
TRACEPARENT: Final = "traceparent"
_TIMES_MAX: Final = 4096


class OutputHeaders:
    """Builds the headers of outputs. `source` names the kind of process as a URI, such as `/lotstream/ledger`."""

    def __init__(self, source: str) -> None:
        self._source = source.encode()
        self._constant: dict[type, Headers] = {}
        self._times: dict[int, Header] = {}

    def of(self, record: type, event_id: bytes, time: Header, key: bytes, traceparent: bytes | None = None) -> Headers:
        """Headers of one output.

        `record`: its class (a tombstone's: that of the row that is gone). `event_id`: unique within the source and the
        same when the input is decided again, see `event_ids`. `time`: the input's, see `time`; many outputs share
        theirs. `key`: the record's key, which is the event's subject. `traceparent`: the input's, where it had one.
        """
        constant = self._constant.get(record) or self._constant_of(record)
        headers: Headers = [*constant, ("ce_id", event_id), time, ("ce_subject", key)]
        if traceparent is not None:
            headers.append((TRACEPARENT, traceparent))
        return headers

    def _constant_of(self, record: type) -> Headers:
        """The headers that are the same for every record of a class."""
        headers = self._constant[record] = [
            ("ce_specversion", b"1.0"),
            ("ce_type", f"lotstream.{record_name(record)}".encode()),
            ("ce_source", self._source),
            ("content-type", CONTENT_TYPE),
        ]
        return headers

    def time(self, time_ms: int) -> Header:
        """The header of the input's time; many inputs share theirs."""
        header = self._times.get(time_ms)
        if header is None:
            if len(self._times) >= _TIMES_MAX:
                self._times.clear()
            header = self._times[time_ms] = ("ce_time", time_text(time_ms).encode())
        return header


def event_ids(topic: str, partition: int, offset: int) -> bytes:
    """What the ids of all outputs begin with that follow from one input record; their number, from 0, ends them."""
    return b"%s/%d/%d/" % (topic.encode(), partition, offset)


def dead_letter_headers(
    original: Iterable[Header],
    topic: str,
    partition: int,
    offset: int,
    *,
    code: str,
    kind: str,
    message: str,
    exception: str = "",
    stacktrace: str = "",
) -> Headers:
    """The original headers, and where the record was and why it was not taken.

    `code` and `kind` are the refusal's; `exception` is the class name where there was one, else the code. The attempt
    is one more than the one a replayed record came with.
    """
    kept = list(original)
    attempt = attempt_of(kept) + 1
    errors = {
        "topic": topic,
        "partition": str(partition),
        "offset": str(offset),
        "exception": exception or code,
        "stacktrace": stacktrace,
        "message": message,
    }
    return [
        *original_headers(kept),
        *((ERRORS_PREFIX + name, text.encode("utf-8", "replace")) for name, text in errors.items()),
        (CODE, code.encode()),
        (KIND, kind.encode()),
        (ATTEMPT, str(attempt).encode()),
    ]


def original_headers(headers: Iterable[Header]) -> Headers:
    """The headers without what a dead letter added."""
    return [
        header
        for header in headers
        if not header[0].startswith(ERRORS_PREFIX) and header[0] not in (CODE, KIND, ATTEMPT)
    ]


def replay_headers(headers: Iterable[Header]) -> Headers:
    """Headers of a dead letter that is sent again: the original ones, and the attempt for the next one to count on."""
    kept = list(headers)
    return [*original_headers(kept), *((name, value) for name, value in kept if name == ATTEMPT)]


def attempt_of(headers: Iterable[Header]) -> int:
    """How often a record has been refused so far; 0 for one that comes for the first time."""
    for name, value in headers:
        if name == ATTEMPT and value is not None and value.isdigit() and len(value) < 10:
            return int(value)
    return 0
