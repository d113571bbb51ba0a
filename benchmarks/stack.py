"""The embedded broker and Redis of a benchmark, empty, with the product's topics; gone with it."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from processors.cli import wiring
from processors.cli.settings import Settings, load_settings
from processors.contract.cluster_facts import wanted_facts, write_facts
from processors.contract.topics import apply
from processors.embedded.broker import Broker
from processors.embedded.redis import RedisServer


@dataclass(frozen=True, slots=True)
class Stack:
    """A running stack. `settings` are those of a worker on it; `directory` is the benchmark's own."""

    settings: Settings
    directory: Path

    def environment(self, **more: str) -> dict[str, str]:
        """The variables that tell a worker process about this stack."""
        settings = self.settings
        return {
            "LOTSTREAM_BOOTSTRAP_SERVERS": settings.bootstrap_servers,
            "LOTSTREAM_REDIS_URL": settings.redis_url,
            "LOTSTREAM_STATE_DIR": str(settings.state_dir),
            "LOTSTREAM_PARTITIONS": str(settings.partitions),
            "LOTSTREAM_METRICS_PORT": "0",
            "LOTSTREAM_LOG_LEVEL": "warning",
            # Compiled modules are kept, as those of an installed package are.
            "PYTHONDONTWRITEBYTECODE": "",
            "PYTHONPYCACHEPREFIX": str(self.directory / "compiled"),
            **more,
        }


@contextmanager
def running(partitions: int = 12) -> Iterator[Stack]:
    """Start a stack with the topics applied; stop it and remove its data at the end."""
    directory = Path(tempfile.mkdtemp(prefix="lotstream-benchmark-"))
    broker, redis = Broker(directory / "broker"), RedisServer(directory / "redis")
    try:
        broker.start()
        redis.start()
        settings = load_settings(
            bootstrap_servers=broker.bootstrap_servers,
            redis_url=redis.url,
            partitions=partitions,
            state_dir=directory / "state",
            metrics_port=0,
        )
        cluster = wiring.connection(settings)
        apply(cluster.admin(), partitions)
        codec = wiring.codec(settings)
        write_facts(cluster, codec, wanted_facts(partitions, codec.ids.source), time.time_ns() // 1_000_000)
        yield Stack(settings, directory)
    finally:
        broker.kill()
        redis.kill()
        shutil.rmtree(directory, ignore_errors=True)
