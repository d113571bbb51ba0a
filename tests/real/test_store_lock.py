"""Two processes and one store on disk: the second waits, and never wipes what the first has open."""

import subprocess
import sys
from pathlib import Path

import pytest

from processors.runtime import rocks_store
from processors.runtime.errors import Fenced
from processors.runtime.rocks_store import RocksStores

HOLDER = """
import sys
from pathlib import Path
from processors.runtime.rocks_store import RocksStores
store = RocksStores(Path(sys.argv[1]), ["texts"], []).open(0)
print("open", flush=True)
sys.stdin.read()
"""


def _holder(directory: Path) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-c", HOLDER, str(directory)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"open\n"
    return process


def test_a_store_that_another_process_holds_is_not_wiped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rocks_store, "LOCKED_S_MAX", 0.2)
    store = RocksStores(tmp_path, ["texts"], []).open(0)
    store.write([("texts", b"key", b"value")], {}, {"texts": 1})
    store.close()
    holder = _holder(tmp_path)
    try:
        with pytest.raises(Fenced, match="in use by another process"):
            RocksStores(tmp_path, ["texts"], []).open(0)
    finally:
        holder.kill()
        holder.wait()
    assert RocksStores(tmp_path, ["texts"], []).open(0).get("texts", "key") == b"value"
