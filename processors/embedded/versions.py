"""Versions and settings of the broker and of Redis, in one place: for the embedded stack, docker-compose and its check.

The broker's and Redis' settings are the files `broker.properties` and `redis.conf` of the folder `deploy`, which a
container mounts as they are. An installed package carries copies of them beside this module.
"""

from pathlib import Path
from typing import Final

KAFKA: Final = "4.2.0"
KAFKA_SCALA: Final = "2.13"
LOG4J: Final = "2.24.3"
KAFKA_IMAGE: Final = f"apache/kafka:{KAFKA}"
REDIS: Final = "6.2.14"
REDIS_MIN: Final = (6, 2)
REDIS_IMAGE: Final = f"redis:{REDIS}-alpine"
REGISTRY_IMAGE: Final = "confluentinc/cp-schema-registry:7.9.1"
PYTHON_IMAGE: Final = "python:3.11.13-slim-bookworm"

KAFKA_ROOTS: Final = (
    f"org.apache.kafka:kafka_{KAFKA_SCALA}:{KAFKA}",
    # Named although it is a dependency of the first: otherwise the resolver picks an old client.
    f"org.apache.kafka:kafka-clients:{KAFKA}",
    f"org.apache.logging.log4j:log4j-core:{LOG4J}",
    f"org.apache.logging.log4j:log4j-slf4j-impl:{LOG4J}",
)
"""Maven coordinates from which the list of jars (`jars.lock`) is resolved."""


def settings_file(name: str) -> Path:
    """The path of a settings file (`broker.properties`, `redis.conf`): the installed copy, else the repository's."""
    here = Path(__file__).parent
    packaged = here / name
    return packaged if packaged.exists() else here.parents[1] / "deploy" / name


def broker_settings() -> dict[str, str]:
    """The broker's settings as written in `broker.properties`: name → value."""
    settings: dict[str, str] = {}
    for line in settings_file("broker.properties").read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            name, _, value = line.partition("=")
            settings[name.strip()] = value.strip()
    return settings
