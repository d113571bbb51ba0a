"""All benchmarks, one after the other, each on a stack of its own: `python -m benchmarks [NAME …]`."""

import sys

from benchmarks import latency, posting, recovery, restore, serials

BENCHMARKS = {
    "posting": lambda: posting.main([]),
    "minimal": lambda: posting.main(["--processor", "minimal"]),
    "serials": lambda: serials.main([]),
    "latency": lambda: latency.main([]),
    "restore": lambda: restore.main([]),
    "recovery": lambda: recovery.main([]),
}
"""Name → run; `minimal` is posting with rules that cost next to nothing: what the runtime alone takes."""


def main() -> None:
    names = sys.argv[1:] or list(BENCHMARKS)
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        sys.exit(f"expected {', '.join(BENCHMARKS)}, got {', '.join(unknown)}")
    for name in names:
        BENCHMARKS[name]()


if __name__ == "__main__":
    main()
