"""A worker that dies or freezes at each named point of its turn: what is left in the topics is sound."""

import shutil

import pytest

from tests.faults.nemesis.workers import TURN_POINTS
from tests.faults.waiting import until
from tests.real.ledger import BROKER_BACK_S, RealLedger

pytestmark = pytest.mark.real


def test_a_worker_killed_at_each_point_of_its_turn_loses_and_doubles_nothing(ledger: RealLedger) -> None:
    ledger.workers[0].stop(20)
    for point in TURN_POINTS:
        ledger.start(0, crash_at=f"{point}:2")
        ledger.send(ledger.load.movements(250))
        ledger.wait_for_crash(0)
    ledger.start(0)
    ledger.prove()


def test_a_worker_killed_while_it_restores_begins_anew(ledger: RealLedger) -> None:
    ledger.send(ledger.load.movements(500))
    until(ledger.worked_off, ledger.standing)
    ledger.stop()
    shutil.rmtree(ledger.state_dir / "ledger-0")
    ledger.start(0, crash_at="during-restore:1")
    ledger.wait_for_crash(0)
    ledger.start(0)
    ledger.send(ledger.load.movements(250))
    ledger.prove()


@pytest.mark.parametrize("point", ["after-flush", "after-confirm", "after-offsets-sent"])
def test_a_worker_frozen_past_its_transaction_writes_nothing_when_it_wakes(ledger: RealLedger, point: str) -> None:
    """Frozen with an open transaction, it loses its session; another worker takes its tasks over and does the work."""
    ledger.workers[0].stop(20)
    ledger.start(0, crash_at=f"{point}:2:freeze")
    ledger.send(ledger.load.movements(600))
    until(lambda: ledger.is_frozen(0), f"worker 0 freezes: {ledger.tail(0)}")
    ledger.start(1)
    until(ledger.worked_off, ledger.standing)
    log = ledger.log(0).stat().st_size
    ledger.thaw(0)
    until(
        lambda: not ledger.workers[0].is_running or "tasks taken over" in ledger.log(0).read_text()[log:],
        f"it ends or begins anew: {ledger.tail(0)}",
    )
    ledger.send(ledger.load.movements(300))
    until(ledger.worked_off, ledger.standing)
    if not ledger.workers[0].is_running:
        assert ledger.workers[0].exit_code == 1, f"it may be started anew: {ledger.tail(0)}"
    ledger.prove()


def test_a_commit_that_meets_a_broker_just_killed_is_settled_before_anything_is_redone(own_ledger: RealLedger) -> None:
    ledger = own_ledger
    ledger.workers[0].stop(20)
    ledger.start(0, crash_at="after-offsets-sent:2:freeze")
    ledger.send(ledger.load.movements(400))
    until(lambda: ledger.is_frozen(0), lambda: f"worker 0 freezes: {ledger.tail(0)}")
    ledger.broker.kill()
    ledger.thaw(0)
    ledger.broker.start()
    until(ledger.supervised_and_done, ledger.standing, BROKER_BACK_S)
    ledger.prove()


def test_two_workers_with_one_identity_are_one_after_the_other(ledger: RealLedger) -> None:
    """The newer process has the slot; the older one, when it writes, ends and asks to be started anew."""
    older = ledger.workers.pop(0)
    try:
        ledger.start(0)
        ledger.send(ledger.load.movements(600))
        until(lambda: not older.is_running, lambda: f"the older one ends: {ledger.tail(0)}")
    finally:
        older.kill()
    assert older.exit_code == 1, ledger.tail(0)
    assert "this worker ends: " in ledger.log(0).read_text()
    until(ledger.supervised_and_done, ledger.standing)
    ledger.prove()
