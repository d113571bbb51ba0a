"""Every record's key and route, and the partition that every producer in the world agrees on."""

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic
from hypothesis import given
from hypothesis import strategies as st

from processors.contract.cluster_records import CounterEpoch, Meta
from processors.contract.manifest import MANIFEST, UnknownTopic, dead_letters_of, key_of, route_of, topic_of
from processors.contract.partitions import murmur2, partition_of
from processors.domain import keys
from processors.domain.master import Account, CodeType, Company, LotStatus, MonthLetter, YearLetter
from processors.domain.registers import CounterRow, LotRow, ReservationRow, SerialRow, StateRow, StockRow
from processors.embedded.broker import Broker
from tests.contract.records import a_load


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_murmur2_gives_the_values_of_the_java_clients_own_tests(data: bytes, expected: int) -> None:
    assert murmur2(data) == expected


@given(st.text(), st.integers(1, 100))
def test_a_partition_is_one_of_those_there_are_and_the_same_for_text_and_bytes(route: str, count: int) -> None:
    data = route.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    assert 0 <= partition_of(data, count) < count
    assert partition_of(data, count) == partition_of(data.encode(), count)
    assert partition_of(data, count) == (murmur2(data.encode()) & 0x7FFFFFFF) % count


@pytest.mark.real
def test_our_partition_is_the_one_that_the_broker_client_chooses(cluster: Broker) -> None:
    settings = {"bootstrap.servers": cluster.bootstrap_servers}
    admin = AdminClient(settings)
    admin.create_topics([NewTopic("murmur2-check", 7, 1)])["murmur2-check"].result(30)
    routes = ["FOO|FLOUR", "", "à|b\\|c", "x" * 1000, *(f"A|{number}" for number in range(200))]
    chosen: dict[bytes, int] = {}
    producer = Producer({**settings, "partitioner": "murmur2_random"})
    for route in routes:
        producer.produce(
            "murmur2-check",
            key=route.encode(),
            on_delivery=lambda error, message: chosen.__setitem__(message.key(), message.partition()),
        )
    assert producer.flush(30) == 0
    assert {route: partition_of(route, 7) for route in routes} == {key.decode(): p for key, p in chosen.items()}


@given(st.lists(st.text(), min_size=1, max_size=6))
def test_the_parts_of_a_key_come_back(parts: list[str]) -> None:
    assert keys.split(keys.join(*parts)) == tuple(parts)


STOCK = StockRow("FOO", "A|B", None, "01", None, "L\\1", 0, 0, 0, 0, "KG", "M1", 0, 0)
LOT = LotRow("FOO", "FLOUR", "", "L1", *[None] * 11, 0, *[None] * 5, True, False, 0, 0, 0, 0, 1, 0, 0)  # type: ignore[arg-type]
SERIAL = SerialRow(
    "FOO", "PUMP", "V", None, None, None, "S1", None, None, "out", None, None, None, None, None, None, None,
    False, False, False, None, None, None, None, 1, 0, 0,
)  # fmt: skip
RESERVATION = ReservationRow("FOO", "FLOUR", None, "01", None, "L1", None, "customer_order", "O|1", 1, 0, 0, 0)
ITEM_COUNTER = CounterRow("SEQ", "lot", "item", "FOO", "FLOUR", "", "2026", 3, 0, "", None, None, None, 0, 0, 0)
COMPANY_COUNTER = CounterRow("SEQ", "lot", "company", None, None, None, "2026", 3, 0, "", None, None, None, 0, 0, 0)
MOVEMENT_ROW = StateRow("movement", "FOO", "FLOUR", "M1", *[None] * 8, 0)  # type: ignore[arg-type]
DROPPED_ROW = StateRow("dropped-ids", None, None, "3", *[None] * 8, 0)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("topic", "value", "key", "route"),
    [
        ("movements", a_load(item_code="A|B"), "FOO|A\\|B", "FOO|A\\|B"),
        ("master-data", Company(), "company|company", "company|company"),
        ("master-data", CodeType("lot", "SEQ", "s"), "code_type|lot|SEQ", "code_type|lot|SEQ"),
        ("master-register", LotStatus("OK", "", True, True), "lot_status|OK", "lot_status|OK"),
        ("master-register", YearLetter(2026, "F"), "year_letter|2026", "year_letter|2026"),
        ("master-register", MonthLetter(1, "A"), "month_letter|1", "month_letter|1"),
        ("master-register", Account("S1", None, "", "", "supplier"), "account|S1", "account|S1"),
        ("stock-register", STOCK, "FOO|A\\|B||01||L\\\\1", "FOO|A\\|B"),
        ("lot-register", LOT, "FOO|FLOUR||L1", "FOO|FLOUR"),
        ("serial-register", SERIAL, "FOO|PUMP|V||S1", "FOO|PUMP"),
        ("reservation-register", RESERVATION, "FOO|FLOUR||01||L1||customer_order|O\\|1", "FOO|FLOUR"),
        ("counter-register", ITEM_COUNTER, "lot\\|SEQ\\|FOO\\|FLOUR\\|\\|2026|3", None),
        ("counter-register", COMPANY_COUNTER, "lot\\|SEQ\\|\\|\\|\\|2026|3", None),
        ("ledger-state", MOVEMENT_ROW, "movement|FOO|FLOUR|M1", "FOO|FLOUR"),
        ("ledger-state", DROPPED_ROW, "dropped-ids|3", None),
        ("meta", Meta("partitions", "12", 0), "partitions", "partitions"),
        ("counter-epochs", CounterEpoch("owner", None, "ledger-0", 0, 3), "owner|3", "owner|3"),
    ],
)
def test_the_key_and_route_of_a_record(topic: str, value: object, key: str, route: str | None) -> None:
    assert key_of(topic, value) == key
    assert route_of(topic, key, value) == route


def test_the_key_of_an_input_is_its_route() -> None:
    assert all(topic.key is topic.route for topic in MANIFEST.values() if topic.kind == "input")


def test_only_the_topics_named_by_the_contract_have_one_partition() -> None:
    single = {name for name, topic in MANIFEST.items() if topic.partitions(12) == 1}
    dead = {dead_letters_of(name) for name, topic in MANIFEST.items() if topic.kind == "input"}
    assert single == {"master-data", "master-register", "meta", "counter-epochs"} | dead


def test_every_topic_keeps_the_time_of_its_records_and_takes_them_at_their_size() -> None:
    for topic in MANIFEST.values():
        settings = topic.config()
        assert settings["message.timestamp.type"] == ("LogAppendTime" if topic.kind == "event" else "CreateTime")
        mib = 25 if topic.name == "ledger-state" else 8 if topic.kind == "input" else 16
        assert int(settings["max.message.bytes"]) == mib * 1024 * 1024
    registers = [topic.config() for topic in MANIFEST.values() if topic.kind == "register"]
    assert {(s["cleanup.policy"], s["delete.retention.ms"]) for s in registers} == {("compact", "2592000000")}


def test_a_topic_that_does_not_exist_is_named_with_those_that_do() -> None:
    with pytest.raises(UnknownTopic, match=r"expected one of the topics master-data, .*, got 'movement'"):
        topic_of("movement")
