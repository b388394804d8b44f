"""The official client: what it takes from its surroundings."""

from collections.abc import Iterator

import pytest
from flask import Flask

from marketplace.kit.refusals import Rejected
from marketplace.payments.official import StripeTill
from marketplace.settings import Settings
from tests.served import Answering, serving


@pytest.fixture
def proxy() -> Iterator[tuple[str, list[str]]]:
    """(its address, what it was asked for)."""
    asked: list[str] = []

    class Proxy(Answering):
        def do_GET(self) -> None:
            asked.append(self.path.partition("?")[0])
            unknown = b'{"error": {"type": "invalid_request_error", "code": "resource_missing"}}'
            self.answer(404, unknown, {"Content-Type": "application/json"})

    with serving(Proxy) as url:
        yield url, asked


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
