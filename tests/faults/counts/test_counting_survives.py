"""Five operators count three lists while goods move and workers of both kinds die: every planted difference is found,
and no false one (docs/faults.md)."""

from collections.abc import Callable
from copy import copy

import pytest

from processors.embedded.broker import Broker
from processors.embedded.redis import RedisServer
from tests.faults.checker.history import History, Record, Value
from tests.faults.counts.judge.facts import Facts, row_of
from tests.faults.counts.judge.report import judge_counting
from tests.faults.counts.run import Plan, Report, run
from tests.faults.servers import need_servers

pytestmark = pytest.mark.real
SEED = 20261121


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """A whole run, with workers that die."""
    need_servers()
    directory = tmp_path_factory.mktemp("counts")
    broker, redis = Broker(directory / "broker"), RedisServer(directory / "redis")
    try:
        broker.start()
        redis.start()
        plan = Plan(SEED, directory, reads=20, per_s=300, seconds=15, kills=3)
        return run(plan, broker.bootstrap_servers, redis.url)
    finally:
        broker.kill()
        redis.kill()


def test_every_planted_difference_is_found_and_no_false_one_is_made(counted: Report) -> None:
    """`python -m tests.faults.counts` does the same, larger; docs/faults.md says how to read what is printed."""
    assert not counted.violations, f"seed {SEED}: {counted}"
    counts = counted.counts
    assert counts["kills"] >= 5, "those at chosen moments too"
    assert min(counts[name] for name in ("planted", "corrections", "papers held back")) > 0
    assert {thing[1] is not None for thing in counted.facts.planted} == {True, False}, "goods and pieces"
    lists = {list_ for list_, _ in counted.facts.lines.values()}
    assert lists == {"L1", "L2", "L3"}


Damage = Callable[[History, Facts], None]


def _changed(history: History, topic: str, choose: Callable[[Value], bool], change: Callable[[Value], Value]) -> None:
    """Change the first record of a topic of which `choose` is true."""
    records = history.records[topic] = list(history.records[topic])
    place = next(n for n, record in enumerate(records) if record.value is not None and choose(record.value))
    records[place] = _with(records[place], change)


def _with(record: Record, change: Callable[[Value], Value]) -> Record:
    changed = copy(record)
    changed.value = change(dict(record.value or {}))
    return changed


def _moved(facts: Facts) -> Callable[[Value], bool]:
    """A counted line of goods that moved meanwhile, all of whose papers were there."""
    late = {place.key for place in facts.late}
    return lambda row: row["moved_during_count"] and row["serial_code"] is None and row_of(row) not in late


def _row(history: History, topic: str, choose: Callable[[Value], bool], change: Callable[[Value], Value]) -> None:
    rows = history.rows[topic] = dict(history.rows[topic])
    key = next(key for key, record in rows.items() if record.value is not None and choose(record.value))
    rows[key] = _with(rows[key], change)


def _more(name: str, amount: int) -> Callable[[Value], Value]:
    return lambda value: {**value, name: value[name] + amount}


def _without(history: History, topic: str, place: int) -> None:
    history.records[topic] = [record for n, record in enumerate(history.records[topic]) if n != place]


def _twice(history: History, topic: str) -> None:
    history.records[topic] = [*history.records[topic], history.records[topic][0]]


def _of_goods(value: Value) -> bool:
    return bool(value["kind"] == "difference" and value["serial_code"] is None)


DAMAGES: dict[str, tuple[Damage, str]] = {
    "a difference that nobody planted": (
        lambda history, facts: facts.planted.pop(next(iter(facts.planted))) and None,
        "differences-are-what-was-planted",
    ),
    "a planted difference that was not found": (
        lambda history, facts: _without(history, "adjustments", 0),
        "differences-are-what-was-planted",
    ),
    "a book that no paper explains": (
        lambda history, facts: _changed(history, "adjustments", _of_goods, _more("book", 1)),
        "books-are-the-papers-of-that-moment",
    ),
    "a correction of a movement that was none": (
        lambda history, facts: _changed(
            history,
            "adjustments",
            lambda value: value["kind"] == "correction",
            lambda value: {**value, "movement_id": "?"},
        ),
        "corrections-undo-their-movement",
    ),
    "an adjustment twice": (lambda history, facts: _twice(history, "adjustments"), "adjustments-are-their-postings"),
    "a posting of more than was adjusted": (
        lambda history, facts: _changed(
            history, "postings", lambda value: value["adjustment_id"] is not None, _more("quantity", 1)
        ),
        "adjustments-are-their-postings",
    ),
    "stock that does not stand on the shelf": (
        lambda history, facts: _row(history, "stock-register", lambda value: True, _more("stock", 1)),
        "shelves-are-the-stock",
    ),
    "a line that says another quantity": (
        lambda history, facts: _row(
            history, "count-line-register", lambda value: value["reads"] > 0, _more("counted", 1)
        ),
        "lines-are-what-was-read",
    ),
    "a line that says that nothing moved": (
        lambda history, facts: _row(
            history,
            "count-line-register",
            _moved(facts),
            lambda value: {**value, "moved_during_count": False},
        ),
        "lines-are-what-was-read",
    ),
    "a line with two results": (
        lambda history, facts: _changed(
            history, "count-results", lambda value: value["lines"], lambda value: {**value, "lines": value["lines"] * 2}
        ),
        "lines-are-what-was-read",
    ),
    "a partition that answers twice": (
        lambda history, facts: _twice(history, "count-results"),
        "settled-once-by-each-partition",
    ),
    "a read without an answer": (
        lambda history, facts: _without(history, "scan-feedback", 3),
        "every-read-has-its-answer",
    ),
    "a read that was refused and must not be": (
        lambda history, facts: _changed(
            history,
            "scan-feedback",
            lambda value: value["status"] == "accepted",
            lambda value: {**value, "status": "refused"},
        ),
        "every-read-has-its-answer",
    ),
    "a command that was answered otherwise": (
        lambda history, facts: _changed(
            history,
            "replies",
            lambda value: value["request_topic"] == "counts",
            lambda value: {**value, "status": "refused"},
        ),
        "every-command-has-its-reply",
    ),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_what_is_damaged_is_found(name: str, counted: Report) -> None:
    damage, invariant = DAMAGES[name]
    history, facts = copy(counted.history), copy(counted.facts)
    history.records, history.rows, facts.planted = dict(history.records), dict(history.rows), dict(facts.planted)
    damage(history, facts)
    assert invariant in {violation.invariant for violation in judge_counting(history, facts)}
