"""How log records look: everything logs through the standard library; structlog renders it, for people or for machines.

`extra` fields (`topic`, `partition`, `offset`, `task` …) become keys of their own.
"""

import logging
import sys
from typing import Final, Literal, TextIO

import structlog

QUIET: Final = ("urllib3", "asyncio")
"""Libraries whose records below a warning tell nothing about lotstream."""


def configure_logs(
    level: str = "info", form: Literal["auto", "json", "console"] = "auto", stream: TextIO | None = None
) -> None:
    """Send all log records from `level` on to `stream` (standard error): one JSON object a line, or coloured text.

    `auto` is JSON unless the stream is a terminal. Called once by a command that runs something.
    """
    stream = stream or sys.stderr
    is_terminal = stream.isatty()
    as_json = form == "json" or (form == "auto" and not is_terminal)
    before: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    rendered: list[structlog.typing.Processor] = (
        [
            structlog.processors.format_exc_info,
            structlog.processors.EventRenamer("message"),
            structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
        ]
        if as_json
        else [structlog.dev.ConsoleRenderer(colors=is_terminal)]
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=before,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendered],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
