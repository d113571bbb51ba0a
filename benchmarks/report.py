"""One results file into docs/performance.md and its plots: `python -m benchmarks.report RESULTS.json`.

The page's text is written by hand; what stands between `<!-- figures: NAME -->` and `<!-- end -->` is made here.
"""

import argparse
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import drawings, tables

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
PLOTS = PAGE.parent / "performance"
PLACE = re.compile(r"(<!-- figures: (\w+) -->\n)(?:.*?\n)??(<!-- end -->)", re.DOTALL)

BLOCKS: dict[str, Callable[[dict[str, Any]], str]] = {
    "taken": tables.taken,
    "aims": tables.aims,
    "comparison": tables.comparison,
    "latency": tables.latency,
    "kills": tables.kills,
    "scaling": tables.scaling,
    "state": tables.state,
    "serials": tables.serials,
    "stages": tables.stages,
    "many_lots": tables.many_lots,
    "counting": tables.counting,
    "missed": tables.missed,
}
"""Name of a place in the page → what stands there."""


def printed(results: dict[str, Any]) -> str:
    """All tables, for a terminal."""
    parts = (block(results) for name, block in BLOCKS.items())
    return "\n\n".join(part for part in parts if part)


def page(text: str, results: dict[str, Any]) -> str:
    """The page with every place filled from the results; a place whose part was not run says so."""

    def fill(found: re.Match[str]) -> str:
        return f"{found[1]}{BLOCKS[found[2]](results) or 'Not measured in this run.'}\n{found[3]}"

    return PLACE.sub(fill, text)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path)
    parser.add_argument("--page", type=Path, default=PAGE, help="the page to fill; its plots go to a folder beside it")
    given = parser.parse_args()
    results = json.loads(given.results.read_text(encoding="utf-8"))
    given.page.write_text(page(given.page.read_text(encoding="utf-8"), results), encoding="utf-8")
    plots = given.page.parent / PLOTS.name
    plots.mkdir(exist_ok=True)
    for name, draw in drawings.DRAWINGS.items():
        (plots / f"{name}.svg").write_text(draw(results), encoding="utf-8")


if __name__ == "__main__":
    main()
