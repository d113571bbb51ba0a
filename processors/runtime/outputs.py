"""From decisions to records on the wire: value, key, headers and partition of everything that a batch produces."""

from collections.abc import Callable, Mapping
from functools import lru_cache

from processors.contract.codec import Codec, Undecodable
from processors.contract.headers import TRACEPARENT, OutputHeaders, dead_letter_headers, event_ids
from processors.contract.manifest import DEAD_LETTER_BYTES, INPUT_BYTES, dead_letters_of, key_of
from processors.contract.partitions import partition_of
from processors.domain.decision import Decision
from processors.domain.message import Continuation, Message
from processors.domain.refusals import Refusal
from processors.runtime.log import Output, Record, RowOutput
from processors.runtime.overlay import TaskView

Encode = Callable[[object], bytes]
_LETTER_BYTES_MAX = DEAD_LETTER_BYTES - 65_536
"""Key, value and headers of a record that is kept; beside them there is room for what was wrong with it."""
_MESSAGE_MAX = 2000
"""Characters of a dead letter's message header: many reasons must not make it larger than its topic allows."""


class Encoder:
    """Encodes the outputs of one processor. `partitions`: topic → partition count."""

    def __init__(self, codec: Codec, processor: str, partitions: Mapping[str, int], rows: Mapping[str, type]) -> None:
        self._codec, self._partitions, self._rows = codec, partitions, rows
        self._headers = OutputHeaders(f"/lotstream/{processor}")
        self._registers: dict[str, tuple[Encode, type, bytes]] = {}

    def decode(self, topic: str, data: bytes | None) -> tuple[object, str]:
        """Value and key of an input; ValueError where the bytes are not a record of the topic."""
        if data is not None and len(data) > INPUT_BYTES:
            # The broker's limit is on what is sent: compressed, it lets through what no topic could take of us.
            raise ValueError(f"expected at most {INPUT_BYTES} bytes, got {len(data)}")
        try:
            value = self._codec.decode(topic, data)
        except Undecodable as failure:
            raise ValueError(str(failure)) from failure
        return value, key_of(topic, value)

    def records(self, decision: Decision, message: Message, record: Record) -> list[Output]:
        """The records that one message published, in order."""
        trace = None
        if record.headers:
            trace = next((value for name, value in record.headers if name == TRACEPARENT), None)
        id = event_ids(message.topic, message.partition, message.offset)
        return self._outputs(decision, message.partition, message.key, id, message.time_ms, trace)

    def continued(self, decision: Decision, continuation: Continuation) -> list[Output]:
        """The records that a continuation published. Its id names the work, its text the slice."""
        id = f"barrier/{continuation.partition}/{continuation.id}/{continuation.text}/".encode()
        return self._outputs(decision, continuation.partition, None, id, continuation.time_ms, None)

    def _outputs(
        self, decision: Decision, partition: int, key: str | None, id: bytes, time_ms: int, trace: bytes | None
    ) -> list[Output]:
        """`key`: the route that lies in `partition`, where one is known. `id`: what the records' ids begin with."""
        outputs: list[Output] = []
        time, headers_of, counts = self._headers.time(time_ms), self._headers.of, self._partitions
        for number, emit in enumerate(decision.records):
            topic, value, encoded_key = emit.topic, emit.encoded, emit.key.encode()
            route, to = emit.key if emit.route is None else emit.route, partition
            if emit.partition is not None:
                to = emit.partition
            elif route != key:  # most records go where their message lies: no hash for them
                to = partition_of(route, counts[topic])
            elif counts[topic] == 1:
                to = 0
            if value is None:
                value = self._codec.encode(topic, emit.value)
            headers = headers_of(type(emit.value), id + _numbered(number), time, encoded_key, trace)
            outputs.append((topic, to, encoded_key, value, headers, time_ms))
        return outputs

    def rows(self, partition: int, view: TaskView, time_ms: int) -> list[RowOutput]:
        """The changed rows of a task, each once. A row's event is its newest state: topic, key and time name it."""
        outputs: list[RowOutput] = []
        time, headers_of, end = self._headers.time(time_ms), self._headers.of, b"/%d" % time_ms
        registers = self._registers
        for (topic, key), row in view.changes.items():
            encode, record, begin = registers.get(topic) or self._register(topic)
            encoded_key = key.encode()
            headers = headers_of(record, begin + encoded_key + end, time, encoded_key)
            value = None if row is None else encode(row)
            outputs.append((topic, partition, encoded_key, value, headers, time_ms))
        return outputs

    def _register(self, topic: str) -> tuple[Encode, type, bytes]:
        """What every row of a register is encoded with: its encoder, its record's class, what its id begins with."""
        record = self._rows[topic]
        found = self._codec.encoder(topic, record), record, f"{topic}/".encode()
        self._registers[topic] = found
        return found

    def dead_letter(self, record: Record, refusal: Refusal, trace: str) -> Output:
        """The original key, value, headers and time of a record that is not taken, and why.

        Of one that was only let in because it was compressed, and that no letter can hold, there is its place alone.
        """
        message = "; ".join(f"{reason.code}: {reason.message}" for reason in refusal.reasons)[:_MESSAGE_MAX]
        key, value, given = record.key, record.value, record.headers or ()
        size = sum(len(name) + len(data or b"") for name, data in (("", key), ("", value), *given))
        if size > _LETTER_BYTES_MAX:
            key, value, given = None, None, ()
            message += f"; its {size} bytes are too many for a dead letter: they stand in its topic alone"
        headers = dead_letter_headers(
            given,
            record.topic,
            record.partition,
            record.offset,
            code=refusal.code,
            kind=refusal.kind,
            message=message,
            exception="",
            stacktrace=trace,
        )
        return dead_letters_of(record.topic), 0, key, value, headers, record.timestamp_ms


_numbered = lru_cache(maxsize=65_536)(b"%d".__mod__)
"""A number in digits. The records of one message are numbered from 0, so the same few come again and again."""
