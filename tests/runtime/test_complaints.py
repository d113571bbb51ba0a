"""A broker that is away is told of in the worker's log, without drowning everything else there."""

import logging

import pytest
from confluent_kafka import KafkaError

from processors.runtime.kafka_client import COMPLAINT_EVERY_S, Complaints


def test_a_broker_that_is_away_is_one_line_at_a_time_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    now = [1000.0]
    complain = Complaints(lambda: now[0])
    error = KafkaError(KafkaError._ALL_BROKERS_DOWN, "1/1 brokers are down")
    with caplog.at_level(logging.WARNING):
        for quarter in range(8):
            complain(error)
            now[0] = 1000.0 + (quarter + 1) * COMPLAINT_EVERY_S / 4
    told = [(record.message, record.reason, record.times) for record in caplog.records]  # type: ignore[attr-defined]
    assert told == [
        ("trouble with a broker", "1/1 brokers are down", 1),
        ("trouble with a broker", "1/1 brokers are down", 4),
    ]
