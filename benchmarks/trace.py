"""Trace and recall: how long a net of 100,000 edges takes, on SQLite and on PostgreSQL databases that are given.

    python -m benchmarks.trace [--edges 100000] [--postgresql URL] [--shape net] [--profile FILE]

Three shapes, all of whose edges lie on the way: a net (29 steps deep, two lots into three, the last ones back into the
first), a chain, and one lot that goes into three lots at each of its steps. Every lot was loaded, has its row of stock
and its row in the register; every tenth was sold in part. Asked as the API is, answers written out whole. A PostgreSQL
database must be empty; its server's processor time is not in the figures, the time is.
"""

import argparse
import cProfile
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any, Final, Literal
from urllib.parse import quote

from fastapi.testclient import TestClient
from sqlalchemy import insert, text

from benchmarks.figures import Figure, show
from processors.contract.manifest import MANIFEST, key_of
from processors.domain import quantity
from processors.domain.events import HistoryEntry, LineageEdge
from processors.domain.registers import LotRow, StockRow
from processors.edge.api.app import Settings, build
from processors.edge.store.engine import Store
from processors.edge.store.tables import table_of
from processors.edge.trace.routes import router

Steps = list[tuple[list[int], list[int]]]
"""Steps as the numbers of the lots that went in and came out."""
DEEP: Final = 29
ITEMS: Final = 500
SOLD: Final = 10
AT_MS: Final = 1_767_225_600_000
AIM: Final = "1 s"
TIMES: Final = 3
"""A trace is asked so often, and the median told: the edge runs for days."""
CHUNK: Final = 20_000


def net(edges: int) -> Steps:
    """Level by level, two lots of one into three of the next; as wide as it takes; the end leads back to the start."""
    wide = max(edges // 5 // DEEP, 2)
    steps: Steps = [([0], [1 + lot for lot in range(wide)])]
    for level in range(DEEP):
        first, following = 1 + level * wide, 1 + (level + 1) * wide
        for step in range(wide):
            near = [first + (step * 2 + side) % wide for side in range(2)]
            steps.append((near, [following + (step * 3 + side) % wide for side in range(3)]))
    last = 1 + DEEP * wide
    return [*steps, *(([last + lot], [lot]) for lot in range(3))]


def chain(edges: int) -> Steps:
    return [([lot], [lot + 1]) for lot in range(edges // 2)]


def wide(edges: int) -> Steps:
    return [([0], [step * 3 + side for side in (1, 2, 3)]) for step in range(edges // 4)]


SHAPES: Final[dict[str, Callable[[int], Steps]]] = {"net": net, "chain": chain, "wide": wide}


def fill(store: Store, steps: Steps) -> int:
    """Write a lineage and what is known of its lots into an empty store; how many lots there are."""
    lots = 1 + max(lot for step in steps for side in step for lot in side)
    _insert(store, "lineage", _edges(steps))
    _insert(store, "register-history", _papers(lots))
    _insert(store, "stock-register", (_stock(lot) for lot in range(lots)))
    _insert(store, "lot-register", (_lot(lot) for lot in range(lots)))
    if not store.is_sqlite:
        with store.engine().connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("ANALYZE"))
    return lots


def item_of(lot: int) -> str:
    return f"ITEM{lot % ITEMS}"


def _edges(steps: Steps) -> Iterator[LineageEdge]:
    roles: tuple[Literal["input", "output"], ...] = ("input", "output")
    for number, step in enumerate(steps):
        for role, some in zip(roles, step, strict=True):
            for lot in some:
                movement, at = f"{role} {number} {lot}", AT_MS + number
                one = quantity.ONE
                yield LineageEdge(f"T{number}", role, "X", item_of(lot), None, f"L{lot}", None, one, movement, None, at)


def _papers(lots: int) -> Iterator[HistoryEntry]:
    for lot in range(lots):
        yield _paper(lot, "load", 3, None, None)
        if lot % SOLD == 0:
            yield _paper(lot, "unload", 1, f"S-{lot}", f"C{lot % 97}")


def _paper(lot: int, direction: Any, amount: int, document: str | None, account: str | None) -> HistoryEntry:
    name = f"{direction}-{lot}"
    return HistoryEntry(
        name, "lot", "X", item_of(lot), None, f"L{lot}", None, 1, direction, False, amount * quantity.ONE, "KG", None,
        AT_MS, AT_MS, None, "sales_delivery_note" if document else None, document, None, "MAIN", None, "T", account,
        None, name, False,
    )  # fmt: skip


def _stock(lot: int) -> StockRow:
    held = (2 if lot % SOLD == 0 else 3) * quantity.ONE
    return StockRow(
        "X", item_of(lot), None, "MAIN", "A-1", f"L{lot}", 3 * quantity.ONE, 0, held, 0, "KG", "M", AT_MS, AT_MS
    )


def _lot(lot: int) -> LotRow:
    values = dict.fromkeys(field.name for field in fields(LotRow)) | {
        "item_class": "X", "item_code": item_of(lot), "variant": "", "lot_code": f"L{lot}", "available": True,
        "initial_quantity": 3 * quantity.ONE, "closed": False, "found": False, "generation": 1, "created_at": AT_MS,
        "updated_at": AT_MS, **dict.fromkeys(("loaded", "unloaded", "stock", "committed"), 0),
    }  # fmt: skip
    return LotRow(**values)  # type: ignore[arg-type]  # one value a field


def _insert(store: Store, topic: str, records: Iterator[Any]) -> None:
    table, fields_of = table_of(topic), [field.name for field in fields(MANIFEST[topic].records[0])]
    values = attrgetter(*fields_of)
    place = (["record_key"] if MANIFEST[topic].compacted else []) + ["topic_partition", "topic_offset"]
    names = [*fields_of, *place]
    rows: list[dict[str, Any]] = []
    with store.write() as connection:
        for offset, record in enumerate(records):
            key = (key_of(topic, record),) if MANIFEST[topic].compacted else ()
            rows.append(dict(zip(names, (*values(record), *key, 0, offset), strict=True)))
            if len(rows) == CHUNK:
                connection.execute(insert(table), rows)
                rows.clear()
        if rows:
            connection.execute(insert(table), rows)


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds by the clock and of this process, and the size of what came."""

    seconds: float
    cpu: float
    size: int


def asked(client: TestClient, path: str) -> Took:
    began = time.perf_counter(), time.process_time()
    answer = client.get(f"/api/v1/{path}")
    took = Took(time.perf_counter() - began[0], time.process_time() - began[1], len(answer.content))
    answer.raise_for_status()
    return took


def measure(url: str, steps: Steps, profile: str | None = None) -> list[Figure]:
    """Fill an empty database and ask for its first lot, and its last one backwards."""
    with Store(url) as store:
        store.migrate()
        lots = fill(store, steps)
        first, last = (quote(f"X|{item_of(lot)}||L{lot}", safe="") for lot in (0, lots - 1))
        figures = [("lots / edges", f"{lots:,} / {sum(len(a) + len(b) for a, b in steps):,}", "")]
        app = build(store, _Nobody(), Settings(rate_per_s=1e6, rate_burst=10**6), [router()])
        profiler = cProfile.Profile()
        with TestClient(app, base_url="http://localhost") as client:
            client.get("/api/v1/lag")
            for name, path in (
                ("trace forwards", f"trace/lots/{first}?direction=forward"),
                ("trace backwards", f"trace/lots/{last}?direction=backward"),
                ("recall, JSON", f"recall/lots/{first}"),
                ("recall, CSV", f"recall/lots/{first}?format=csv"),
                ("recall, EPCIS", f"recall/lots/{first}?format=epcis"),
            ):
                traces = name.startswith("trace")
                tries = [asked(client, path) for _ in range(TIMES if traces else 1)]
                took = sorted(tries, key=attrgetter("seconds"))[len(tries) // 2]
                aim = AIM if traces else ""
                told = f"{took.seconds:.2f} s, CPU {took.cpu:.2f} s, {took.size / 1e6:.1f} MB"
                figures.append((name, told, aim))
            if profile:
                _profile(store, profiler, lots)
                profiler.dump_stats(profile)
    return figures


def _profile(store: Store, profiler: cProfile.Profile, lots: int) -> None:
    from processors.domain.lineage_graph import Goods
    from processors.edge.trace.recall import recall
    from processors.edge.trace.recall_rows import rows_of

    with store.read() as connection:
        profiler.enable()
        for _ in rows_of(recall(connection, Goods("X", item_of(0), None, "L0", None), AT_MS)):
            pass
        profiler.disable()


class _Nobody:
    """A publisher that is never asked."""

    def publish(self, *_: object, **__: object) -> None:
        raise AssertionError("nothing is sent")

    send = publish


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--edges", type=int, default=100_000)
    parser.add_argument("--shape", choices=list(SHAPES), action="append", default=[])
    parser.add_argument("--postgresql", metavar="URL", help="an empty database; its tables are emptied between shapes")
    parser.add_argument("--profile", help="write a cProfile of the last recall to this file")
    given = parser.parse_args(arguments)
    for shape in given.shape or SHAPES:
        steps = SHAPES[shape](given.edges)
        with tempfile.TemporaryDirectory() as directory:
            show(f"trace, {shape}, sqlite", measure(f"sqlite:///{directory}/edge.db", steps, given.profile))
        if given.postgresql:
            _empty(given.postgresql)
            show(f"trace, {shape}, postgresql", measure(given.postgresql, steps))


def _empty(url: str) -> None:
    with Store(url) as store:
        store.migrate()
        with store.write() as connection:
            for topic in ("lineage", "register-history", "stock-register", "lot-register"):
                connection.execute(table_of(topic).delete())


if __name__ == "__main__":
    main()
