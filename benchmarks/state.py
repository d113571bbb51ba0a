"""State: how a worker starts, posts and uses memory over 0.1, 1 and 10 million register rows.

    python -m benchmarks.state [--rows 100000,1000000] [--messages 50000]

Cold: with an empty disk it reads all rows before it takes its first message. Warm: it starts again with its store.
Then it works off a backlog of movements of the same items. 10,000,000 rows take a while: writing them alone does.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from confluent_kafka import Producer

from benchmarks import company
from benchmarks.figures import show
from benchmarks.sending import publish
from benchmarks.stack import Stack, running
from benchmarks.worker import measured
from processors.cli import wiring
from processors.contract.headers import OutputHeaders
from processors.contract.manifest import key_of
from processors.contract.partitions import partition_of
from processors.domain import quantity
from processors.domain.registers import LotRow, SerialRow, StockRow

ITEMS = 20_000
NOW_MS = 1_795_260_000_000


@dataclass(slots=True)
class State:
    """With so many rows. Seconds to ready: with an empty store and with the one before; then posting, one worker.

    `rows`: as the worker counted them when it restored. Memory in MiB, the most; CPU in µs a movement.
    """

    rows: int
    cold_s: float
    cold_rss_mib: float
    warm_s: float
    warm_rss_mib: float
    rate: float
    cpu_us: float
    rss_mib: float


def measure(rows: int, messages: int) -> State:
    """On a stack of its own. `messages`: movements to post once it is warm."""
    with running() as stack:
        print(f"  writing {rows:,} rows", file=sys.stderr, flush=True)
        _write(stack, rows)
        cold, warm = measured(stack, 0), measured(stack, 0)
        master = company.master([company.lot_item(number) for number in range(ITEMS)])
        measured(stack, publish(stack, "master-data", master))
        publish(stack, "movements", company.lot_movements(ITEMS, messages))
        posted = measured(stack, messages)
    told = State(
        int(cold["restore_records"]),
        cold["restore_seconds"],
        cold["rss_max_mib"],
        warm["restore_seconds"],
        warm["rss_max_mib"],
        messages / posted["seconds"],
        posted["cpu_seconds"] / messages * 1e6,
        posted["rss_max_mib"],
    )
    print(f"  {asdict(told)}", file=sys.stderr, flush=True)
    return told


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", default="100000,1000000", help="register rows, such as 100000,1000000,10000000")
    parser.add_argument("--messages", type=int, default=50_000)
    given = parser.parse_args(arguments)
    for rows in map(int, given.rows.split(",")):
        told = measure(rows, given.messages)
        show(
            f"state of {told.rows:,} rows",
            [
                ("empty store to ready", f"{told.cold_s:.1f} s", ""),
                ("rows restored a second", f"{told.rows / told.cold_s:,.0f}", "300,000"),
                ("store of before to ready", f"{told.warm_s:.2f} s", ""),
                (
                    "memory (RSS) when restored, cold / warm",
                    f"{told.cold_rss_mib:.0f} / {told.warm_rss_mib:.0f} MiB",
                    "",
                ),
                ("movements/s", f"{told.rate:,.0f}", ""),
                ("CPU, µs a movement", f"{told.cpu_us:.1f}", ""),
                ("memory (RSS), most", f"{told.rss_mib:.0f} MiB", ""),
            ],
        )


def _write(stack: Stack, count: int) -> None:
    """As the worker would have: headers and all, to the partition of the row's item."""
    codec, headers = wiring.codec(stack.settings), OutputHeaders("/lotstream/ledger")
    producer = Producer(
        wiring.connection(stack.settings).settings(
            linger_ms=50, compression_type="lz4", **{"queue.buffering.max.messages": 500_000}
        )
    )
    for number, (topic, row) in enumerate(_rows(count)):
        key = key_of(topic, row).encode()
        while True:
            try:
                producer.produce(
                    topic,
                    codec.encode(topic, row),
                    key,
                    partition_of(f"{row.item_class}|{row.item_code}", stack.settings.partitions),
                    timestamp=NOW_MS,
                    headers=headers.of(type(row), f"{topic}/{number}".encode(), headers.time(NOW_MS), key),
                )
                break
            except BufferError:
                producer.poll(0.1)
        producer.poll(0)
    assert producer.flush(120) == 0, "the broker has every row"


def _rows(count: int) -> Iterator[tuple[str, StockRow | LotRow | SerialRow]]:
    """For each lot its stock and its register row, and for every other one a serial of it."""
    for number in range(count):
        lot, kind = divmod(number, 5)
        code, name = company.item_code(lot % ITEMS), f"L{lot:06d}"
        if kind < 2:
            yield "stock-register", _stock(code, name, f"W{kind}")
        elif kind < 4:
            yield "lot-register", _lot(code, f"{name}-{kind}")
        else:
            yield "serial-register", _serial(code, f"{code}{number:08d}")


def _stock(code: str, lot: str, warehouse: str) -> StockRow:
    one = quantity.ONE
    return StockRow(
        "FOO", code, None, warehouse, None, lot, 12 * one, 4 * one, 8 * one, 0, "KG", f"M{lot}", NOW_MS, NOW_MS
    )


def _lot(code: str, lot: str) -> LotRow:
    one, today = quantity.ONE, company.TODAY
    return LotRow(
        "FOO", code, "", lot, "LOT", None, None, None, None, None, None, today, today + 30, None, None, 12 * one, None,
        None, None, "OK", None, True, False, 12 * one, 4 * one, 8 * one, 0, 1, NOW_MS, NOW_MS,
    )  # fmt: skip


def _serial(code: str, serial: str) -> SerialRow:
    return SerialRow(
        "MAC", code, "", None, None, None, serial, "SER", 1, "in_stock", "W1", None, company.TODAY, None, None, None,
        None, False, False, False, None, "stock_record", "D1", company.TODAY, 1, NOW_MS, NOW_MS,
    )  # fmt: skip


if __name__ == "__main__":
    main()
