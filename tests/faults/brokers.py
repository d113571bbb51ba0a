"""Three brokers that are one cluster: each is broker and controller, every record has three copies.

Every listener but the one for the tests themselves is advertised at an address of the proxy: one a worker slot, and one
that the other brokers use.
"""

import base64
import json
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from processors.embedded import ports
from processors.embedded.broker import Broker
from tests.faults.links import Proxy
from tests.faults.waiting import until

NODES = (1, 2, 3)
SLOTS = (0, 1, 2, 3)
START_LIMIT_S = 240.0
MEMORY_MIN = 3 * 1024**3
"""Where less is free, one broker has to do."""
JAVA = ("-Xmx256m", "-XX:TieredStopAtLevel=1", "-Xss512k")
INTERNAL_PARTITIONS = 4
RECONNECT: dict[str, str | int | float | bool] = {"reconnect.backoff.ms": 50, "reconnect.backoff.max.ms": 500}
TIMES = {
    "controller.quorum.election.timeout.ms": "1000",
    "controller.quorum.fetch.timeout.ms": "2000",
    "replica.lag.time.max.ms": "4000",
}


def nodes_that_fit() -> tuple[int, ...]:
    """Three, or one where memory is short."""
    available = int(os.sysconf("SC_AVPHYS_PAGES")) * int(os.sysconf("SC_PAGE_SIZE"))
    return NODES if available >= MEMORY_MIN else NODES[:1]


class Brokers:
    """The cluster. `directories`: node → where its data lies, if not under `directory`."""

    def __init__(
        self, directory: Path, proxy: Proxy, nodes: tuple[int, ...] = NODES, directories: dict[int, Path] | None = None
    ) -> None:
        self.nodes, self._proxy = nodes, proxy
        self.frozen: set[int] = set()
        self._asking: AdminClient | None = None
        names = ("clients", "CONTROLLER", "REPL", *(f"W{slot}" for slot in SLOTS))
        self._ports = {(node, name): port for (node, name), port in zip(_pairs(nodes, names), _free(), strict=False)}
        cluster_id = uuid4().hex[:22]
        voters = ",".join(f"{n}@{_among(n)}:{self._ports[n, 'CONTROLLER']}" for n in nodes)
        self.of: dict[int, Broker] = {}
        for node in nodes:
            at = (directories or {}).get(node, directory / f"broker-{node}")
            self.of[node] = Broker(
                at,
                port=self._ports[node, "clients"],
                settings=self._settings(node, voters),
                room_min=0,
                cluster_id=cluster_id,
                java_options=JAVA,
            )
        for node in nodes:
            self._open_links(node)

    @property
    def servers(self) -> str:
        """For the tests themselves: past the proxy."""
        return ",".join(f"{ports.HOST}:{self._ports[node, 'clients']}" for node in self.nodes)

    def servers_of(self, slot: int) -> str:
        """For a worker slot: through the proxy."""
        return ",".join(f"{_for_slot(slot, node)}:{self._ports[node, f'W{slot}']}" for node in self.nodes)

    def _settings(self, node: int, voters: str) -> dict[str, str]:
        port = {name: number for (n, name), number in self._ports.items() if n == node}
        slots = [f"W{slot}" for slot in SLOTS]
        own = ["PLAINTEXT", "CONTROLLER", "REPL", *slots]
        port["PLAINTEXT"] = port.pop("clients")
        near = {"PLAINTEXT": ports.HOST, "REPL": _among(node), "CONTROLLER": _among(node)}
        near |= {f"W{slot}": _for_slot(slot, node) for slot in SLOTS}
        copies, least = (str(len(self.nodes)), "2" if len(self.nodes) > 1 else "1")
        return {
            **TIMES,
            "node.id": str(node),
            "listeners": ",".join(f"{name}://{ports.HOST}:{port[name]}" for name in own),
            "advertised.listeners": ",".join(f"{name}://{near[name]}:{port[name]}" for name in own),
            "listener.security.protocol.map": ",".join(f"{name}:PLAINTEXT" for name in own),
            "inter.broker.listener.name": "REPL",
            "controller.quorum.voters": voters,
            "default.replication.factor": copies,
            "min.insync.replicas": least,
            "offsets.topic.replication.factor": copies,
            "transaction.state.log.replication.factor": copies,
            "transaction.state.log.min.isr": least,
            "num.network.threads": "2",
            "num.io.threads": "3",
        }

    def _open_links(self, node: int) -> None:
        def others() -> dict[int, str]:
            return {broker.pid: str(n) for n, broker in self.of.items() if n != node and broker.is_running}

        for name in ("REPL", "CONTROLLER"):
            port = self._ports[node, name]
            self._proxy.add(f"{name}-{node}", (_among(node), port), (ports.HOST, port), others)
        for slot in SLOTS:
            port = self._ports[node, f"W{slot}"]
            self._proxy.add(f"worker-{slot}>broker-{node}", (_for_slot(slot, node), port), (ports.HOST, port))

    # running

    def start(self) -> None:
        """Start those that do not run, and wait until all know each other."""
        for node, broker in self.of.items():
            if not broker.is_running:
                self._format_like_the_first(node)
                broker.start(wait=False)
        until(self.are_whole, lambda: f"all brokers are in: {self._told()}", START_LIMIT_S, 0.2)

    def _format_like_the_first(self, node: int) -> None:
        """Formatting takes a JVM and seconds; the files of another node differ in its number alone."""
        here, first = self.of[node].directory, self.of[self.nodes[0]].directory
        if node == self.nodes[0] or (here / "layout.json").exists():
            return
        for name in ("meta.properties", "bootstrap.checkpoint"):
            text = (first / "data" / name).read_bytes()
            (here / "data").mkdir(parents=True, exist_ok=True)
            if name == "meta.properties":
                lines = [
                    f"node.id={node}" if line.startswith("node.id=") else line for line in text.decode().split("\n")
                ]
                lines = [_own_id(line) for line in lines]
                text = "\n".join(lines).encode()
            (here / "data" / name).write_bytes(text)
        shutil.copy(first / "layout.json", here / "layout.json")

    def start_one(self, node: int) -> None:
        """Start one of them; it is in before long."""
        if not self.of[node].is_running:
            self.of[node].start(wait=False)

    def kill(self, node: int) -> None:
        self.of[node].kill()
        self.frozen.discard(node)

    def freeze(self, node: int) -> None:
        os.kill(self.of[node].pid, signal.SIGSTOP)
        self.frozen.add(node)

    def thaw(self, node: int) -> None:
        if node in self.frozen:
            os.kill(self.of[node].pid, signal.SIGCONT)
            self.frozen.discard(node)

    def end(self) -> None:
        for node in self.nodes:
            self.kill(node)

    # looking

    def are_whole(self) -> bool:
        """Whether every broker is in, and every copy of every partition in sync; False where nobody can be asked."""
        if self.frozen or not all(broker.is_running for broker in self.of.values()):
            return False
        try:
            found = self._admin().list_topics(timeout=3)
        except KafkaException:
            return False
        partitions = [p for topic in found.topics.values() for p in topic.partitions.values()]
        return len(found.brokers) == len(self.nodes) and all(
            p.leader >= 0 and len(p.isrs) == len(p.replicas) for p in partitions
        )

    def leader_of(self, topic: str, partition: int) -> int | None:
        """The node that leads a partition; None where nobody knows."""
        try:
            found = self._admin().list_topics(topic, timeout=5).topics[topic].partitions[partition].leader
        except (KafkaException, KeyError):
            return None
        return int(found) if found >= 0 else None

    def coordinator_of_group(self, group: str) -> int | None:
        return self.leader_of("__consumer_offsets", _java_hash(group) % INTERNAL_PARTITIONS)

    def coordinator_of_transactions(self, transactional_id: str) -> int | None:
        return self.leader_of("__transaction_state", _java_hash(transactional_id) % INTERNAL_PARTITIONS)

    def controller(self) -> int | None:
        """The node that leads the quorum of controllers, by what each has noted of it; None where none is known."""
        epoch, leader = -1, -1
        for broker in self.of.values():
            try:
                noted = json.loads((broker.directory / "data" / "__cluster_metadata-0" / "quorum-state").read_text())
            except (OSError, ValueError):
                continue
            if noted["leaderEpoch"] > epoch and noted["leaderId"] >= 0:
                epoch, leader = noted["leaderEpoch"], noted["leaderId"]
        return leader if leader >= 0 else None

    def _admin(self) -> AdminClient:
        if self._asking is None:
            self._asking = AdminClient(
                {"bootstrap.servers": self.servers, "log_level": 0, "socket.timeout.ms": 2000, **RECONNECT}
            )
        return self._asking

    def _told(self) -> str:
        return " / ".join(
            f"{node}: {'runs' if broker.is_running else 'ended'}, {_last(broker.log)}"
            for node, broker in self.of.items()
        )


def _own_id(line: str) -> str:
    """A `directory.id` of its own: 16 bytes in base 64, as Kafka writes them."""
    if not line.startswith("directory.id="):
        return line
    return "directory.id=" + base64.urlsafe_b64encode(uuid4().bytes).decode().rstrip("=")


def _java_hash(text: str) -> int:
    """`abs(String.hashCode)` as Kafka takes it to choose the partition of a group or of a transactional id."""
    value = 0
    for letter in text:
        value = (value * 31 + ord(letter)) & 0xFFFFFFFF
    return value & 0x7FFFFFFF if value < 0x80000000 else (0x100000000 - value) & 0x7FFFFFFF


def _last(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    wrong = [line for line in lines if " ERROR " in line or " FATAL " in line or "Exception" in line]
    return (wrong or lines or ["said nothing"])[-1][:300]


def _for_slot(slot: int, node: int) -> str:
    return f"127.0.{10 + slot}.{node}"


def _among(node: int) -> str:
    return f"127.0.100.{node}"


def _pairs(nodes: tuple[int, ...], names: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    return ((node, name) for node in nodes for name in names)


def _free() -> Iterator[int]:
    """Ports that are free, none of them twice."""
    given: set[int] = set()
    while True:
        port = ports.free()
        if port not in given:
            given.add(port)
            yield port
