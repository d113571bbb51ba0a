"""Where the edge is put together from its parts."""

from collections.abc import Callable
from pathlib import Path

from processors.cli import clients
from processors.cli.settings import Settings
from processors.contract.cluster_facts import SCHEMA_IDS, check_meta, read_facts
from processors.contract.codec import Codec
from processors.contract.connection import cluster_errors
from processors.edge import app
from processors.edge.alerts.publishing import EVERY_S, CalendarAlerts
from processors.edge.api.tokens import Tokens
from processors.edge.console import routes as console
from processors.edge.projection.rebuild import rebuild
from processors.edge.projection.skipping import skip
from processors.edge.publishing import Publisher
from processors.edge.store.engine import Store
from processors.edge.trace import routes as trace
from processors.runtime.edge_metrics import EdgeMetrics


def database_url(settings: Settings) -> str:
    """The registers' database: as set, else a file beside the workers' stores."""
    if settings.database_url:
        return settings.database_url
    folder = Path(settings.state_dir).absolute() / "edge"
    folder.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{folder / 'registers.db'}"


def checked_codec(settings: Settings) -> Callable[[], Codec]:
    """Makes a codec, once the cluster has said that its schema ids come from where ours do."""

    def make() -> Codec:
        connection, codec = clients.connection(settings), clients.codec(settings)
        connection.reach()
        with cluster_errors(connection):
            check_meta(read_facts(connection, codec), {SCHEMA_IDS: codec.ids.source})
        return codec

    return make


def run(settings: Settings, ready: Callable[[str], None]) -> None:
    """Run the edge until it is told to stop. EdgeMisconfigured, TokensInvalid: it cannot run so."""
    measures = EdgeMetrics()

    def timers(store: Store, publisher: Publisher, leads: Callable[[], bool]) -> list[app.Timer]:
        alerts = CalendarAlerts(store, publisher, leads, on_published=measures.alerted)
        return [app.Timer("alerts", EVERY_S, alerts.tick, alone=True)]

    app.run(
        app.Options(
            settings.edge_host,
            settings.edge_port,
            _tokens(settings),
            settings.edge_body_bytes_max,
            settings.edge_rate_per_s,
        ),
        Store(database_url(settings)),
        clients.connection(settings),
        checked_codec(settings),
        clients.codec(settings),
        lambda store, publisher: [trace.router(), console.router(store, publisher)],
        timers,
        ready,
        measures,
    )


def rebuild_store(settings: Settings, tell: Callable[[int, int], None]) -> int:
    """Make the registers anew; the number of records read."""
    connection = clients.connection(settings)
    with Store(database_url(settings)) as store, cluster_errors(connection):
        store.migrate()
        return rebuild(store, connection, checked_codec(settings)(), tell)


def skip_record(settings: Settings, topic: str, partition: int, offset: int) -> str:
    """Leave a record that cannot be read out of the registers, and say why it cannot. NotToSkip."""
    connection = clients.connection(settings)
    with Store(database_url(settings)) as store, cluster_errors(connection):
        store.migrate()
        return skip(store, connection, checked_codec(settings)(), topic, partition, offset)


def _tokens(settings: Settings) -> Tokens | None:
    if settings.edge_tokens is None:
        return None
    try:
        return Tokens(settings.edge_tokens)
    except OSError as error:
        raise app.EdgeMisconfigured(
            f"the tokens file {settings.edge_tokens} cannot be read: {error.strerror}"
        ) from error
