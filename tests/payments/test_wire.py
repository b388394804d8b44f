"""What the wire makes of trouble: nobody there, no answer in time, a proxy in between."""

from __future__ import annotations

import queue
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest
import stripe
from flask import Flask

from marketplace.payments import wire as wires
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


@contextmanager
def silent() -> Iterator[tuple[str, queue.Queue[Callable[[], None]]]]:
    """Somebody who answers each call when the test says so; how to, call after call."""
    calls: queue.Queue[Callable[[], None]] = queue.Queue()
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
    kept: list[socket.socket] = []

    def serve(door: socket.socket) -> None:
        with suppress(OSError):
            while True:
                kept.append(door.accept()[0])
                calls.put(lambda caller=kept[-1]: caller.sendall(answer))  # type: ignore[misc]

    with socket.create_server(("127.0.0.1", 0)) as door:
        threading.Thread(target=serve, args=(door,), daemon=True).start()
        yield f"http://127.0.0.1:{door.getsockname()[1]}", calls
        door.shutdown(socket.SHUT_RDWR)
    for caller in kept:
        caller.close()


def test_once_stripe_was_silent_one_page_at_a_time_asks_until_it_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page does not wait as long as the worker does, nor try twice."""
    monkeypatch.setattr(wires, "PAGE_S", 0.2)
    with silent() as (base, calls):
        wire, said = Wire(base, 30), list[int]()

        def ask() -> None:
            with Flask("a page").test_request_context():
                said.append(wire.request("get", f"{base}/v1/events", {})[1])

        with pytest.raises(stripe.APIConnectionError, match="ReadTimeoutError") as failed:
            ask()
        calls.get(timeout=30)
        wire._patience_s = 30
        pages = [threading.Thread(target=ask) for _ in range(3)]
        pages[0].start()
        answer = calls.get(timeout=30)
        with pytest.raises(stripe.APIConnectionError, match="another page asks") as refused:
            ask()
        assert (failed.value.should_retry, refused.value.should_retry, calls.qsize()) == (False, False, 0)
        answer()
        pages[0].join()
        for page in pages[1:]:
            page.start()
        for answer in [calls.get(timeout=30), calls.get(timeout=30)]:
            answer()
        for page in pages[1:]:
            page.join()
    assert said == [200] * 3


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
