"""Whether brokers and Redis can be started here; a test that needs them is left out by name where they cannot."""

from processors.embedded import jars
from processors.embedded.java import find_java
from processors.embedded.redis import find_redis
from processors.embedded.trouble import Trouble
from tests.conftest import absent


def need_servers() -> None:
    """Leave the running test out where Java, the broker's jars or Redis are missing."""
    try:
        find_java()
        jars.class_path()
        find_redis()
    except Trouble as trouble:
        if trouble.code not in ("network-missing", "java-missing", "redis-missing"):
            raise
        absent("embedded brokers and Redis", str(trouble))
