"""Child processes do not outlive whoever started them: not an orderly end, not Ctrl-C once or twice, not kill -9."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from processors.embedded import children
from processors.embedded.children import Way

STUBBORN = "import signal as s, time; s.signal(s.SIGTERM, s.SIG_IGN); print('up', flush=True); time.sleep(600)"
OBEDIENT = "import time; print('up', flush=True); time.sleep(600)"
WAYS = ["bind", "watch"] if sys.platform == "linux" else ["watch"]


def _wait_for(text: str, log: Path, limit_s: float = 20) -> None:
    until = time.monotonic() + limit_s
    while time.monotonic() < until:
        if log.exists() and text in log.read_text():
            return
        time.sleep(0.01)
    raise AssertionError(f"{text!r} did not come within {limit_s} s: {log.read_text() if log.exists() else ''}")


def _programs(marker: str) -> list[psutil.Process]:
    """Running processes whose command line holds the marker."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        words = process.info["cmdline"] or []
        if process.info["status"] != psutil.STATUS_ZOMBIE and any(marker in word for word in words):
            found.append(process)
    return found


def _wait_until_gone(marker: str, limit_s: float = 20) -> None:
    until = time.monotonic() + limit_s
    while time.monotonic() < until:
        if not _programs(marker):
            return
        time.sleep(0.02)
    raise AssertionError(f"still running after {limit_s} s: {_programs(marker)}")


@pytest.mark.parametrize("way", WAYS)
def test_a_child_ends_when_it_is_asked_to(tmp_path: Path, way: Way) -> None:
    child = children.start("obedient", [sys.executable, "-c", OBEDIENT], tmp_path / "log", way=way)
    _wait_for("up", child.log)
    assert child.is_running
    child.stop(20)
    assert not child.is_running


@pytest.mark.parametrize("way", WAYS)
def test_a_child_that_does_not_listen_is_killed(tmp_path: Path, way: Way) -> None:
    marker = f"stubborn {tmp_path}"
    child = children.start("stubborn", [sys.executable, "-c", STUBBORN, marker], tmp_path / "log", way=way)
    _wait_for("up", child.log)
    child.stop(0.1)
    assert not child.is_running
    _wait_until_gone(marker)


@pytest.mark.parametrize("way", WAYS)
def test_kill_9_of_the_parent_leaves_no_child(tmp_path: Path, way: Way) -> None:
    marker = f"orphan {tmp_path}"
    program = (
        "import sys, time; from pathlib import Path; from processors.embedded import children\n"
        f"children.start('orphan', [sys.executable, '-c', {STUBBORN!r}, {marker!r}], Path({str(tmp_path / 'log')!r}), "
        f"way={way!r})\ntime.sleep(600)"
    )
    parent = subprocess.Popen([sys.executable, "-c", program])
    try:
        _wait_for("up", tmp_path / "log")
        assert [process for process in _programs(marker) if process.pid != parent.pid]
    finally:
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    _wait_until_gone(marker)


@pytest.mark.parametrize("presses", [1, 2])
def test_ctrl_c_ends_the_children_and_a_second_one_ends_them_at_once(tmp_path: Path, presses: int) -> None:
    marker = f"interrupted {tmp_path}"
    log = tmp_path / "log"
    what = STUBBORN if presses == 2 else OBEDIENT
    program = (
        "import sys, time; from pathlib import Path; from processors.embedded import children\n"
        f"child = children.start('child', [sys.executable, '-c', {what!r}, {marker!r}], Path({str(log)!r}))\n"
        "try:\n    print('waiting', flush=True); time.sleep(600)\n"
        "except KeyboardInterrupt:\n"
        "    with children.counted_interrupts() as hurry:\n"
        "        print('ending', flush=True); child.stop(600, hurry)\n"
        "print('ended', flush=True)"
    )
    out = tmp_path / "out"
    # A session of its own, as a terminal's foreground group: the signal goes to the group, as Ctrl-C does.
    with out.open("wb") as sink:
        parent = subprocess.Popen([sys.executable, "-c", program], stdout=sink, start_new_session=True)
    try:
        _wait_for("up", log)
        _wait_for("waiting", out)
        os.killpg(parent.pid, signal.SIGINT)
        if presses == 2:
            _wait_for("ending", out)
            os.killpg(parent.pid, signal.SIGINT)
        assert parent.wait(30) == 0
    finally:
        parent.kill()
        parent.wait()
    assert "ended" in out.read_text()
    _wait_until_gone(marker)


def test_a_program_that_does_not_exist_is_told_in_the_log(tmp_path: Path) -> None:
    child = children.start("absent", [str(tmp_path / "absent")], tmp_path / "log")
    _wait_for("cannot be started: No such file", child.log)
    _wait_until_gone(str(tmp_path / "absent"))
    assert child.exit_code == 127
