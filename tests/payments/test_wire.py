"""What the wire makes of trouble: nobody there, no answer in time, a proxy in between."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import stripe

from marketplace.payments.wire import Wire
from tests.local_stripe import LocalStripe


@contextmanager
def answering(answer: bytes | None) -> Iterator[str]:
    """Somebody who hears one call and answers so; None: never."""
    over = threading.Event()

    def serve(door: socket.socket) -> None:
        caller, _ = door.accept()
        with caller:
            asked = caller.recv(65_536)
            if answer is not None:
                caller.sendall(answer.replace(b"ASKED", asked.partition(b"\r\n")[0]))
            else:
                over.wait(30)

    with socket.create_server(("127.0.0.1", 0)) as door:
        thread = threading.Thread(target=serve, args=(door,))
        thread.start()
        yield f"http://127.0.0.1:{door.getsockname()[1]}"
        over.set()
        thread.join()


def test_one_connection_serves_call_after_call(stripe_process: LocalStripe) -> None:
    wire = Wire(stripe_process.base_url, 30)
    headers = {"Authorization": "Bearer sk_test_wire"}
    seen = [wire.request("get", f"{stripe_process.base_url}/v1/events", headers) for _ in range(3)]
    assert [(status, body[:1]) for body, status, _ in seen] == [(200, b"{")] * 3
    assert all("request-id" in headers for _, _, headers in seen)
    wire.close()


def test_nobody_there_may_be_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        base = f"http://127.0.0.1:{door.getsockname()[1]}"
    with pytest.raises(stripe.APIConnectionError, match="NewConnectionError") as failed:
        Wire(base, 5).request("get", f"{base}/v1/events", {})
    assert failed.value.should_retry


@pytest.mark.parametrize(("answer", "kind"), [(None, "ReadTimeoutError"), (b"", "ProtocolError")])
def test_an_answer_that_does_not_come_may_be_tried_again(answer: bytes | None, kind: str) -> None:
    with answering(answer) as base:
        with pytest.raises(stripe.APIConnectionError, match=kind) as failed:
            Wire(base, 0.2).request("post", f"{base}/v1/refunds", {}, "amount=1")
        assert failed.value.should_retry


def test_an_answer_that_leads_elsewhere_is_not_followed() -> None:
    with answering(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n") as base:
        body, status, headers = Wire(base, 5).request("get", f"{base}/v1/events", {})
    assert (body, status, headers["Location"]) == (b"", 302, "http://127.0.0.1:1/")


def test_a_proxy_of_the_environment_is_asked_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 36\r\n\r\nASKED") as proxy:
        monkeypatch.setenv("http_proxy", proxy)
        monkeypatch.setenv("no_proxy", "")
        body, _, _ = Wire("http://api.example", 5).request("get", "http://api.example/v1/a", {})
    assert body == b"GET http://api.example/v1/a HTTP/1.1"
