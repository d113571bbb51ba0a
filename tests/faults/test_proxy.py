"""The proxy does to a connection what a fault wants of it, and nothing else."""

import os
import socket
import threading
from collections.abc import Iterator

import pytest

from processors.embedded import ports
from tests.faults.links import Link, Proxy

FAR, NEAR = "127.0.0.1", "127.0.30.1"


def _echo(server: socket.socket) -> None:
    """Answer every connection with what it says."""

    def serve(connection: socket.socket) -> None:
        with connection:
            try:
                while data := connection.recv(1000):
                    connection.sendall(data)
            except OSError:
                pass

    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


@pytest.fixture
def link() -> Iterator[Link]:
    """A link to an echo; its only user is this process."""
    server = socket.create_server((FAR, 0))
    threading.Thread(target=_echo, args=(server,), daemon=True).start()
    proxy = Proxy()
    yield proxy.add("echo", (NEAR, ports.free()), server.getsockname(), lambda: {os.getpid(): "me"})
    proxy.close()
    server.close()


def _connect(link: Link) -> socket.socket:
    return socket.create_connection(link.near, timeout=5)


def _says(connection: socket.socket, text: bytes) -> bytes:
    connection.sendall(text)
    return connection.recv(1000)


def test_what_is_sent_arrives_and_is_answered(link: Link) -> None:
    with _connect(link) as connection:
        assert _says(connection, b"here") == b"here"


@pytest.mark.parametrize("source", ["", "me"])
def test_a_cut_link_resets_its_connections_and_refuses_new_ones(link: Link, source: str) -> None:
    with _connect(link) as connection:
        assert _says(connection, b"here") == b"here"
        link.set("cut", source)
        with pytest.raises(OSError, match="reset"):
            _says(connection, b"there")
    with _connect(link) as again, pytest.raises(OSError, match="reset"):
        _says(again, b"anybody")
    link.set("pass", source)
    with _connect(link) as connection:
        assert _says(connection, b"here") == b"here"


def test_a_link_that_is_cut_for_another_source_passes(link: Link) -> None:
    with _connect(link) as connection:
        link.set("cut", "somebody else")
        assert _says(connection, b"here") == b"here"


def test_what_a_stalled_link_holds_goes_on_when_it_passes_again(link: Link) -> None:
    with _connect(link) as connection:
        assert _says(connection, b"here") == b"here"
        link.set("stalled")
        connection.sendall(b"held")
        connection.settimeout(0.2)
        with pytest.raises(TimeoutError):
            connection.recv(1000)
        link.set("pass")
        connection.settimeout(5)
        assert connection.recv(1000) == b"held"


@pytest.mark.parametrize("mode", ["answers-lost", "half-open"])
def test_a_connection_whose_answers_are_lost_stays_open_until_the_link_passes_again(link: Link, mode: str) -> None:
    with _connect(link) as connection:
        assert _says(connection, b"here") == b"here"
        link.set("half-open" if mode == "half-open" else "answers-lost")
        connection.sendall(b"lost")
        connection.settimeout(0.2)
        with pytest.raises(TimeoutError):
            connection.recv(1000)
        connection.settimeout(5)
        link.set("pass")
        with pytest.raises(OSError, match="reset"):
            connection.recv(1000)
    with _connect(link) as connection:
        assert _says(connection, b"here") == b"here"


def test_a_link_that_is_aimed_elsewhere_takes_new_connections_there(link: Link) -> None:
    with _connect(link) as connection, socket.create_server((FAR, 0)) as other:
        other.settimeout(5)
        assert _says(connection, b"here") == b"here"
        link.aim(other.getsockname())
        with _connect(link):
            other.accept()[0].close()
        assert _says(connection, b"here") == b"here"
