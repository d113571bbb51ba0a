"""Records of a benchmark into the log, as an ERP module would send them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from benchmarks.stack import Stack
from processors.cli import wiring
from processors.contract.codec import Codec
from processors.contract.headers import Headers
from processors.contract.manifest import key_of
from processors.contract.sending import send


@dataclass(slots=True)
class Sent:
    """One record to send; its time is that of sending."""

    key: bytes | None
    value: bytes | None
    time_ms: int | None = None
    headers: Headers = field(default_factory=list)


def publish(stack: Stack, topic: str, values: Iterable[object]) -> int:
    """Encode and send values to a topic; their number once the broker has them all."""
    codec = wiring.codec(stack.settings)
    return send(wiring.connection(stack.settings), topic, encoded(codec, topic, values))


def encoded(codec: Codec, topic: str, values: Iterable[object]) -> Iterator[Sent]:
    """The records of values, each under its key."""
    for value in values:
        yield Sent(key_of(topic, value).encode(), codec.encode(topic, value))
