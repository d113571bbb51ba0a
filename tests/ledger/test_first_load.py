"""The thin path, with its whole effect: a lot that comes in."""

from processors.domain import quantity
from processors.domain.events import HistoryEntry, Posting, Reply, ReplyLot
from processors.domain.registers import LotRow, StockRow
from tests.ledger.ledger_story import CHEESE, NOON, TODAY, Ledger, a_lot, a_movement, published, refused_with, reply_of

TEN = quantity.parse("10")


def test_a_load_of_a_named_lot_gives_a_reply_a_posting_its_history_and_its_rows() -> None:
    ledger = Ledger()
    movement = a_movement(
        CHEESE, "IN", "10", lots=(a_lot("L1", "10", supplier_lot="SL"),), account="S1", packages=2, notes="cool",
        document_type="purchase_delivery_note", document_number="D7", document_date=TODAY - 1, user="ann",
    )  # fmt: skip

    decision = ledger.send(movement)

    assert reply_of(decision) == Reply(
        "movements", "m1", "done", (), (ReplyLot("L1", TEN, False, None, ()),), (), TEN, ("m1",), NOON
    )
    assert published(decision, "postings") == [
        Posting(
            "FOO|CHEESE|m1|1", "m1", "IN", "FOO", "CHEESE", None, "W1", None, "L1", TEN, "KG", None, TEN, NOON, NOON,
            False, None, None, "purchase_delivery_note", "D7", TODAY - 1, "S1", None, "ann",
        )
    ]  # fmt: skip
    assert published(decision, "register-history") == [
        HistoryEntry(
            "FOO|CHEESE|m1|1", "lot", "FOO", "CHEESE", None, "L1", None, 1, "load", False, TEN, "KG", 2, NOON, NOON,
            None, "purchase_delivery_note", "D7", TODAY - 1, "W1", None, "IN", "S1", None, "m1", False,
        )
    ]  # fmt: skip
    assert ledger.rows("stock-register") == {
        "FOO|CHEESE||W1||L1": StockRow("FOO", "CHEESE", None, "W1", None, "L1", TEN, 0, TEN, 0, "KG", "m1", NOON, NOON)
    }
    start = TODAY - 1
    assert ledger.rows("lot-register") == {
        "FOO|CHEESE||L1": LotRow(
            "FOO", "CHEESE", "", "L1", "DAY", None, None, "S1", None, "SL", None, start, start + 30, start + 20,
            start + 25, TEN, 2, "cool", None, None, None, True, False, TEN, 0, TEN, 0, 1, NOON, NOON,
        )
    }  # fmt: skip
    assert list(ledger.rows("ledger-state")) == ["movement|FOO|CHEESE|m1", "pin|FOO|CHEESE|", "dropped-ids|3"]


def test_the_same_movement_again_gets_the_first_answer_and_changes_nothing() -> None:
    ledger = Ledger()
    movement = a_movement(CHEESE, "IN", "10", lots=(a_lot(None, "10"),))
    first = reply_of(ledger.send(movement))

    again = ledger.send(movement, time_ms=NOON + 60_000)

    assert not again.rows
    reply = reply_of(again)
    assert (reply.status, reply.decided_at) == ("duplicate", NOON + 60_000)
    assert (reply.lots, reply.stock_after, reply.movement_ids) == (first.lots, first.stock_after, first.movement_ids)
    assert reply.lots[0].lot_code == "260310000"


def test_the_same_id_with_other_content_is_refused_with_whatever_else_is_wrong() -> None:
    ledger = Ledger()
    ledger.send(a_movement(CHEESE, "IN", "10", lots=(a_lot("L1", "10"),)))

    assert refused_with(ledger.send(a_movement(CHEESE, "IN", "11", lots=(a_lot("L1", "10"),)))) == [
        "movement-id-reused",
        "lot-quantities-differ",
        "lot-exists",
    ]


def test_a_refused_id_is_free_and_its_movement_is_decided_afresh() -> None:
    ledger = Ledger()
    unload = a_movement(CHEESE, "OUT", "4", "m2", lots=(a_lot("L1", "4"),))
    assert refused_with(ledger.send(unload)) == ["lot-unknown"]
    ledger.send(a_movement(CHEESE, "IN", "10", lots=(a_lot("L1", "10"),)))

    assert reply_of(ledger.send(unload)).status == "done"
    assert ledger.stock("FOO|CHEESE||W1||L1") == "6"
