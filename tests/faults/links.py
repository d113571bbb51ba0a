"""The links of the proxy, as faults switch them; the proxy itself is a process of its own."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.faults.proxy import Mode

Address = tuple[str, int]
Pids = Callable[[], Mapping[int, str]]
ROOT = Path(__file__).parents[2]


class Proxy:
    """The process, and its links by name."""

    def __init__(self) -> None:
        self.links: dict[str, Link] = {}
        self._turn = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.proxy"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )

    def add(self, name: str, near: Address, far: Address, pids: Pids = dict) -> "Link":
        """Open a link; `pids`: process id → name, of its users that a mode can be for alone."""
        self.tell(do="open", link=name, near=near, far=far)
        self.links[name] = Link(self, name, near, far, pids)
        return self.links[name]

    def tell(self, **command: object) -> None:
        """One command; returns when it is done."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        with self._turn:
            stdin.write(json.dumps(command).encode() + b"\n")
            stdin.flush()
            answer = stdout.readline().decode().strip()
        assert answer == "done", f"{command}: {answer or 'the proxy has ended'}"

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


class Link:
    """One way through the proxy: connections to `near` go on to `far`."""

    def __init__(self, proxy: Proxy, name: str, near: Address, far: Address, pids: Pids) -> None:
        self.name, self.near, self.far = name, near, far
        self._proxy, self._pids = proxy, pids

    def set(self, mode: Mode, source: str = "") -> None:
        """Switch, for all or for one source; on the way back to `pass`, connections that lost bytes are reset."""
        pids = self._pids() if source else {}
        self._proxy.tell(do="set", link=self.name, mode=mode, source=source, pids={str(p): n for p, n in pids.items()})

    def slow_down(self, seconds: float) -> None:
        """Every piece arrives so much later; 0 = no more."""
        self._proxy.tell(do="delay", link=self.name, seconds=seconds)

    def aim(self, far: Address) -> None:
        """New connections go elsewhere; those there are stay."""
        self.far = far
        self._proxy.tell(do="aim", link=self.name, far=far)

    def reset(self) -> None:
        """Reset the connections there are."""
        self._proxy.tell(do="reset", link=self.name)
