"""The broker's class path: the jars of `jars.lock`, fetched once into a cache, each checked against its SHA-256.

The lock names every jar, so a start needs no dependency resolution, and nothing else than what was locked is ever run.
`python -m processors.embedded.jars` resolves it anew from `versions.KAFKA_ROOTS`.
"""

import hashlib
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import Final

from processors.embedded.trouble import Trouble
from processors.embedded.versions import KAFKA, KAFKA_ROOTS

LOCK: Final = Path(__file__).with_name("jars.lock")
FETCHERS: Final = 6
Progress = Callable[[int, int, str], None]
"""Called with jars there, jars in all, and the name of the one that came last."""


@dataclass(frozen=True, slots=True)
class Jar:
    """One locked jar: `group:artifact:version`, SHA-256 in hex, size in bytes."""

    coordinate: str
    sha256: str
    size: int

    @property
    def name(self) -> str:
        _, artifact, version = self.coordinate.split(":")
        return f"{artifact}-{version}.jar"


def cache_dir() -> Path:
    """Where fetched files are kept for all projects of the user: `LOTSTREAM_CACHE`, else the system's cache folder."""
    named = os.environ.get("LOTSTREAM_CACHE")
    if named:
        return Path(named)
    match sys.platform:
        case "darwin":
            return Path.home() / "Library" / "Caches" / "lotstream"
        case "win32":
            return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "lotstream" / "cache"
        case _:
            return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lotstream"


def class_path(progress: Progress = lambda there, total, name: None) -> list[Path]:
    """The broker's jars, in the order of the lock; a first call fetches them, later ones need no network.

    A `KAFKA_HOME` in the environment comes first. Raises Trouble `network-missing`, `jar-damaged`, `disk-full`,
    `broker-failed` (no jars under `KAFKA_HOME`).
    """
    home = os.environ.get("KAFKA_HOME")
    if home:
        jars = sorted((Path(home) / "libs").glob("*.jar"))
        if not jars:
            remedy = "Set it to the folder of an unpacked Kafka, or unset it"
            raise Trouble("broker-failed", f"KAFKA_HOME names {home}, where there is no libs/*.jar", remedy)
        return jars
    folder = cache_dir() / f"kafka-{KAFKA}"
    wanted = read_lock()
    if not all(_is_there(folder, jar) for jar in wanted):
        _fetch_missing(folder, wanted, progress)
    return [folder / jar.name for jar in wanted]


def read_lock() -> list[Jar]:
    """The locked jars: lines `group:artifact:version sha256 size`."""
    lines = LOCK.read_text(encoding="utf-8").splitlines()
    words = [line.split() for line in lines if line and not line.startswith("#")]
    return [Jar(coordinate, sha256, int(size)) for coordinate, sha256, size in words]


def _is_there(folder: Path, jar: Jar) -> bool:
    """A jar gets its name only after its hash was checked: name and size are enough from then on."""
    try:
        return (folder / jar.name).stat().st_size == jar.size
    except FileNotFoundError:
        return False


def _fetch_missing(folder: Path, wanted: list[Jar], progress: Progress) -> None:
    from filelock import FileLock

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        remedy = "Set LOTSTREAM_CACHE to a folder that can be written"
        raise Trouble("disk-full", f"The cache folder {folder} cannot be made ({error.strerror})", remedy) from error
    with FileLock(folder / "fetching.lock"), _staging(folder) as staging:
        missing = [jar for jar in wanted if not _is_there(folder, jar)]
        waiting: Queue[Jar] = Queue()
        done: Queue[tuple[Jar, BaseException | None]] = Queue()
        for jar in missing:
            waiting.put(jar)

        def fetch_all() -> None:
            while not waiting.empty():
                with suppress(Empty):
                    jar = waiting.get_nowait()
                    try:
                        _fetch(jar, staging, folder)
                    except BaseException as error:
                        done.put((jar, error))
                    else:
                        done.put((jar, None))

        # Daemons: Ctrl-C must not have to wait for a server that does not answer.
        for _ in range(FETCHERS):
            Thread(target=fetch_all, name="fetch", daemon=True).start()
        for there in range(len(wanted) - len(missing) + 1, len(wanted) + 1):
            jar, failure = done.get()
            if failure is not None:
                raise failure
            progress(there, len(wanted), jar.name)


@contextmanager
def _staging(folder: Path) -> Iterator[Path]:
    """A folder for half-fetched files, empty at the start (a killed fetch may have left some) and gone at the end."""
    staging = folder / "fetching"
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir()
    try:
        yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _fetch(jar: Jar, staging: Path, folder: Path) -> None:
    import requests
    from jgo.maven import MavenContext

    group, artifact, version = jar.coordinate.split(":")
    context = MavenContext(repo_cache=staging, timeout=30)
    try:
        path = context.project(group, artifact).at_version(version).artifact().resolve()
    except requests.RequestException as error:
        raise Trouble(
            "network-missing",
            f"The broker's {jar.name} could not be fetched ({type(error).__name__})",
            "The first start needs the network once (about 45 MB from Maven Central); connect and start again, "
            "or set KAFKA_HOME to an unpacked Kafka, or BOOTSTRAP_SERVERS to a broker that runs",
        ) from error
    except RuntimeError as error:
        remedy = "Check the network (a proxy that answers for it?) and start again"
        raise Trouble("network-missing", f"The broker's {jar.name} could not be fetched: {error}", remedy) from error
    except OSError as error:
        remedy = "Make room, or set LOTSTREAM_CACHE to another disk"
        raise Trouble("disk-full", f"{jar.name} cannot be written under {folder} ({error.strerror})", remedy) from error
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != jar.sha256:
        remedy = "Start again; if it stays so, something between here and the repository changes files"
        raise Trouble("jar-damaged", f"{jar.name} came with SHA-256 {found}, expected {jar.sha256}", remedy)
    path.replace(folder / jar.name)


def resolve_lock() -> list[Jar]:
    """Resolve `KAFKA_ROOTS` and fetch everything, for a new lock."""
    from jgo.maven import MavenContext
    from jgo.parse import Coordinate

    context = MavenContext(repo_cache=cache_dir() / "resolving", timeout=30)
    roots = [context.create_dependency(Coordinate.parse(root)) for root in KAFKA_ROOTS]
    inputs, transitive = context.resolver.resolve(roots)
    artifacts = [d.artifact for d in [*inputs, *(d for d in transitive if d.scope in ("compile", "runtime"))]]
    jars = []
    for artifact in artifacts:
        content = artifact.resolve().read_bytes()
        coordinate = f"{artifact.groupId}:{artifact.artifactId}:{artifact.version}"
        jars.append(Jar(coordinate, hashlib.sha256(content).hexdigest(), len(content)))
    return sorted(jars, key=lambda jar: jar.coordinate)


if __name__ == "__main__":
    lines = [f"{jar.coordinate} {jar.sha256} {jar.size}" for jar in resolve_lock()]
    head = "# The broker's jars: group:artifact:version, SHA-256, bytes. Made by `python -m processors.embedded.jars`."
    LOCK.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
