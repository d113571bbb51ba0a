"""The archive of the broker's classes: made at leisure, used by the next start, never in the way."""

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from processors.embedded import class_archive, jars
from processors.embedded.broker import Broker
from processors.embedded.class_archive import KEPT, Making
from processors.embedded.java import find_java

LIMIT_S = 300.0


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of its own, with the jars that are there."""
    folder = Path(jars.class_path()[0]).parent
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / folder.name).symlink_to(folder)
    monkeypatch.setenv("LOTSTREAM_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def broker(cache: Path, tmp_path: Path) -> Iterator[Broker]:
    broker = Broker(tmp_path / "broker")
    yield broker
    broker.kill()


def _archive() -> Path:
    return class_archive.path_of(find_java(), jars.class_path())


def _await(making: Making) -> None:
    until = time.monotonic() + LIMIT_S
    while not making.look():
        assert time.monotonic() < until, "not made"
        time.sleep(0.05)


def _maps(broker: Broker) -> list[str]:
    return [each.path for each in psutil.Process(broker.pid).memory_maps()]


@pytest.mark.real
def test_a_start_without_an_archive_lets_one_be_made_and_the_next_start_uses_it(broker: Broker) -> None:
    broker.start()
    assert str(_archive()) not in _maps(broker)
    making = broker.begin_class_archive()
    assert making is not None
    _await(making)
    assert broker.is_running
    broker.stop()
    broker.start()
    assert str(_archive()) in _maps(broker)
    assert broker.begin_class_archive() is None


@pytest.mark.real
def test_an_archive_that_does_not_fit_is_left_unused(broker: Broker) -> None:
    _archive().parent.mkdir()
    _archive().write_bytes(b"no archive" * 1000)
    broker.start()
    assert broker.is_running


@pytest.mark.real
def test_an_end_before_the_archive_is_made_leaves_no_process_and_no_file(broker: Broker) -> None:
    broker.start()
    making = broker.begin_class_archive()
    assert making is not None
    assert broker.begin_class_archive() is None, "one at a time"
    making.stop()
    assert not [each for each in psutil.Process().children(recursive=True) if "-Xshare:dump" in each.cmdline()]
    assert [each.name for each in _archive().parent.iterdir() if each.suffix in (".jsa", ".part")] == []
    again = broker.begin_class_archive()
    assert again is not None
    again.stop()


@pytest.mark.usefixtures("cache")
def test_a_list_of_no_use_ends_in_no_archive_and_nothing_in_the_way(tmp_path: Path) -> None:
    (tmp_path / class_archive.LIST).write_text("no/such/Thing id: what\nhalf a li")
    making = class_archive.begin(Path(shutil.which("false") or "/bin/false"), jars.class_path(), tmp_path)
    assert making is not None
    _await(making)
    assert not list((tmp_path / "cache" / "class-archives").glob("*.jsa"))


def test_where_no_class_was_written_down_nothing_is_made(cache: Path, tmp_path: Path) -> None:
    assert class_archive.begin(find_java(), jars.class_path(), tmp_path) is None
    assert not (cache / "class-archives").exists()


@pytest.mark.usefixtures("cache")
def test_archives_of_before_are_forgotten(tmp_path: Path) -> None:
    folder = _archive().parent
    folder.mkdir()
    for age in range(1, 4):
        (folder / f"{age}.jsa").touch()
        _age(folder / f"{age}.jsa", age)
    (tmp_path / class_archive.LIST).write_text("java/lang/Object id: 0\n")
    making = class_archive.begin(find_java(), jars.class_path(), tmp_path)
    assert making is not None
    _await(making)
    assert sorted(each.name for each in folder.glob("*.jsa")) == sorted([_archive().name, "1.jsa"])
    assert KEPT == 2


def test_another_jar_asks_for_another_archive(tmp_path: Path) -> None:
    jar = tmp_path / "some.jar"
    jar.write_bytes(b"1")
    before = class_archive.path_of(find_java(), [jar])
    assert class_archive.path_of(find_java(), [jar]) == before
    jar.write_bytes(b"12")
    assert class_archive.path_of(find_java(), [jar]) != before


def _age(file: Path, hours: int) -> None:
    then = time.time() - hours * 3600
    os.utime(file, (then, then))
