"""What a benchmark prints: its figures, the aim beside them, and the machine that they are of."""

import os
import platform
import time
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

from processors.embedded.versions import KAFKA, REDIS

Figure = tuple[str, str, str]
"""Name, value with its unit, aim (empty: none is set)."""


def machine() -> str:
    """Cores, memory, processor and versions, in one line."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    parts = [
        f"{os.cpu_count()} cores",
        f"{memory:.0f} GiB",
        _processor(),
        f"Linux {platform.release()}" if platform.system() == "Linux" else platform.system(),
        f"Python {platform.python_version()}",
        f"Kafka {KAFKA}",
        f"Redis {REDIS}",
        f"confluent-kafka {version('confluent-kafka')}",
        f"rocksdict {version('rocksdict')}",
    ]
    return ", ".join(parts)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    found = dict(line.replace("\t", "").split(":", 1) for line in lines if ":" in line)
    return f"{found.get('model name', 'unknown').strip()} at {float(found.get('cpu MHz', 0)) / 1000:.1f} GHz"


def show(title: str, figures: Iterable[Figure]) -> None:
    """Print a benchmark's figures under its title."""
    print(f"\n{title} ({time.strftime('%Y-%m-%d %H:%M')})\n  {machine()}", flush=True)
    for name, value, aim in figures:
        print(f"  {name:<44} {value:>24}{f'   aim {aim}' if aim else ''}", flush=True)


def percentile(sorted_values: list[float], share: float) -> float:
    """The value that `share` (0 to 1) of the sorted values do not exceed."""
    return sorted_values[min(len(sorted_values) - 1, int(share * len(sorted_values)))]
