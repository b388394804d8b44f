"""A shop's ears: it keeps what Stripe posts to it, and can be told to answer badly."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import stripe
from stripe._v1_services import V1Services

from tests.local_stripe import SECRET


class Shop(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Ear)
        self.url = f"http://127.0.0.1:{self.server_address[1]}/hook"
        self.heard: list[dict[str, Any]] = []
        self.answers: list[int] = []
        """HTTP statuses of the next answers; 200 when there are none left."""
        self._changed = threading.Condition()

    def hear(self, event: dict[str, Any]) -> None:
        with self._changed:
            self.heard.append(event)
            self._changed.notify_all()

    def wait_for(self, count: int) -> list[str]:
        """The kinds of the first `count` events heard, in their order of arrival."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.heard) >= count, timeout=30)
        return self.kinds()

    def kinds(self) -> list[str]:
        return [event["type"] for event in self.heard]


class _Ear(BaseHTTPRequestHandler):
    server: Shop

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        stripe.WebhookSignature.verify_header(body, self.headers["Stripe-Signature"], SECRET, 300)
        status = self.server.answers.pop(0) if self.server.answers else 200
        if status == 200:
            self.server.hear(json.loads(body))  # before the answer: who is answered must find it heard
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@contextmanager
def open_shop() -> Iterator[Shop]:
    shop = Shop()
    thread = threading.Thread(target=shop.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield shop
    finally:
        shop.shutdown()
        thread.join()
        shop.server_close()


def session(v1: V1Services, yen: int = 1000, key: str | None = None, **more: Any) -> stripe.checkout.Session:
    """A Checkout Session of the kind that the town sells with."""
    line = {"quantity": 1, "price_data": {"currency": "jpy", "unit_amount": yen, "product_data": {"name": "住民票"}}}
    params: Any = {
        "mode": "payment",
        "client_reference_id": "order:ORD-1",
        "customer_email": "hanako@example.jp",
        "line_items": [line],
        "success_url": "http://127.0.0.1:9/done?session={CHECKOUT_SESSION_ID}",
        "cancel_url": "http://127.0.0.1:9/back",
        **more,
    }
    return v1.checkout.sessions.create(params, {"idempotency_key": key} if key else None)


def url_of(made: stripe.checkout.Session) -> str:
    assert made.url is not None
    return made.url
