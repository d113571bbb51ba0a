"""From decisions to records on the wire: value, key, headers and partition of everything that a batch produces."""

from collections.abc import Mapping

from processors.contract.codec import Codec, Undecodable
from processors.contract.headers import TRACEPARENT, OutputHeaders, dead_letter_headers
from processors.contract.manifest import dead_letters_of, key_of
from processors.contract.partitions import partition_of
from processors.domain.decision import Decision, Emit
from processors.domain.message import Continuation, Message
from processors.domain.refusals import Refusal
from processors.runtime.log import Headers, Output, Record
from processors.runtime.overlay import TaskView

_MESSAGE_MAX = 2000
"""Characters of a dead letter's message header: many reasons must not make it larger than its topic allows."""


class Encoder:
    """Encodes the outputs of one processor. `partitions`: topic → partition count."""

    def __init__(self, codec: Codec, processor: str, partitions: Mapping[str, int], rows: Mapping[str, type]) -> None:
        self._codec, self._partitions, self._rows = codec, partitions, rows
        self._headers = OutputHeaders(f"/lotstream/{processor}")

    def decode(self, topic: str, data: bytes | None) -> tuple[object, str]:
        """Value and key of an input; ValueError where the bytes are not a record of the topic."""
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
        place = f"{message.topic}/{message.partition}/{message.offset}/"
        return [
            self._output(emit, message.partition, message.key, f"{place}{number}", message.time_ms, trace)
            for number, emit in enumerate(decision.records)
        ]

    def continued(self, decision: Decision, continuation: Continuation) -> list[Output]:
        """The records that a continuation published. Its id names the work, its text the slice."""
        place = f"barrier/{continuation.partition}/{continuation.id}/{continuation.text}/"
        return [
            self._output(emit, continuation.partition, None, f"{place}{number}", continuation.time_ms, None)
            for number, emit in enumerate(decision.records)
        ]

    def _output(
        self, emit: Emit, partition: int, key: str | None, id: str, time_ms: int, trace: bytes | None
    ) -> Output:
        topic, encoded_key = emit.topic, emit.key.encode()
        route = emit.key if emit.route is None else emit.route
        count = self._partitions[topic]
        # Most records go where their message lies: no hash for them.
        to = 0 if count == 1 else partition if route == key else partition_of(route, count)
        value = emit.encoded
        if value is None:
            value = self._codec.encode(topic, emit.value)
        headers: Headers = self._headers.of(type(emit.value), id, encoded_key, time_ms, trace)
        return Output(topic, to, encoded_key, value, headers, time_ms)

    def rows(self, partition: int, view: TaskView, time_ms: int) -> list[Output]:
        """The changed rows of a task, each once; the last one of each register is tracked."""
        outputs: list[Output] = []
        last: dict[str, Output] = {}
        for (topic, key), row in view.changes.items():
            encoded_key = key.encode()
            value = None if row is None else self._codec.encode(topic, row)
            # A row's event is its newest state: topic, key and time name it.
            headers = self._headers.of(self._rows[topic], f"{topic}/{key}/{time_ms}", encoded_key, time_ms)
            output = last[topic] = Output(topic, partition, encoded_key, value, headers, time_ms)
            outputs.append(output)
        for output in last.values():
            output.tracked = True
        return outputs

    def dead_letter(self, record: Record, refusal: Refusal, trace: str) -> Output:
        """The original key, value, headers and time of a record that is not taken, and why."""
        message = "; ".join(f"{reason.code}: {reason.message}" for reason in refusal.reasons)[:_MESSAGE_MAX]
        headers = dead_letter_headers(
            record.headers or (),
            record.topic,
            record.partition,
            record.offset,
            code=refusal.code,
            kind=refusal.kind,
            message=message,
            exception="",
            stacktrace=trace,
        )
        return Output(dead_letters_of(record.topic), 0, record.key, record.value, headers, record.timestamp_ms)
