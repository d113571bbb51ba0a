"""`lotstream worker KIND`: one worker process, or several under a supervisor."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import click

from processors.cli import wiring
from processors.cli.logs import configure_logs
from processors.cli.settings import Settings, load_settings
from processors.contract.cluster_facts import ClusterDiffers
from processors.counters.port import CountersMisconfigured
from processors.embedded.children import LAUNCHER, way_here
from processors.runtime.errors import Fenced
from processors.runtime.health import Health
from processors.runtime.loop import TooManyBugs
from processors.runtime.supervisor import supervise
from processors.runtime.worker import run

EXIT_AGAIN = 1
"""The worker may be started anew: another process had its identity, or the broker was away for long."""
EXIT_NEVER = 2
"""Starting anew is of no use before somebody has changed something."""


@click.command("worker")
@click.argument("kind", type=click.Choice(wiring.KINDS))
@click.option("--slots", type=int, help="Worker processes to run here, each with its own share of the tasks.")
@click.option("--slot", type=int, help="Number of the (first) slot: stable, and different on every machine.")
@click.option("--bootstrap-servers", help="Brokers, host:port,…")
@click.option("--redis-url", help="Counter server of the ledger, redis://host:port/db")
@click.option("--metrics-port", type=int, help="Of the (first) slot; the next ones follow. Two kinds here: two ports.")
@click.option("--config", type=click.Path(path_type=Path, dir_okay=False), help="A TOML file of settings.")
def command(
    kind: str,
    slots: int | None,
    slot: int | None,
    bootstrap_servers: str | None,
    redis_url: str | None,
    metrics_port: int | None,
    config: Path | None,
) -> None:
    """Run workers of one KIND until they are told to stop (SIGTERM, Ctrl-C).

    ledger: movements, lots, serials, stock; it needs Redis. counting: physical inventories, without Redis. A slot keeps
    its identity over restarts: the same transactional id, the same place in the group, the same store.

    Example: lotstream worker ledger --slots 2 --bootstrap-servers 127.0.0.1:9092
    """
    settings = load_settings(
        config,
        slots=slots,
        slot=slot,
        bootstrap_servers=bootstrap_servers,
        redis_url=redis_url,
        metrics_port=metrics_port,
    )
    configure_logs(settings.log_level, settings.log_format)
    stop = _Stop()
    sys.exit(_run_one(kind, settings, stop) if settings.slots == 1 else _run_several(kind, settings, config, stop))


class _Stop:
    """Set by SIGTERM and SIGINT: the turn in hand is finished first."""

    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask)

    def _ask(self, *_: object) -> None:
        self.asked = True

    def __call__(self) -> bool:
        return self.asked


def _run_one(kind: str, settings: Settings, stop: _Stop) -> int:
    health: Health | None = None
    try:
        loop = wiring.worker_loop(kind, settings)
        try:
            health = Health(loop, settings.metrics_host, settings.metrics_port)
        except OSError as failure:
            told = f"port {settings.metrics_port} of {settings.metrics_host} for health and metrics: {failure.strerror}"
            click.echo(f"lotstream: {told}; name another with --metrics-port, 0 for any", err=True)
            return EXIT_NEVER
        run(loop, stop, health.turned)
        return 0
    except (ClusterDiffers, CountersMisconfigured, TooManyBugs) as failure:
        click.echo(f"lotstream: {failure}", err=True)
        return EXIT_NEVER
    except Fenced as failure:
        click.echo(f"lotstream: this worker ends: {failure}", err=True)
        return EXIT_AGAIN
    finally:
        if health is not None:
            health.close()


def _run_several(kind: str, settings: Settings, config: Path | None, stop: _Stop) -> int:
    def spawn(number: int) -> "subprocess.Popen[bytes]":
        port = settings.metrics_port and settings.metrics_port + number - settings.slot
        arguments = ["-m", "processors", "worker", kind, "--slots", "1", "--slot", str(number)]
        if config is not None:
            arguments += ["--config", str(config)]
        environment = {
            **os.environ,
            "LOTSTREAM_METRICS_PORT": str(port),
            "LOTSTREAM_BOOTSTRAP_SERVERS": settings.bootstrap_servers,
            "LOTSTREAM_REDIS_URL": settings.redis_url,
        }
        # Bound to us: a supervisor that is killed leaves no worker behind.
        bound = [sys.executable, "-I", "-S", str(LAUNCHER), way_here(), str(os.getpid()), "-1"]
        program = [sys.executable, *arguments]
        command = [*bound, *program] if way_here() == "bind" else program
        return subprocess.Popen(command, env=environment)

    numbers = range(settings.slot, settings.slot + settings.slots)
    return supervise(numbers, spawn, stop, final=lambda code: code == EXIT_NEVER)
