"""The embedded broker and Redis: they answer, keep what they hold through a stop and a crash, and say what is wrong."""

import socket
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from processors.contract.reachable import Unreachable, wait_until_reachable
from processors.embedded import ports
from processors.embedded.broker import Broker
from processors.embedded.redis import RedisServer
from processors.embedded.trouble import Trouble


def _write(address: str, topic: str, value: bytes) -> None:
    admin = AdminClient({"bootstrap.servers": address})
    for made in admin.create_topics([NewTopic(topic, 1)]).values():
        made.result(20)
    producer = Producer({"bootstrap.servers": address, "transactional.id": "test"})
    producer.init_transactions(20)
    producer.begin_transaction()
    producer.produce(topic, value)
    producer.commit_transaction(20)


def _read(address: str, topic: str) -> bytes:
    consumer = Consumer({"bootstrap.servers": address, "group.id": "test", "auto.offset.reset": "earliest"})
    consumer.subscribe([topic])
    try:
        record = consumer.poll(30)
        assert record is not None, "no record within 30 s"
        return record.value() or b""
    finally:
        consumer.close()


@pytest.mark.real
def test_a_broker_takes_transactions_and_makes_no_topic_by_itself(any_cluster: str) -> None:
    _write(any_cluster, "first-steps", b"one")
    assert _read(any_cluster, "first-steps") == b"one"
    admin = AdminClient({"bootstrap.servers": any_cluster})
    asked = admin.list_topics("mistyped", timeout=10).topics["mistyped"]
    assert asked.error is not None
    assert "mistyped" not in admin.list_topics(timeout=10).topics


def test_a_redis_answers_and_evicts_nothing(any_redis: str) -> None:
    place = urlsplit(any_redis)
    assert place.hostname is not None
    assert place.port is not None
    assert "maxmemory_policy:noeviction" in _info(place.hostname, place.port)


@pytest.mark.real
@pytest.mark.parametrize("end", ["stop", "kill"])
def test_what_was_committed_is_there_after_the_broker_was_ended_and_started_again(
    fresh_cluster: Callable[..., Broker], end: str
) -> None:
    broker = fresh_cluster()
    address = broker.bootstrap_servers
    _write(address, "kept", b"one")
    getattr(broker, end)()
    assert not broker.is_running
    with pytest.raises(Unreachable, match="no Kafka broker answered"):
        wait_until_reachable(address, 0.6)
    broker.start()
    assert broker.bootstrap_servers == address
    assert _read(address, "kept") == b"one"


@pytest.mark.real
def test_a_fixed_port_is_used_and_a_taken_one_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with socket.create_server((ports.HOST, 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(Trouble, match=rf"Port {port} .* is taken .*--port") as refused:
            Broker(tmp_path / "broker", port=port).start()
        assert refused.value.code == "port-in-use"
        with pytest.raises(Trouble, match=f"Port {port} .* is taken") as refused:
            RedisServer(tmp_path / "redis", port=port).start()
        assert refused.value.code == "port-in-use"


@pytest.mark.real
def test_a_second_broker_on_the_same_data_is_refused_and_does_the_first_no_harm(
    fresh_cluster: Callable[..., Broker],
) -> None:
    first = fresh_cluster()
    with pytest.raises(Trouble, match="Another lotstream uses") as refused:
        Broker(first.directory).start()
    assert refused.value.code == "data-in-use"
    assert first.is_running
    _write(first.bootstrap_servers, "unharmed", b"one")
    first.kill()
    second = Broker(first.directory)
    second.start()
    try:
        assert _read(second.bootstrap_servers, "unharmed") == b"one"
    finally:
        second.kill()


def test_a_second_redis_on_the_same_data_is_refused(fresh_redis: Callable[..., RedisServer]) -> None:
    first = fresh_redis()
    with pytest.raises(Trouble, match="Another lotstream uses"):
        RedisServer(first.directory).start()
    assert first.ask("PING") == "+PONG"


def test_data_of_a_newer_kafka_is_refused_with_both_versions(tmp_path: Path) -> None:
    (tmp_path / "layout.json").write_text('{"layout": 1, "kafka": "99.0.0"}')
    with pytest.raises(Trouble, match=r"Kafka 99\.0\.0, layout 1.*This version has Kafka") as refused:
        Broker(tmp_path).start()
    assert refused.value.code == "data-format-old"


@pytest.mark.real
def test_a_setting_that_the_broker_does_not_take_is_told_in_its_own_words(tmp_path: Path) -> None:
    with pytest.raises(Trouble, match=r"num\.io\.threads") as refused:
        Broker(tmp_path, settings={"num.io.threads": "0"}).start()
    assert refused.value.code == "broker-failed"


@pytest.mark.parametrize("server", [Broker, RedisServer])
def test_a_directory_that_cannot_be_made_is_told(tmp_path: Path, server: type[Broker] | type[RedisServer]) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Trouble, match=r"cannot be written \(Not a directory\)") as refused:
        server(tmp_path / "file" / "data").start()
    assert refused.value.code == "disk-full"


@pytest.mark.real
def test_a_disk_without_room_is_told_before_the_broker_starts(tmp_path: Path) -> None:
    with pytest.raises(Trouble, match="MiB left") as refused:
        Broker(tmp_path, room_min=1 << 62).start()
    assert refused.value.code == "disk-full"


def test_redis_evicts_nothing_and_keeps_what_it_holds(fresh_redis: Callable[..., RedisServer]) -> None:
    server = fresh_redis()
    address = server.url
    assert server.ask("SET kept 1") == "+OK"
    server.stop()
    assert not server.is_running
    server.start()
    assert server.url == address
    assert server.ask("GET kept") == "$1"
    server.flush()
    assert server.ask("GET kept") == "$-1"


def test_redis_takes_settings_over_those_of_its_file(fresh_redis: Callable[..., RedisServer]) -> None:
    place = urlsplit(fresh_redis({"maxmemory-policy": "allkeys-lru"}).url)
    assert "maxmemory_policy:allkeys-lru" in _info(ports.HOST, place.port or 0)


def _info(host: str, port: int) -> str:
    with socket.create_connection((host, port)) as connection, connection.makefile("rb") as answer:
        connection.sendall(b"INFO memory\r\n")
        length = int(answer.readline()[1:])
        return answer.read(length).decode()
