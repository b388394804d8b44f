"""From a token to the entry of its price, and from there back."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.settings import Settings
from tests.chainlogs import Chain, deploy
from tests.local_stripe import LocalStripe
from tests.orders.bought import bought, issued, token_of
from tests.pages import read


@pytest.fixture
def settings(settings: Settings, stripe: LocalStripe) -> Settings:
    return stripe.settings(settings, stripe_timeout_s=10)


def test_a_token_leads_to_the_entry_of_its_price_and_the_entry_to_the_token(
    app: Flask, client: FlaskClient, stripe: LocalStripe
) -> None:
    deploy()
    order = issued(Chain(), bought(stripe, yen=3_000))
    path = str(token_of(order).path)
    (way,) = [link for link in read(client.get(path)).links if link.startswith("/fund/rights/")]
    entry = client.get(client.get(way).headers["Location"])
    assert "3,000円" in entry.text
    assert path in read(entry).links
    for page in ("/fund/entries", "/fund/entries.csv", "/fund/entries.json"):
        assert order.buyer.email not in client.get(page).text
    assert client.get("/fund/rights/0x0000000000000000000000000000000000000000/1").status_code == 404
