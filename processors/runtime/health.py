"""A worker's small port: `/metrics` for Prometheus, `/livez` and `/readyz` for whoever starts and stops workers."""

import threading
import time
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from processors.runtime.loop import Loop

STALLED_S = 120.0
"""A worker whose last turn is longer ago is not alive: longer than any turn and its waits."""


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Probes come every second: they are not logged."""


class Health:
    """Serves the state of one loop from a thread of its own; `turned` is called after every turn."""

    def __init__(self, loop: Loop, host: str, port: int) -> None:
        self._loop = loop
        self._turned_at = time.monotonic()
        self._server: WSGIServer = make_server(host, port, self._answer, handler_class=_Quiet)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, name="health", daemon=True).start()

    def turned(self) -> None:
        self._turned_at = time.monotonic()

    def _answer(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        match environ.get("PATH_INFO"):
            case "/metrics":
                start("200 OK", [("content-type", "text/plain; version=0.0.4; charset=utf-8")])
                return [self._loop.metrics.text()]
            case "/livez":
                return _say(start, time.monotonic() - self._turned_at < STALLED_S, "no turn for two minutes")
            case "/readyz":
                return _say(start, self._loop.ready, "tasks are being taken over, or the counters do not answer")
            case _:
                start("404 Not Found", [("content-type", "text/plain")])
                return [b"/metrics /livez /readyz\n"]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _say(start: Callable[..., Any], fine: bool, otherwise: str) -> Iterable[bytes]:
    start("200 OK" if fine else "503 Service Unavailable", [("content-type", "text/plain")])
    return [b"ok\n" if fine else otherwise.encode() + b"\n"]
