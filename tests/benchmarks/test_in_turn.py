"""A contender that fails costs the comparison only itself."""

import pytest

from benchmarks.contenders import Contender
from benchmarks.throughput import Failed, in_turn


def test_who_fails_is_said_and_named_and_the_others_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    asked: list[str] = []

    def measure(contender: Contender) -> int:
        asked.append(contender.name)
        if contender.name == "faust":
            raise Failed("no results\nthe end of its log")
        return len(asked)

    missed = {"quix": "not installed"}
    assert list(in_turn(["ledger", "faust", "quix", "streams"], measure, missed)) == [("ledger", 1), ("streams", 3)]
    assert missed == {"quix": "not installed", "faust": "no results\nthe end of its log"}
    assert capsys.readouterr().err == "  faust: no results\nthe end of its log\n"
    assert list(in_turn(["faust"], measure, missed)) == []
    assert asked == ["ledger", "faust", "streams"]
