"""A refusal says all that its answer has room for."""

from processors.domain.refusals import Reason, Refusal


def test_of_very_many_reasons_the_first_are_told_and_how_many_more_there_are() -> None:
    refusal = Refusal.of([*(Reason("field-invalid", f"line {n}") for n in range(250)), Reason("key-mismatch", "first")])
    assert len(refusal.reasons) == 100
    assert refusal.code == "key-mismatch"
    assert refusal.reasons[1] == Reason("field-invalid", "line 0")
    assert refusal.reasons[-1] == Reason("field-invalid", "line 98 (and 151 reasons more)")


def test_a_reason_that_repeats_something_endless_is_cut() -> None:
    (reason,) = Refusal.of([Reason("item-unknown", "x" * 5_000_000, "y" * 5_000_000)]).reasons
    assert reason == Reason("item-unknown", "x" * 999 + "…", "y" * 199 + "…")
