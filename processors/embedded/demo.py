"""A small demo company as JSON lines: a baker who makes panettone and a builder of pumps, and what they did lately.

The files of `demo_company` are written as if today were `WRITTEN_FOR`; they are given out with every date moved so that
it is the day asked for. Movements `D-…`, `P-…`, `M-…` and `S-…` are taken, `X-…` are refused, each for a reason worth
knowing; at the end the first one comes again, as it was and with another quantity. Then two lists of inventory `DEMO`
are counted while goods move (`C-…`): a bag of flour is missing, and nothing else.
"""

import json
import re
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

WRITTEN_FOR: Final = date(2026, 6, 15)
ZONE: Final = ZoneInfo("Europe/Rome")
"""Where the company is: its day is the day of what is sent."""
FOLDER: Final = Path(__file__).with_name("demo_company")

_DATE = re.compile(r'(?<=")(\d{4})-(\d{2})-(\d{2})(?=")')
_DATED_LOT = re.compile(r'(?:(?<="lot_code": ")|(?<="lot": "))(\d{4})(\d{2})(\d{2})(?=[A-Z]{2}")')
"""Lots of the code type BAKE, whose codes begin with their expiry date."""
_TIME = re.compile(r'(?<="scanned_at": ")[^"]*|(?<="sent_at": ")[^"]*')
INVENTORY: Final = "DEMO"
CLOSED: Final = "SILO"
OPEN: Final = "CAKES"
"""The list that is counted to its end, and the one that is left to go on with; `OPERATOR` counts on it."""
OPERATOR: Final = "ben"


def master_data(today: date) -> list[str]:
    """Lines for topic `master-data`, in an order in which each is accepted."""
    return _lines("master-data.jsonl", today)


def movements(today: date) -> list[str]:
    """Lines for topic `movements`, in the order of what happened."""
    return _lines("movements.jsonl", today)


def counting(today: date, now: str) -> list[tuple[str, list[str]]]:
    """A count with goods moving meanwhile: steps, each with its topic and the lines for it.

    Each step is to be worked off before the next. `now`: what the scanners' clocks say (ISO 8601); when their reads are
    taken tells when the goods were read.
    """
    lines = [_TIME.sub(now, line) for line in _lines("counting.jsonl", today)]
    return [(topic, list(step)) for topic, step in groupby(lines, lambda line: str(json.loads(line)["topic"]))]


def _lines(name: str, today: date) -> list[str]:
    text = (FOLDER / name).read_text(encoding="utf-8")
    moved = _DATED_LOT.sub(lambda found: f"{_moved(found, today):%Y%m%d}", text)
    return _DATE.sub(lambda found: _moved(found, today).isoformat(), moved).splitlines()


def _moved(found: re.Match[str], today: date) -> date:
    year, month, day = (int(part) for part in found.groups())
    return date(year, month, day) + (today - WRITTEN_FOR)
