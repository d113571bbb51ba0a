"""Who runs: lotstream's ledger, lotstream's runtime with the minimal rule, and the peers, each as processes of its own.

All get the same broker, topics and partitions; how each is tuned stands at the head of its source.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from confluent_kafka import Message

from benchmarks.arena import PEER_RESULTS, Arena, Run
from benchmarks.peers import environment, java
from processors.contract.schema_files import FOLDER
from processors.embedded import children
from processors.embedded.trouble import Trouble


@dataclass(frozen=True, slots=True)
class Contender:
    """One contender.

    results: the topic with one record per movement; `movement_of` gives a record's movement id.
    missing: why it cannot run here, empty where it can.
    """

    name: str
    title: str
    ours: bool
    results: str
    movement_of: Callable[[Message], str]
    command: Callable[[Arena, int], list[str]]
    missing: Callable[[], str] = lambda: ""
    more: dict[str, str] = field(default_factory=dict)

    def start(self, arena: Arena, run: Run, slot: int = 0) -> children.Child:
        """Start one worker process of a run; what it prints goes to a log in the run's directory."""
        name = f"{self.name}-{slot}"
        environment = self._environment(arena, run, slot)
        return children.start(name, self.command(arena, slot), run.directory / f"{name}.log", environment)

    def _environment(self, arena: Arena, run: Run, slot: int) -> dict[str, str]:
        state = run.directory / "state"
        if self.ours:
            return arena.stack.environment(
                LOTSTREAM_STATE_DIR=str(state), LOTSTREAM_REDIS_PREFIX=f"run-{run.number}", **self.more
            )
        state = state / str(slot)
        state.mkdir(parents=True, exist_ok=True)
        return {
            "PEER_BOOTSTRAP_SERVERS": arena.stack.settings.bootstrap_servers,
            "PEER_GROUP": run.group,
            "PEER_INSTANCE": f"worker-{slot}",
            "PEER_STATE_DIR": str(state),
            "PEER_PARTITIONS": str(arena.partitions),
            "PEER_SCHEMA": str(FOLDER / "Movement.avsc"),
            **self.more,
        }


def _by_key(message: Message) -> str:
    key: Any = message.key()
    return str(key.decode())


def _by_value(message: Message) -> str:
    value: Any = message.value()
    return str(json.loads(value)["movement_id"])


def _own(module: str, *arguments: str) -> Callable[[Arena, int], list[str]]:
    return lambda arena, slot: [sys.executable, "-m", module, *arguments, "--slot", str(slot)]


def _python(file: str, *arguments: str) -> Callable[[Arena, int], list[str]]:
    return lambda arena, slot: [str(environment.PYTHON), str(environment.HERE / file), *arguments]


def _streams_missing() -> str:
    try:
        java.class_path()
    except Trouble as trouble:
        return str(trouble)
    return ""


_ours = partial(Contender, ours=True, results="replies", movement_of=_by_key)
_peer = partial(Contender, ours=False, results=PEER_RESULTS, movement_of=_by_value)
_FAUST = _python("faust_agent.py", "worker", "--without-web", "-l", "warn")

CONTENDERS = {
    each.name: each
    for each in (
        _ours("ledger", "lotstream, the full ledger", command=_own("processors", "worker", "ledger")),
        _peer(
            "faust",
            "Faust, at least once",
            command=_FAUST,
            missing=environment.missing,
            more={"PEER_GUARANTEE": "at_least_once"},
        ),
        _ours("minimal", "lotstream's runtime, minimal rule", command=_own("benchmarks.minimal")),
        _peer("quix", "Quix Streams, exactly once", command=_python("quix_app.py"), missing=environment.missing),
        _peer(
            "faust-eos",
            "Faust, exactly once",
            command=_FAUST,
            missing=environment.missing,
            more={"PEER_GUARANTEE": "exactly_once"},
        ),
        _peer(
            "streams",
            "Kafka Streams, exactly once",
            command=lambda arena, slot: java.command(arena.stack.directory),
            missing=_streams_missing,
        ),
    )
}
"""Name → contender, in the order of running: between two of the product's, another gives its group time to empty."""
