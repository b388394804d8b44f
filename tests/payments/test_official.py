"""The official client: what it takes from its surroundings."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from flask import Flask

from marketplace.kit.refusals import Rejected
from marketplace.payments.official import StripeTill
from marketplace.settings import Settings


@pytest.fixture
def proxy() -> Iterator[tuple[str, list[str]]]:
    """(its address, what it was asked for)."""
    asked: list[str] = []

    class Proxy(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path.partition("?")[0])
            self.send_response(404)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(b'{"error": {"type": "invalid_request_error", "code": "resource_missing"}}')

        def log_message(self, *_args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Proxy) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()
        thread.join()


def test_stripe_is_asked_through_the_proxy_that_the_environment_names(
    app: Flask, settings: Settings, proxy: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    address, asked = proxy
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, address)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    till = StripeTill(settings.model_copy(update={"stripe_api_base": "http://stripe.invalid"}))
    with pytest.raises(Rejected):
        till.session("cs_test_1")
    assert asked == ["http://stripe.invalid/v1/checkout/sessions/cs_test_1"]
