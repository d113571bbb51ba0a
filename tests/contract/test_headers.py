"""What every output and every dead letter says about itself."""

from processors.contract.headers import (
    OutputHeaders,
    attempt_of,
    dead_letter_headers,
    event_ids,
    original_headers,
    replay_headers,
)
from processors.domain.events import Posting
from processors.domain.registers import StockRow

OURS = [("traceparent", b"00-1-2-01"), ("empty", None), ("twice", b"1"), ("twice", b"2")]


def test_an_output_is_a_cloud_event() -> None:
    ours = OutputHeaders("/lotstream/ledger")
    headers = ours.of(
        Posting, event_ids("movements", 3, 17) + b"2", ours.time(1_795_219_200_000), b"FOO|FLOUR", b"00-1-2-01"
    )
    assert dict(headers) == {
        "ce_specversion": b"1.0",
        "ce_type": b"lotstream.Posting",
        "ce_source": b"/lotstream/ledger",
        "content-type": b"application/avro",
        "ce_id": b"movements/3/17/2",
        "ce_time": b"2026-11-21T00:00:00.000Z",
        "ce_subject": b"FOO|FLOUR",
        "traceparent": b"00-1-2-01",
    }


def test_an_output_without_a_trace_has_none_and_a_row_is_named_after_its_register() -> None:
    ours = OutputHeaders("/lotstream/ledger")
    headers = dict(ours.of(StockRow, b"1", ours.time(0), b"k"))
    assert "traceparent" not in headers
    assert headers["ce_type"] == b"lotstream.StockRegister"


def a_dead_letter(original: list[tuple[str, bytes | None]]) -> list[tuple[str, bytes | None]]:
    return dead_letter_headers(
        original, "movements", 3, 17, code="item-unknown", kind="rule", message="no item FOO|X: send it first"
    )


def test_a_dead_letter_keeps_the_original_headers_and_says_where_and_why() -> None:
    assert a_dead_letter(OURS) == [
        *OURS,
        ("__streams.errors.topic", b"movements"),
        ("__streams.errors.partition", b"3"),
        ("__streams.errors.offset", b"17"),
        ("__streams.errors.exception", b"item-unknown"),
        ("__streams.errors.stacktrace", b""),
        ("__streams.errors.message", b"no item FOO|X: send it first"),
        ("error-code", b"item-unknown"),
        ("error-kind", b"rule"),
        ("error-attempt", b"1"),
    ]


def test_a_replayed_record_has_its_own_headers_and_counts_its_attempts() -> None:
    replayed = replay_headers(a_dead_letter(OURS))
    assert original_headers(replayed) == OURS
    assert attempt_of(replayed) == 1
    assert attempt_of(a_dead_letter(replayed)) == 2


def test_a_foreign_attempt_header_that_is_no_number_counts_as_none() -> None:
    assert attempt_of([("error-attempt", b"many"), ("other", b"5")]) == 0
