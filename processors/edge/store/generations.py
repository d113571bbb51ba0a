"""A rebuilt SQLite store beside the one in use: the store's name is a link to the file of the present generation.

`edge.db` → `edge.db.1`. A rebuild fills `edge.db.2`; then the link is replaced, which is one step for everybody who
opens the name. SQLite keeps its other files (`-wal`, `-shm`) beside the file that the link leads to.
"""

import os
from pathlib import Path


def current(path: Path) -> Path:
    """The file that stands behind a store's name; that of the first generation where there is none yet."""
    try:
        return path.parent / os.readlink(path)
    except FileNotFoundError:
        first = _file(path, 1)
        first.parent.mkdir(parents=True, exist_ok=True)
        switch(path, first)
        return first
    except OSError:
        # A plain file: somebody else's name for it, or a copy.
        return path


def following(path: Path) -> Path:
    """The file of the next generation, which nothing uses yet: what is left of a try before is removed."""
    present = current(path)
    number = present.name.removeprefix(path.name + ".")
    file = _file(path, int(number) + 1 if number.isdigit() else 1)
    remove(file)
    return file


def switch(path: Path, file: Path) -> None:
    """Let the store's name lead to another file, in one step. A plain file of that name is gone then."""
    link = path.with_name(f"{path.name}.new-{os.getpid()}")
    link.unlink(missing_ok=True)
    link.symlink_to(file.name)
    os.replace(link, path)


def remove(file: Path) -> None:
    """Remove a generation's files, but no link to another. Who has them open goes on with them, alone."""
    for name in (str(file), f"{file}-wal", f"{file}-shm"):
        if not os.path.islink(name):
            Path(name).unlink(missing_ok=True)


def _file(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.{number}")
