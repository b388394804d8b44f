"""The counter to partners: patient for a while, and sure of who is there."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask

from marketplace.kit.refusals import Unavailable
from marketplace.webhooks.addresses import BadAddress
from marketplace.webhooks.courier import LATE, HttpCourier
from tests.certificates import self_signed


@pytest.fixture(autouse=True)
def _app(app: Flask) -> None:
    """Every test here has a town."""


@contextmanager
def answering(act: Callable[[socket.socket], None]) -> Iterator[int]:
    """The port of a server that does `act` with one connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                act(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        thread.join(timeout=30)
        assert not thread.is_alive()


def test_who_answers_a_byte_now_and_then_does_not_keep_us() -> None:
    gone = threading.Event()

    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
        try:
            while not gone.wait(0.02):
                connection.sendall(b"x")
        except OSError:
            return

    with answering(drip) as port:
        with pytest.raises(Unavailable, match=LATE):
            HttpCourier(trial=True, patience=0.4).post(f"http://127.0.0.1:{port}/", {}, "{}")
        gone.set()


def test_who_says_nothing_is_not_waited_for_for_long() -> None:
    gone = threading.Event()

    def wait(_connection: socket.socket) -> None:
        gone.wait(30)

    with answering(wait) as port:
        with pytest.raises(Unavailable, match=LATE):
            HttpCourier(trial=True, patience=0.2).post(f"http://127.0.0.1:{port}/", {}, "{}")
        gone.set()


def test_who_speaks_something_else_is_no_partner() -> None:
    with (
        answering(lambda connection: connection.sendall(b"220 smtp ready\r\n")) as port,
        pytest.raises(Unavailable, match="つながりません"),
    ):
        HttpCourier(trial=True).post(f"http://127.0.0.1:{port}/", {}, "{}")


def test_a_certificate_that_nobody_vouches_for_is_not_believed(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path))

    def shake_hands(connection: socket.socket) -> None:
        try:
            context.wrap_socket(connection, server_side=True).close()
        except OSError:
            return

    with answering(shake_hands) as port, pytest.raises(Unavailable, match="証明書"):
        HttpCourier(trial=True).post(f"https://127.0.0.1:{port}/", {}, "{}")


def test_a_site_that_is_no_trial_does_not_call_its_own_machine() -> None:
    with pytest.raises(BadAddress):
        HttpCourier(trial=False).post("http://127.0.0.1:1/", {}, "{}")
