"""A small demo company as JSON lines: a baker who makes panettone and a builder of pumps, and what they did lately.

The files of `demo_company` are written as if today were `WRITTEN_FOR`; they are given out with every date moved so that
it is the day asked for. Movements `D-…`, `P-…`, `M-…` and `S-…` are taken, `X-…` are refused, each for a reason worth
knowing; at the end the first one comes again, as it was and with another quantity.
"""

import re
from datetime import date
from pathlib import Path
from typing import Final

WRITTEN_FOR: Final = date(2026, 6, 15)
FOLDER: Final = Path(__file__).with_name("demo_company")

_DATE = re.compile(r'(?<=")(\d{4})-(\d{2})-(\d{2})(?=")')
_DATED_LOT = re.compile(r'(?<="lot_code": ")(\d{4})(\d{2})(\d{2})(?=[A-Z]{2}")')
"""Lots of the code type BAKE, whose codes begin with their expiry date."""


def master_data(today: date) -> list[str]:
    """Lines for topic `master-data`, in an order in which each is accepted."""
    return _lines("master-data.jsonl", today)


def movements(today: date) -> list[str]:
    """Lines for topic `movements`, in the order of what happened."""
    return _lines("movements.jsonl", today)


def _lines(name: str, today: date) -> list[str]:
    text = (FOLDER / name).read_text(encoding="utf-8")
    moved = _DATED_LOT.sub(lambda found: f"{_moved(found, today):%Y%m%d}", text)
    return _DATE.sub(lambda found: _moved(found, today).isoformat(), moved).splitlines()


def _moved(found: re.Match[str], today: date) -> date:
    year, month, day = (int(part) for part in found.groups())
    return date(year, month, day) + (today - WRITTEN_FOR)
