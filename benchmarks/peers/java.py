"""Kafka Streams' jars, fetched and checked as the broker's are, and `StreamsPosting.java`, compiled at need.

`python -m benchmarks.peers.java` resolves `jars.lock` anew. Compiled by `javac` where there is one (beside the Java
that runs it, in JAVA_HOME, on the path), else by Eclipse's compiler, which is a jar of the lock.
"""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from processors.embedded import jars
from processors.embedded.java import find_java
from processors.embedded.versions import KAFKA

HERE = Path(__file__).parent
SOURCE = HERE / "StreamsPosting.java"
LOCK = HERE / "jars.lock"
AVRO = "1.12.1"
ECJ = "3.41.0"
RELEASE = "17"
ROOTS = (
    f"org.apache.kafka:kafka-streams:{KAFKA}",
    f"org.apache.kafka:kafka-clients:{KAFKA}",
    f"org.apache.avro:avro:{AVRO}",
)
COMPILER = f"org.eclipse.jdt:ecj:{ECJ}"


def command(directory: Path) -> list[str]:
    """The command that runs the peer; its classes are compiled into `directory` first, if they are not there.

    Raises processors.embedded.trouble.Trouble where jars cannot be fetched or there is no Java.
    """
    classes = directory / "classes"
    libraries = [str(path) for path in class_path()]
    if not (classes / "StreamsPosting.class").exists():
        _compile(classes, libraries)
    java = [str(find_java()), "-Xms256m", "-Xmx1g", "-XX:+UseParallelGC"]
    return [*java, "-cp", os.pathsep.join([str(classes), *libraries]), "StreamsPosting"]


def class_path() -> list[Path]:
    """The jars, in the order of the lock; a first call fetches them. Trouble where they cannot be had."""
    folder = jars.cache_dir() / f"kafka-streams-{KAFKA}"
    wanted = read_lock()
    if not all(jars._is_there(folder, jar) for jar in wanted):
        jars._fetch_missing(folder, wanted, lambda there, total, name: None)
    return [folder / jar.name for jar in wanted]


def read_lock() -> list[jars.Jar]:
    """The locked jars: lines `group:artifact:version sha256 size`."""
    lines = LOCK.read_text(encoding="utf-8").splitlines()
    words = [line.split() for line in lines if line and not line.startswith("#")]
    return [jars.Jar(coordinate, sha256, int(size)) for coordinate, sha256, size in words]


def _compile(classes: Path, libraries: list[str]) -> None:
    classes.mkdir(parents=True, exist_ok=True)
    where = ["-cp", os.pathsep.join(libraries), "-d", str(classes), str(SOURCE)]
    javac = _javac()
    if javac is not None:
        subprocess.run([str(javac), "--release", RELEASE, *where], check=True)
        return
    ecj = next(path for path in libraries if Path(path).name.startswith("ecj-"))
    subprocess.run([str(find_java()), "-jar", ecj, f"-{RELEASE}", "-nowarn", *where], check=True)


def _javac() -> Path | None:
    beside = find_java().with_name("javac")
    if beside.exists():
        return beside
    found = shutil.which("javac")
    return Path(found) if found else None


def _resolve() -> list[jars.Jar]:
    from jgo.maven import MavenContext
    from jgo.parse import Coordinate

    context = MavenContext(repo_cache=jars.cache_dir() / "resolving", timeout=30)
    found = []
    for roots in (ROOTS, (COMPILER,)):
        dependencies = [context.create_dependency(Coordinate.parse(root)) for root in roots]
        inputs, transitive = context.resolver.resolve(dependencies)
        for each in [*inputs, *(other for other in transitive if other.scope in ("compile", "runtime"))]:
            artifact = each.artifact
            content = artifact.resolve().read_bytes()
            coordinate = f"{artifact.groupId}:{artifact.artifactId}:{artifact.version}"
            found.append(jars.Jar(coordinate, hashlib.sha256(content).hexdigest(), len(content)))
    return sorted(found, key=lambda jar: jar.coordinate)


if __name__ == "__main__":
    head = "# Kafka Streams' jars: group:artifact:version, SHA-256, bytes. Made by `python -m benchmarks.peers.java`."
    lines = [f"{jar.coordinate} {jar.sha256} {jar.size}" for jar in _resolve()]
    LOCK.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
