"""Messages as large as their topic takes them: what follows from one is larger than itself, and fits too."""

import random
from base64 import b64encode

import pytest
from confluent_kafka import Producer

from tests.faults.checker.history import Value
from tests.faults.load import Sent
from tests.real.ledger import LOTTED, RealLedger

pytestmark = pytest.mark.real
FLOUR = (LOTTED.item_class, LOTTED.item_code)
INPUT_BYTES = 8 * 1024 * 1024
FRAME_BYTES = 400
"""What Kafka adds to a value on the wire, at the most: key, and heads of record and batch."""


def _as_large_as_may_be(ledger: RealLedger, **values: object) -> tuple[Value, Sent]:
    """A load of a lot with a note that cannot be compressed and fills the record up."""
    movement = ledger.a_movement(FLOUR, notes="", **values)
    room = INPUT_BYTES - FRAME_BYTES - len(ledger.sent(movement).value or b"")
    movement["notes"] = b64encode(random.Random(8).randbytes(room // 4 * 3)).decode()
    return movement, ledger.sent(movement)


def test_a_movement_as_large_as_its_topic_takes_it_is_posted_and_its_answer_remembered(ledger: RealLedger) -> None:
    movement, sent = _as_large_as_may_be(ledger)
    places = ledger.send([sent, sent])
    first, again = (ledger.outcome(place, ("replies",))["replies"].value for place in places)
    assert first is not None
    assert again is not None
    assert (first["status"], again["status"]) == ("done", "duplicate")
    assert first["lots"] == again["lots"]
    assert ledger.reply_to({**movement, "notes": "other"})["reasons"][0]["code"] == "movement-id-reused"


def test_a_movement_as_large_as_its_topic_takes_it_is_refused_and_kept_whole(ledger: RealLedger) -> None:
    _, sent = _as_large_as_may_be(ledger, template="?")
    (place,) = ledger.send([sent])
    found = ledger.outcome(place, ("replies", "movements.dead-letters"))
    assert found["movements.dead-letters"].raw == sent.value
    assert ledger.reply_to(ledger.a_movement(FLOUR))["status"] == "done"


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"movement_id": "i" * 7_000_000}, id="an endless id"),
        pytest.param(
            {"template": "\0" * 7_000_000}, id="an endless template, of characters that are told by their number"
        ),
        pytest.param(
            {"lots": [{"lot_code": "x" * 60, "quantity": 0}] * 49_000}, id="many lines, each wrong in many ways"
        ),
    ],
)
def test_what_is_refused_at_great_length_is_answered_in_short(ledger: RealLedger, values: Value) -> None:
    (place,) = ledger.send([sent := ledger.sent(ledger.a_movement(FLOUR, **values))])
    found = ledger.outcome(place, ("replies", "movements.dead-letters"))
    answer = found["replies"]
    assert answer.value is not None
    assert answer.value["status"] == "refused"
    assert len(answer.raw or b"") < 200_000
    assert found["movements.dead-letters"].raw == sent.value
    assert ledger.reply_to(ledger.a_movement(FLOUR))["status"] == "done"


def test_what_was_let_in_because_it_was_compressed_is_refused_and_named_where_no_letter_can_hold_it(
    own_ledger: RealLedger,
) -> None:
    ledger, good = own_ledger, own_ledger.sent(own_ledger.a_movement(FLOUR))
    producer = Producer(
        {
            "bootstrap.servers": ledger.servers,
            "compression.type": "zstd",
            "message.max.bytes": 100_000_000,
            "log_level": 0,
        }
    )
    for size in (INPUT_BYTES + 1, 40_000_000):
        places: list[tuple[str, int, int]] = []
        producer.produce(
            "movements",
            bytes(size),
            good.key,
            good.partition,
            on_delivery=lambda error, sent, places=places: places.append(
                (sent.topic(), sent.partition(), sent.offset())
            ),
        )
        assert producer.flush(60) == 0
        letter = ledger.outcome(places[0], ("movements.dead-letters",))["movements.dead-letters"]
        assert letter.headers["error-code"] == b"message-undecodable"
        assert f"got {size}".encode() in (letter.headers["__streams.errors.message"] or b"")
        assert letter.raw == (bytes(size) if size < 16_000_000 else None)
    assert ledger.reply_to(ledger.a_movement(FLOUR))["status"] == "done"
