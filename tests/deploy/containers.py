"""Broker and Redis in containers as docker-compose.yml starts them, on ports of our own, for tests marked `docker`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from testcontainers.core.container import DockerContainer

from processors.contract.reachable import wait_until_reachable
from processors.embedded import ports

ROOT = Path(__file__).parents[2]


def _service(name: str) -> dict[str, Any]:
    service: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"][name]
    return service


def _as_in_compose(service: dict[str, Any]) -> DockerContainer:
    container = DockerContainer(service["image"])
    for volume in service["volumes"]:
        source, target, *mode = volume.split(":")
        if source.startswith("."):
            container.with_volume_mapping(str(ROOT / source), target, *mode)
    return container


@contextmanager
def broker_container() -> Iterator[str]:
    """Addresses of a broker with the settings of compose, reachable from here."""
    service, port = _service("broker"), ports.free()
    place = {
        **service["environment"],
        "KAFKA_LISTENERS": "PLAINTEXT://:19092,HOST://:9092,CONTROLLER://:9093",
        "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://localhost:19092,HOST://{ports.HOST}:{port}",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
    }
    container = _as_in_compose(service).with_bind_ports(9092, port)
    for name, value in place.items():
        container.with_env(name, value)
    with container:
        bootstrap_servers = f"{ports.HOST}:{port}"
        wait_until_reachable(bootstrap_servers, 120)
        yield bootstrap_servers


@contextmanager
def redis_container() -> Iterator[str]:
    """URL of a Redis with the settings of compose, reachable from here."""
    service, port = _service("redis"), ports.free()
    with _as_in_compose(service).with_bind_ports(6379, port).with_command(service["command"]):
        yield f"redis://{ports.HOST}:{port}/0"
