"""A PostgreSQL server of the tests' own: the distribution's, on a free loopback port, as a user who is not root."""

import glob
import os
import shutil
import subprocess
from pathlib import Path

import psycopg

from processors.embedded.ports import free


class Absent(Exception):
    """There is no PostgreSQL here."""


class PostgresqlServer:
    """`.url(database)` gives an empty database of its own."""

    def __init__(self, directory: Path) -> None:
        self._data, self._log = directory / "data", directory / "log"
        self._bin = _binaries()
        self._as = _not_root(directory)
        self._port = 0
        self._databases = 0

    def start(self) -> None:
        self._run("initdb", "--pgdata", str(self._data), "--username", "tests", "--auth", "trust", "--no-sync")
        self._port = free()
        settings = f"-p {self._port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
        self._run("pg_ctl", "--pgdata", str(self._data), "--log", str(self._log), "--wait", "-o", settings, "start")

    def stop(self) -> None:
        self._run("pg_ctl", "--pgdata", str(self._data), "--wait", "--mode", "immediate", "stop")

    def restart(self) -> None:
        """End it at once, as after a crash, and start it again with its data; same address."""
        self._run(
            "pg_ctl", "--pgdata", str(self._data), "--log", str(self._log), "--wait", "-m", "immediate", "restart"
        )

    def url(self) -> str:
        """The URL of a new, empty database."""
        self._databases += 1
        name = f"tests{self._databases}"
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self._address(name)

    def _address(self, database: str) -> str:
        return f"postgresql://tests@127.0.0.1:{self._port}/{database}"

    def _run(self, command: str, *arguments: str) -> None:
        ran = subprocess.run(
            [*self._as, str(self._bin / command), *arguments],
            stdout=subprocess.DEVNULL,  # the server keeps what it is given open
            stderr=subprocess.DEVNULL,
            cwd="/",
            check=False,
        )
        if ran.returncode:
            told = self._log.read_text() if self._log.exists() else ""
            raise RuntimeError(f"{command} ended with {ran.returncode}; {told}")


def _binaries() -> Path:
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb")) or [shutil.which("initdb") or ""]
    if not found[-1]:
        raise Absent("no initdb in /usr/lib/postgresql or on the path")
    return Path(os.path.realpath(found[-1])).parent


def _not_root(directory: Path) -> list[str]:
    """What makes a command run as somebody else where we are root, which the server refuses to be."""
    if os.getuid() != 0:
        return []
    shutil.chown(directory, "nobody")
    for parent in directory.parents:
        if parent != Path("/") and not parent.stat().st_mode & 0o001:
            parent.chmod(parent.stat().st_mode | 0o011)
    return ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
