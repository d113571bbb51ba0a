"""The examples of a page of the documentation: the files that it shows, the commands, and what they print."""

import re
from pathlib import Path
from typing import NamedTuple


class Examples(NamedTuple):
    """`files`: name → content. `commands`: each with the lines that follow it, in the page's order."""

    files: dict[str, str]
    commands: list[tuple[str, list[str]]]


def examples(page: Path) -> Examples:
    """Read a page: a file is a name in backticks and a block of JSON, commands stand after `$ ` in console blocks."""
    text = page.read_text(encoding="utf-8")
    files = dict(re.findall(r"^`([a-z.]+)`\n```json\n(.*?)```", text, re.MULTILINE | re.DOTALL))
    commands: list[tuple[str, list[str]]] = []
    for block in re.findall(r"^```console\n(.*?)```", text, re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                commands.append((line[2:], []))
            else:
                commands[-1][1].append(line)
    return Examples(files, commands)
