"""Restore: a worker with an empty disk reads 1,000,000 register rows before it takes its first message.

python -m benchmarks.restore [--rows 1000000]
"""

import argparse
import sys
from collections.abc import Iterator, Sequence

from confluent_kafka import Producer

from benchmarks import company
from benchmarks.figures import show
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


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    given = parser.parse_args(arguments)
    with running() as stack:
        print(f"writing {given.rows:,} rows", file=sys.stderr)
        _write(stack, given.rows)
        found = measured(stack, 0)
    seconds, rows = found["restore_seconds"], found["restore_records"]
    show(
        f"restore of {rows:,.0f} rows",
        [
            ("empty store to ready", f"{seconds:.1f} s", "10 s"),
            ("rows/s", f"{rows / seconds:,.0f}", ""),
            ("memory (RSS), most", f"{found['rss_max_mib']:.0f} MiB", ""),
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
                    headers=list(headers.of(type(row), f"{topic}/{number}", key, NOW_MS)),
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
