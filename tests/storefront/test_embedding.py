"""A listing in somebody else's page: framed anywhere, with nothing of the visitor, and nothing else of us framed."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser

from marketplace.auctions import stopping
from marketplace.auctions.opening import of_listing
from marketplace.kit.db import db, get
from marketplace.listings import suspending
from marketplace.listings.models import Listing
from marketplace.storefront.embedding import HEIGHT, WIDTH, frame
from tests import given
from tests.pages import read
from tests.served import Answering, serving
from tests.visiting import visiting


def code_of(listing_id: int) -> str:
    return get(Listing, listing_id).code


def test_only_the_card_may_be_framed(app: Flask, client: FlaskClient) -> None:
    code = code_of(given.a_listing())
    policy = client.get(f"/embed/{code}").headers["Content-Security-Policy"]
    assert (policy.count("frame-ancestors"), "frame-ancestors *" in policy, "'unsafe" in policy) == (1, True, False)
    for path in ("/", f"/listings/{code}", f"/listings/{code}/embed", "/signin"):
        assert "frame-ancestors 'none'" in client.get(path).headers["Content-Security-Policy"]


def test_the_card_sets_and_asks_nothing_of_the_visitor(app: Flask, client: FlaskClient) -> None:
    code = code_of(given.a_listing(price_yen=3_000))
    signed_in = given.signed_in(client, given.an_account())
    theirs, anybodys = signed_in.get(f"/embed/{code}"), app.test_client().get(f"/embed/{code}")
    assert (theirs.data, "Set-Cookie" in theirs.headers, "<script" in theirs.text) == (anybodys.data, False, False)
    assert theirs.headers["Cache-Control"] == "public, max-age=10"
    assert "3,000" in read(theirs).words


def test_a_sale_and_bids_that_are_stopped_are_so_elsewhere_too(app: Flask, client: FlaskClient) -> None:
    fixed, bids = given.a_listing(), given.a_listing("ascending", "naming")
    auction, actor = of_listing(bids), given.staff("approver")
    assert auction is not None
    suspending.suspend(fixed, actor, "雪のため")
    stopping.suspend(auction.id, actor, "雪のため")
    for code in map(code_of, (fixed, bids)):
        words = read(client.get(f"/embed/{code}")).words
        told = client.get(f"/listings/{code}").text
        assert ("受付を一時停止しています" in words, "受付中" in words, "まで" in words) == (True, False, False)
        assert re.findall(r'"availability": "https://schema.org/(\w+)"', told) == ["OutOfStock"]
        assert re.findall(r"<span([^<>]*)><span[^<>]*>受付中<", told) == [" data-open hidden"] * (code == auction.code)


def test_a_card_in_another_language_leaves_no_cookie_either(app: Flask, client: FlaskClient) -> None:
    answer = client.get(f"/embed/{code_of(given.a_listing(price_yen=3_000))}?lang=en")
    assert ("Set-Cookie" in answer.headers, answer.headers["Cache-Control"]) == (False, "public, max-age=10")
    assert "3,000 yen" in read(answer).words


@pytest.mark.parametrize("state", ["draft", "approved"])
def test_what_is_not_announced_has_no_card(app: Flask, client: FlaskClient, state: str) -> None:
    code = code_of(given.a_listing(state=state))
    assert [client.get(path).status_code for path in (f"/embed/{code}", f"/listings/{code}/embed")] == [404, 404]


def test_a_title_cannot_break_out_of_the_frame(app: Flask) -> None:
    listing = get(Listing, given.a_listing(title_ja='"><script>alert(1)</script>'))
    with app.test_request_context():
        assert frame(listing).count("<") == 2


@pytest.fixture(params=["ja", "en"])
def elsewhere(app: Flask, request: pytest.FixtureRequest) -> Iterator[str]:
    """Somebody else's site with the card in it, as the page says how to put it there, in a language."""
    with app.test_request_context(f"/?lang={request.param}"):
        text = (
            f"<!doctype html><html lang=ja><title>商店会</title><h1>商店会</h1>{frame(get(Listing, given.a_listing()))}"
        )
    db.session.rollback()

    class Theirs(Answering):
        def do_GET(self) -> None:
            shown = text.encode() if self.path == "/" else b""
            self.answer(body=shown, headings={"Content-Type": "text/html; charset=utf-8"})

    with serving(Theirs) as url:
        yield url


@pytest.mark.browser
def test_the_card_is_seen_in_another_site_and_leads_to_ours(elsewhere: str, browser: Browser, live_server: str) -> None:
    with visiting(browser, elsewhere, viewport={"width": 390, "height": 800}) as page:
        page.goto("/")
        card = page.frame_locator("iframe")
        card.get_by_role(
            "heading", name=re.compile("デジタル住民票 第3弾「四季」|Third Edition: Four Seasons")
        ).wait_for()
        assert page.context.cookies() == []
        inner = page.frames[1]
        inner.wait_for_load_state()  # its words may be there before its style is
        scroll = "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
        assert [size <= most for size, most in zip(inner.evaluate(scroll), (WIDTH, HEIGHT), strict=True)] == [
            True,
            True,
        ]
        with page.expect_popup() as opened:
            card.get_by_role("link").click()
        opened.value.wait_for_url(re.compile(f"{live_server}/listings/LST-"))
