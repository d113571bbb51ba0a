"""What comes in wrong: a stable code, a dead letter with the bytes as they came, and the worker goes on."""

import os
from collections.abc import Callable

import pytest

from tests.faults.checker.history import Value
from tests.faults.company import UNLOAD
from tests.faults.load import Sent
from tests.faults.truth import PIECE
from tests.real.ledger import LOTTED, PLAIN, SERIAL, SHORT, WIRE, RealLedger

pytestmark = pytest.mark.real
LETTERS = "movements.dead-letters"
GOOD = (PLAIN.item_class, PLAIN.item_code)
PUMP = (SERIAL.item_class, SERIAL.item_code)
FLOUR = (LOTTED.item_class, LOTTED.item_code)
Make = Callable[[RealLedger], Sent]


def _bytes(change: Callable[[bytes], bytes | None]) -> Make:
    """A good movement whose bytes are changed."""

    def make(ledger: RealLedger) -> Sent:
        good = ledger.sent(ledger.a_movement())
        return Sent(good.key, change(good.value or b""), good.partition, None)

    return make


def _key(key: bytes | None) -> Make:
    def make(ledger: RealLedger) -> Sent:
        good = ledger.sent(ledger.a_movement())
        return Sent(key, good.value, good.partition, None)

    return make


def _elsewhere(ledger: RealLedger) -> Sent:
    good = ledger.sent(ledger.a_movement())
    return Sent(good.key, good.value, (good.partition + 1) % ledger.partitions, None)


def _no_day(ledger: RealLedger) -> Sent:
    return ledger.sent(ledger.a_movement(effective_date=-(2**31)))


def _no_decimal(ledger: RealLedger) -> Sent:
    return ledger.sent(ledger.a_movement(quantity=10**18))


@pytest.mark.parametrize(
    ("code", "make"),
    [
        pytest.param("message-undecodable", _bytes(lambda good: good[:-3]), id="truncated Avro"),
        pytest.param("message-undecodable", _bytes(lambda good: good[:3]), id="a head without a body"),
        pytest.param("message-undecodable", _bytes(lambda good: b"\1" + good[1:]), id="wrong magic byte"),
        pytest.param("message-undecodable", _bytes(lambda good: b"\0\x7f\xff\xff\xff" + good[5:]), id="unknown schema"),
        pytest.param("message-undecodable", _bytes(lambda good: good + b"\0"), id="bytes behind the record"),
        pytest.param("message-undecodable", _bytes(lambda good: b""), id="empty value"),
        pytest.param("message-undecodable", _bytes(lambda good: None), id="null value"),
        pytest.param("message-undecodable", _bytes(lambda good: os.urandom(2_000_000)), id="2 MB of nothing"),
        pytest.param("message-undecodable", _no_day, id="a day that is none"),
        pytest.param("message-undecodable", _no_decimal, id="more digits than a decimal has"),
        pytest.param("key-mismatch", _key(None), id="null key"),
        pytest.param("key-mismatch", _key(b"PLN|another"), id="a key of another item"),
        pytest.param("key-mismatch", _key(b"\xff\xfe"), id="a key that is no text"),
        pytest.param("key-mismatch", _elsewhere, id="wrong partition"),
    ],
)
def test_what_cannot_be_taken_as_a_movement_is_kept_with_its_bytes_and_the_next_one_is_taken(
    ledger: RealLedger, code: str, make: Make
) -> None:
    worker, bad = ledger.workers[0].pid, make(ledger)
    (place,) = ledger.send([bad])
    letter = ledger.outcome(place, (LETTERS,))[LETTERS]
    assert (letter.key, letter.raw) == (bad.key, bad.value)
    assert (letter.headers["error-code"], letter.headers["error-kind"]) == (code.encode(), b"poison")
    assert letter.headers["__streams.errors.message"], "it says what was expected and what came"
    assert ledger.reply_to(ledger.a_movement())["status"] == "done"
    assert "replies" not in ledger.outcome(place, ()), "nobody can be answered"
    assert ledger.workers[0].pid == worker, "the worker that took it goes on"


@pytest.mark.parametrize(
    ("code", "item", "values"),
    [
        pytest.param("quantity-not-positive", GOOD, {"quantity": -PIECE}, id="negative"),
        pytest.param("quantity-not-positive", GOOD, {"quantity": 0}, id="zero"),
        pytest.param("too-many-pieces", PUMP, {"quantity": 900_000 * PIECE}, id="huge, in serials"),
        pytest.param("stock-insufficient", GOOD, {"quantity": 10**18 - 1, "template": UNLOAD}, id="huge, to unload"),
        pytest.param("item-unknown", ("PLN", "ghost"), {}, id="unknown item"),
        pytest.param("template-unknown", GOOD, {"template": "?"}, id="unknown template"),
        pytest.param("warehouse-unknown", GOOD, {"warehouse": "?"}, id="unknown warehouse"),
        pytest.param("serial-repeated", PUMP, {"quantity": 2 * PIECE, "serials": ["a", "a"]}, id="serial repeated"),
        pytest.param("field-invalid", GOOD, {"movement_id": ""}, id="no id"),
        pytest.param("field-invalid", GOOD, {"quantity": None}, id="no quantity"),
        pytest.param("field-invalid", FLOUR, {"lots": [{"lot_code": "x" * 51, "quantity": PIECE}]}, id="a long code"),
    ],
)
def test_what_the_rules_refuse_is_answered_kept_and_passed(
    ledger: RealLedger, code: str, item: tuple[str, str], values: Value
) -> None:
    worker, bad = ledger.workers[0].pid, ledger.sent(ledger.a_movement(item, **values))
    (place,) = ledger.send([bad])
    found = ledger.outcome(place, ("replies", LETTERS))
    reply, letter = found["replies"].value, found[LETTERS]
    assert reply is not None
    assert reply["status"] == "refused"
    assert reply["reasons"][0]["code"] == code
    assert reply["reasons"][0]["message"]
    assert (letter.key, letter.raw) == (bad.key, bad.value)
    assert (letter.headers["error-code"], letter.headers["error-kind"]) == (code.encode(), b"rule")
    assert ledger.reply_to(ledger.a_movement())["status"] == "done"
    assert ledger.workers[0].pid == worker, "the worker that refused it goes on"


def test_an_id_seen_before_gets_its_first_answer_and_with_other_content_a_refusal(ledger: RealLedger) -> None:
    movement = ledger.a_movement(FLOUR)
    first, again = ledger.reply_to(movement), ledger.reply_to(movement)
    other = ledger.reply_to({**movement, "notes": "changed"})
    assert first["status"] == "done"
    assert (again["status"], again["lots"]) == ("duplicate", first["lots"])
    assert (other["status"], other["reasons"][0]["code"]) == ("refused", "movement-id-reused")


@pytest.mark.parametrize(
    ("code", "parts"),
    [
        pytest.param("master-invalid", [], id="no parts"),
        pytest.param("master-invalid", [{"field": "number", "length": 0, "fill": None}], id="a part of length zero"),
        pytest.param("master-invalid", [{"field": "number", "length": 51, "fill": None}], id="a part beyond 50"),
        pytest.param(
            "code-too-long",
            [{"field": "number", "length": 50, "fill": "0"}, {"field": "item_class", "length": 1, "fill": None}],
            id="codes beyond 50",
        ),
    ],
)
def test_a_code_type_that_can_give_no_code_is_kept_and_the_ledger_goes_on(
    ledger: RealLedger, code: str, parts: list[Value]
) -> None:
    value = {"kind": "lot", "code": "BAD", "description": "gives no codes", "parts": parts}
    bad = WIRE.encode("master-data", "CodeType", value)
    letters = "master-data.dead-letters"
    letter = ledger.outcome(ledger.send_master(b"code_type|lot|BAD", bad), (letters,))[letters]
    assert (letter.headers["error-code"], letter.raw) == (code.encode(), bad)
    assert ledger.reply_to(ledger.a_movement(FLOUR))["status"] == "done"


def test_a_progressive_that_has_run_out_refuses_and_leaves_what_it_gave(ledger: RealLedger) -> None:
    codes = [ledger.reply_to(ledger.a_movement(SHORT))["lots"][0]["lot_code"] for _ in range(10)]
    assert codes == list("0123456789")
    refused = ledger.reply_to(ledger.a_movement(SHORT))
    assert (refused["status"], refused["reasons"][0]["code"]) == ("refused", "progressive-exhausted")
    assert ledger.reply_to(ledger.a_movement(FLOUR))["status"] == "done"
