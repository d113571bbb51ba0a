"""What a results file becomes: tables, aims and plots of the performance page."""

import xml.etree.ElementTree as ElementTree
from typing import Any

import pytest

from benchmarks import drawings, report, tables


def _round(contender: str, rate: float, workers: int = 1) -> dict[str, Any]:
    return {
        "contender": contender, "workers": workers, "rate": rate, "cpu_us": 1e6 / rate, "rss_mib": rate / 100,
        "events": 1000, "seconds": 1000 / rate,
    }  # fmt: skip


def _waits(contender: str, rate: int, p99_ms: float | None) -> dict[str, Any]:
    half = None if p99_ms is None else p99_ms / 2
    return {
        "contender": contender, "rate": rate, "reached": float(rate), "p50_ms": half, "p95_ms": half,
        "p99_ms": p99_ms, "most_ms": p99_ms,
    }  # fmt: skip


def _results(**more: Any) -> dict[str, Any]:
    return {
        "taken": "2026-11-21 12:00", "command": "python -m benchmarks", "machine": "2 cores",
        "versions": {"Kafka": "4"}, "seconds": 1500, "missed": {}, **more,
    }  # fmt: skip


KILLS = {
    "contender": "faust", "rate": 1000, "seconds": [9.0, 3.0, 5.0], "sent": 9000, "lost": 0, "doubled": 28,
    "wrong_stocks": 6,
}  # fmt: skip
ALL = _results(
    throughput=[_round("ledger", 10_000), _round("ledger", 30_000), _round("ledger", 20_000), _round("quix", 5_000)],
    scaling=[_round("ledger", 30_000, 2)],
    latency=[_waits("ledger", 2000, 40.0), _waits("ledger", 5000, None), _waits("quix", 2000, 90.0)],
    kills=[KILLS],
    state=[{"rows": 1_000_000, "cold_s": 2.0, "cold_rss_mib": 900.0, "warm_s": 0.4, "warm_rss_mib": 300.0,
            "rate": 9000.0, "cpu_us": 100.0, "rss_mib": 950.0}],
    serials={"loads": 100, "pieces": 10_000, "one_median_s": 0.5, "one_worst_s": 0.9, "codes_per_s": 40_000.0,
             "all_s": 25.0},
    stages={"messages": 1000, "seconds": 0.1, "stages_us": {"decide": 60.0, "produce": 30.0}},
    many_lots={"a load of 200 lots, median": 21.0},
    counting={
        "beside": {"reads_per_s": 200, "movements_per_s": 2000, "backlog": 0, "left": 0, "p50_ms": 60.0,
                   "p95_ms": 100.0, "p99_ms": 150.0, "most_ms": 300.0, "young_p50_ms": 80.0,
                   "young_p95_ms": 200.0, "young_p99_ms": 300.0},
        "backlog": {"reads_per_s": 200, "movements_per_s": 2000, "backlog": 1_000_000, "left": 900_000, "p50_ms": 90.0,
                    "p95_ms": 200.0, "p99_ms": 250.0, "most_ms": 300.0, "young_p50_ms": 100.0,
                    "young_p95_ms": 300.0, "young_p99_ms": 400.0},
        "closing": {"lines": 20_000, "differences": 1000, "partitions": 12, "counted_s": 10.0, "closed_s": 4.0},
    },
)  # fmt: skip


def _rows(table: str) -> dict[str, list[str]]:
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]
    return {first: rest for first, *rest in cells}


def test_contenders_are_told_by_their_medians_with_the_ratio_to_the_ledger() -> None:
    rows = _rows(tables.comparison(ALL))
    assert rows["lotstream, the full ledger"][:3] == ["20,000", "10,000 – 30,000", "1.00"]
    assert rows["Quix Streams, exactly once"][:3] == ["5,000", "5,000 – 5,000", "0.25"]


def test_who_fell_behind_is_said_so_and_higher_paces_are_left_out() -> None:
    rows = _rows(tables.latency(ALL))
    assert rows["lotstream, the full ledger"] == ["20 / 20 / 40", "fell behind"]
    assert rows["Quix Streams, exactly once"] == ["45 / 45 / 90", "–"]


def test_a_kill_is_told_with_what_it_cost() -> None:
    assert _rows(tables.kills(ALL))["Faust, at least once"] == ["3", "5.00 s", "9.00 s", "9,000", "0", "28", "6"]


@pytest.mark.parametrize(
    ("aim", "verdict"),
    [
        ("full ledger, one worker, movements/s", "**missed**"),
        ("runtime with the minimal rule, events/s", "not measured"),
        ("durable generated codes/s", "**missed**"),
        ("one load of 10,000 generated serials, s", "met"),
        ("p99 at 2,000 movements/s, ms", "met"),
        ("p99 at 5,000 movements/s, ms", "**missed**"),
        ("kill -9 to the next new committed result, median, s", "not measured"),
        ("cold restore of 1,000,000 rows, rows/s", "met"),
        ("memory with 10,000,000 rows, MiB", "not measured"),
        ("p99 of the feedback at 200 reads/s beside 2,000 movements/s, ms", "met"),
        ("the same while a backlog is worked off, ms", "**missed**"),
        ("closing a list of 20,000 lines, s", "met"),
    ],
)
def test_every_aim_has_its_verdict(aim: str, verdict: str) -> None:
    assert _rows(tables.aims(ALL))[aim][-1] == verdict


def test_counting_is_told_with_what_went_on_beside_it() -> None:
    rows = _rows(tables.counting(ALL))
    assert list(rows.values()) == [
        ["60 / 100 / 150 ms"], ["80 / 200 / 300 ms"], ["90 / 200 / 250 ms"], ["100 / 300 / 400 ms"], ["4.00 s"],
        ["2,000 /s"],
    ]  # fmt: skip
    assert "a backlog of 1,000,000, 900,000 left at the end" in list(rows)[2]


def test_a_smaller_list_than_that_of_the_aim_says_nothing_of_it() -> None:
    told = {**ALL["counting"], "closing": {**ALL["counting"]["closing"], "lines": 4000}}
    rows = _rows(tables.aims({**ALL, "counting": told}))
    assert rows["closing a list of 20,000 lines, s"][-1] == "not measured"


def test_the_page_is_filled_and_filling_it_again_changes_nothing() -> None:
    text = report.PAGE.read_text(encoding="utf-8")
    filled = report.page(text, ALL)
    assert "| Quix Streams, exactly once | 5,000 |" in filled
    assert report.page(filled, ALL) == filled
    places = {found[2] for found in report.PLACE.finditer(text)}
    assert places == set(report.BLOCKS), "every block has its place in the page"


def test_a_part_that_was_not_run_is_not_taken_over_from_a_former_run() -> None:
    filled = report.page(report.page(report.PAGE.read_text(encoding="utf-8"), ALL), _results())
    assert "| Quix Streams, exactly once | 5,000 |" not in filled
    assert "Not measured in this run." in filled


@pytest.mark.parametrize("results", [ALL, _results()], ids=["all", "nothing measured"])
@pytest.mark.parametrize("name", drawings.DRAWINGS)
def test_every_plot_is_a_picture_that_the_page_shows(name: str, results: dict[str, Any]) -> None:
    picture = ElementTree.fromstring(drawings.DRAWINGS[name](results))
    assert picture.tag.endswith("svg")
    assert f"(performance/{name}.svg)" in report.PAGE.read_text(encoding="utf-8")
