"""The files of the repository, for tests about their form."""

import subprocess
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).parents[2]


@lru_cache
def files() -> tuple[Path, ...]:
    """Every file that is kept or will be: those that git knows, and new ones that it does not ignore."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return tuple(sorted(ROOT / name for name in names if name and (ROOT / name).is_file()))


def texts() -> Iterator[tuple[str, str]]:
    """(path from the root, content) of every text file."""
    for path in files():
        try:
            yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def modules(folder: str) -> list[Path]:
    """Python files under a folder of the repository."""
    return [path for path in files() if path.suffix == ".py" and path.is_relative_to(ROOT / folder)]
