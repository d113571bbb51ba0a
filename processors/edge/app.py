"""The edge as a process: a Faust app that holds the projection, the timers and the web host together in one event loop.

Faust's own Kafka clients stay off. The projection is the edge's only consumer (read_committed, positions in SQL,
offsets in the transaction of the rows) and `publishing` its only producer: so the edge goes on showing its registers
while the brokers are away, needs the connection's options once, and joins no group (docs/decisions/0007).
"""

import asyncio
import ipaddress
import logging
import signal
import socket
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import faust
from fastapi import APIRouter, FastAPI
from faust.app.base import BootStrategy
from faust.contrib.asgi import AsgiService, faust_app_running

from processors.contract.codec import Codec
from processors.contract.connection import Connection
from processors.edge import watching
from processors.edge.api import app as api
from processors.edge.api.tokens import Tokens
from processors.edge.commits import Commits
from processors.edge.measures import UNMEASURED, Measures
from processors.edge.projection.supervision import Projection
from processors.edge.publishing import KafkaPublisher, Publisher
from processors.edge.store.engine import Store

logger = logging.getLogger(__name__)

NAME: Final = "lotstream-edge"
STOP_LIMIT_S: Final = 10.0
SHUTDOWN_LIMIT_S: Final = 3
"""How long requests on their way, above all streams to open pages, may hold up the end."""


class EdgeMisconfigured(Exception):
    """The edge cannot run so; the message says what to change. Starting it again is of no use."""


@dataclass(frozen=True, slots=True)
class Options:
    """Where the edge listens and what it asks of callers. `port` 0: a free one."""

    host: str
    port: int
    tokens: Tokens | None
    body_bytes_max: int
    rate_per_s: float


@dataclass(frozen=True, slots=True)
class Timer:
    """Something that is done every `every_s` seconds, in a thread of its own; an error is logged, and it goes on.

    alone: by the one edge of a database that leads, not by those that stand by.
    """

    name: str
    every_s: float
    do: Callable[[], object]
    alone: bool = False


Beside = Callable[[Store, Publisher], Sequence[APIRouter]]
"""Makes the routers that are served beside the API."""
Timers = Callable[[Store, Publisher, Callable[[], bool]], Sequence[Timer]]
"""Makes the timers. The last argument tells whether this edge leads, for what wants to know it between two steps."""


def check_host(host: str, tokens: Tokens | None) -> None:
    """EdgeMisconfigured where others could ask an edge that does not ask who they are."""
    if tokens is None and not is_loopback(host):
        raise EdgeMisconfigured(
            f"edge_host {host} can be reached from elsewhere, so callers need tokens: make one with "
            "`lotstream edge token NAME ROLE`, name its file in edge_tokens, or listen on 127.0.0.1"
        )


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class _Boot(BootStrategy):
    enable_kafka = False


class _App(faust.App):
    BootStrategy = _Boot

    def _create_directories(self) -> None:
        """Faust keeps nothing here: no tables, no files."""


class _Web(AsgiService):
    """The web host, on a socket that is bound already: a taken port is told at once, not by a dying service."""

    listening: socket.socket

    async def on_start(self) -> None:
        self._server = self._create_server()
        self._serve_fut = self.add_future(self._server.serve(sockets=[self.listening]))


def _projecting(projection: Projection) -> type[faust.Service]:
    """A service that is the projection's thread, for as long as the app runs."""

    class Projecting(faust.Service):
        async def on_start(self) -> None:
            projection.start()

        async def on_stop(self) -> None:
            await asyncio.to_thread(projection.stop)

    return Projecting


def run(
    options: Options,
    store: Store,
    connection: Connection,
    codec: Callable[[], Codec],
    reading: Codec,
    beside: Beside = lambda store, publisher: (),
    timers: Timers = lambda store, publisher, leads: (),
    ready: Callable[[str], None] = lambda url: None,
    measures: Measures = UNMEASURED,
) -> None:
    """Serve until SIGTERM or SIGINT. The store is brought up to date first; `ready` is told the address.

    codec: makes one that the cluster's facts allow; asked by each run of the projection, and before the first record is
    sent. `reading`: to show records with, whatever the cluster says.
    EdgeMisconfigured, or OSError where the port is taken.
    """
    check_host(options.host, options.tokens)
    listening = _bound(options.host, options.port)
    with listening, store:
        store.migrate()
        asyncio.run(_serve(options, store, connection, codec, reading, beside, timers, listening, ready, measures))


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
        found.listen()  # who comes before the web host stands waits for it
    except OSError as error:
        found.close()
        raise EdgeMisconfigured(f"the edge cannot listen on {host} port {port}: {error.strerror}") from error
    return found


async def _serve(
    options: Options,
    store: Store,
    connection: Connection,
    codec: Callable[[], Codec],
    reading: Codec,
    beside: Beside,
    timers: Timers,
    listening: socket.socket,
    ready: Callable[[str], None],
    measures: Measures,
) -> None:
    commits = Commits(asyncio.get_running_loop())
    publisher = KafkaPublisher(connection, codec)
    projection = Projection(store, connection, codec, commits.tell, measures=measures)
    settings = api.Settings(
        options.tokens, options.body_bytes_max, options.rate_per_s, int(options.rate_per_s * 4), reading, commits
    )
    web = api.build(store, publisher, settings, [*beside(store, publisher), watching.router(projection, measures)])
    web.add_middleware(watching.Measuring, measures=measures)
    with tempfile.TemporaryDirectory(prefix="lotstream-edge-") as nothing:
        app = _App(NAME, broker=f"kafka://{connection.bootstrap_servers.split(',')[0]}", datadir=nothing)
        app.web_server(_web_service(web, listening))
        app.service(_projecting(projection))
        for timer in timers(store, publisher, lambda: projection.leads):
            app.timer(timer.every_s, name=timer.name)(_timed(timer, projection))
        stop = _stopped_by_signals()
        async with faust_app_running(app, stop_timeout=STOP_LIMIT_S):
            host, port = listening.getsockname()[:2]
            url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
            logger.info("the edge serves %s", url)
            ready(url)
            await _first(stop.wait(), app.wait_until_stopped())
            commits.end()
            if (failure := app.crash_reason) is not None:
                raise failure


def _web_service(web: FastAPI, listening: socket.socket) -> _Web:
    host, port = listening.getsockname()[:2]
    # Loop and lifespan are the Faust app's; a proxy's headers are not believed.
    options = {
        "access_log": False,
        "server_header": False,
        "proxy_headers": False,
        "timeout_graceful_shutdown": SHUTDOWN_LIMIT_S,
    }
    service = _Web(web, host=host, port=port, uvicorn_options=options, loop=asyncio.get_running_loop())
    service.listening = listening
    return service


def _timed(timer: Timer, projection: Projection) -> Callable[[], Awaitable[None]]:
    async def tick() -> None:
        try:
            if timer.alone:
                await asyncio.to_thread(projection.alone, timer.do)
            else:
                await asyncio.to_thread(timer.do)
        except Exception:
            logger.exception("the timer %s failed, and goes on", timer.name)

    return tick


def _stopped_by_signals() -> asyncio.Event:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop


async def _first(*waits: Awaitable[Any]) -> None:
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
