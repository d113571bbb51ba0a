"""What a benchmark prints: its figures, the aim beside them, and the machine that they are of."""

import time
from collections.abc import Iterable

from benchmarks import machine

Figure = tuple[str, str, str]
"""Name, value with its unit, aim (empty: none is set)."""


def show(title: str, figures: Iterable[Figure]) -> None:
    """Print a benchmark's figures under its title."""
    print(f"\n{title} ({time.strftime('%Y-%m-%d %H:%M')})\n  {machine.described()}", flush=True)
    for name, value, aim in figures:
        print(f"  {name:<44} {value:>24}{f'   aim {aim}' if aim else ''}", flush=True)


def percentile(sorted_values: list[float], share: float) -> float:
    """The value that `share` (0 to 1) of the sorted values do not exceed."""
    return sorted_values[min(len(sorted_values) - 1, int(share * len(sorted_values)))]
