"""Loopback ports: a free one, and whether a given one is taken."""

import socket
from typing import Final

HOST: Final = "127.0.0.1"


def free() -> int:
    """A port nobody listens on now. Somebody else may take it before it is used: the caller tries again then."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def choose(preferred: int | None) -> int:
    """The preferred port where nobody listens on it, else a free one."""
    return preferred if preferred and not is_taken(preferred) else free()


def is_taken(port: int) -> bool:
    """True where a server could not listen on the loopback port (1 to 65535)."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: a connection that ended a moment ago (TIME_WAIT) does not hold the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
        return False
