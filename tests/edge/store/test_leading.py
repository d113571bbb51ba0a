"""Who leads of several edges on one database: one at a time, until nothing is heard of it."""

import pytest
from sqlalchemy import update

from processors.edge.store import leading
from processors.edge.store.engine import Store
from processors.edge.store.queries_offsets import lag
from processors.edge.store.tables import PROJECTION
from processors.edge.store.writing import FormerOwner, Writer


def silence(store: Store, seconds: float) -> None:
    """As if the leader had said nothing for so long."""
    with store.write() as connection:
        until = connection.scalar(PROJECTION.select().with_only_columns(PROJECTION.c.leads_until))
        connection.execute(update(PROJECTION).values(leads_until=until - int(seconds * 1000)))


def test_one_leads_until_it_is_silent_for_too_long(store: Store) -> None:
    one, other = Writer(store, "one"), Writer(store, "other")
    one.look({})
    with pytest.raises(FormerOwner):
        other.look({})
    silence(store, leading.LEASE_S - 2)
    with pytest.raises(FormerOwner):
        other.look({})
    one.look({})
    silence(store, leading.LEASE_S + 1)
    other.look({})
    with pytest.raises(FormerOwner):
        one.look({})
    one.close()
    other.close()


def test_who_resigns_is_followed_at_once(store: Store) -> None:
    one, other = Writer(store, "one"), Writer(store, "other")
    one.look({})
    with store.read() as connection:
        assert [leading.may_lead(connection, name) for name in ("one", "other")] == [True, False]
    other.resign()
    with pytest.raises(FormerOwner):
        other.look({})
    one.resign()
    with store.read() as connection:
        assert leading.may_lead(connection, "other")
    other.look({})
    one.close()
    other.close()


def test_who_does_not_lead_changes_nothing_and_says_nothing(store: Store) -> None:
    one, other = Writer(store, "one"), Writer(store, "other")
    one.begin({"alerts": ("id", 1)})
    one.look({("alerts", 0): 7})
    with pytest.raises(FormerOwner):
        other.look({("alerts", 0): 9}, "stopped", "no broker")
    with pytest.raises(FormerOwner):
        other.begin({"postings": ("id", 1)})
    with store.read() as connection:
        seen = lag(connection)
    assert (seen.state, seen.message, [(each.topic, each.records) for each in seen.topics]) == (
        "following",
        None,
        [("alerts", 7)],
    )
    one.close()
    other.close()


def test_at_a_store_that_nobody_has_filled_nobody_has_looked(store: Store) -> None:
    writer = Writer(store, "one")
    writer.begin({"alerts": ("id", 1)})
    assert (store.lag().looked_at, store.lag().state) == (None, "starting")
    writer.close()
