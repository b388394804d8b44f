"""From a token to the entry of its price, and from there back."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.settings import Settings
from tests import given
from tests.chainlogs import Chain, deploy
from tests.local_stripe import LocalStripe
from tests.orders.bought import bought, disputed, issued, token_of
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
    assert [item["listing"] for item in client.get("/fund/entries.json").get_json()["items"]] == [order.listing.code]
    for page in ("/fund/entries", "/fund/entries.csv", "/fund/entries.json"):
        assert order.buyer.email not in client.get(page).text
    assert client.get("/fund/rights/0x0000000000000000000000000000000000000000/1").status_code == 404


def test_the_payer_reads_on_the_token_why_it_is_stopped_and_nobody_else_does(
    app: Flask, client: FlaskClient, stripe: LocalStripe
) -> None:
    deploy()
    order = issued(Chain(), bought(stripe))
    disputed(stripe, order)
    path, words = str(token_of(order).path), "いま、この権利は止まっています"
    assert words not in client.get(path).text
    assert words in given.signed_in(client, order.buyer_id).get(path).text


def test_the_month_of_a_dispute_shows_what_the_bank_took_back(
    app: Flask, client: FlaskClient, stripe: LocalStripe
) -> None:
    deploy()
    disputed(stripe, issued(Chain(), bought(stripe, yen=3_000)))
    page = client.get("/fund").text
    body = page[page.index('id="months"') :]
    cells = re.findall(r'<td class="num" data-label="([^"]*)"><span class="nowrap">([^<]*)</span>', body)
    assert cells == [
        ("いただいた代金", "3,000円"),
        ("手数料", "1,608円"),
        ("お返しした代金", "0円"),
        ("カード会社の異議で引かれた代金", "3,000円"),
    ]
