from __future__ import annotations

import json
import re

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.auctions import closing
from marketplace.auctions.bidding import place_bid
from marketplace.auctions.logs import log_of
from marketplace.auctions.models import Auction, Bid
from marketplace.auctions.opening import of_listing
from marketplace.auctions.replay import replay
from marketplace.auctions.views import panel, record
from marketplace.kit.clock import pretending
from marketplace.kit.db import db, get
from marketplace.listings.models import Listing
from tests import given


@pytest.fixture(autouse=True)
def _app(app: Flask) -> None:
    """Every test here has a town."""
    app.config["WTF_CSRF_ENABLED"] = False


@pytest.fixture
def auction() -> Auction:
    found = of_listing(given.a_listing("ascending", "naming", price_yen=1000))
    assert found is not None
    return found


@pytest.fixture
def bidder(client: FlaskClient) -> FlaskClient:
    return given.signed_in(client, given.an_account())


def words(html: str) -> str:
    """The text of a page, without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def test_a_visitor_is_asked_to_sign_in_and_comes_back(client: FlaskClient, auction: Auction) -> None:
    response = client.get(f"/listings/{auction.code}/bid")
    assert (response.status_code, response.location) == (303, f"/signin?next=/listings/{auction.code}/bid")
    response = client.post(f"/listings/{auction.code}/bid", data={"back": f"/listings/{auction.code}/bid"})
    assert (response.status_code, response.location) == (303, f"/signin?next=/listings/{auction.code}/bid")


@pytest.mark.parametrize("typed", ["1300000", "1,300,000", "１，３００，０００円", " ¥1,300,000 "])
def test_the_second_look_reads_the_sum_in_digits_and_words(bidder: FlaskClient, auction: Auction, typed: str) -> None:
    response = bidder.post(f"/listings/{auction.code}/bid", data={"max_yen": typed})
    assert response.status_code == 200
    assert "1,300,000 円" in words(response.text)
    assert "百三十万円" in response.text
    assert db.session.scalar(sa.select(Bid)) is None


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "金額を入力してください。"),
        ("たくさん", "金額は数字で入力してください"),
        ("９９９", "1,000円以上の金額を入力してください。"),
    ],
)
def test_a_sum_that_is_none_is_refused_beside_the_field_and_kept(
    bidder: FlaskClient, auction: Auction, typed: str, says: str
) -> None:
    response = bidder.post(f"/listings/{auction.code}/bid", data={"max_yen": typed})
    assert response.status_code == 422
    error = re.search(r'<p class="field__error" id="max_yen-error">(.*?)</p>', response.text)
    assert error is not None
    assert says in error[1]
    assert f'value="{typed}"' in response.text


def test_confirmed_it_is_placed_and_the_page_says_who_leads(bidder: FlaskClient, auction: Auction) -> None:
    response = bidder.post(f"/listings/{auction.code}/bid/place", data={"max_yen": "5000", "agreed": "y"})
    assert response.status_code == 303
    page = bidder.get(response.location)
    assert "いまはあなたが最高額です。" in page.text
    assert "5,000円 （五千円）" in words(page.text)
    db.session.refresh(auction)
    assert auction.price_yen == 1000


def test_a_second_click_is_the_same_bid(bidder: FlaskClient, auction: Auction) -> None:
    first, second = (
        bidder.post(f"/listings/{auction.code}/bid/place", data={"max_yen": "5000", "agreed": "y"}) for _ in range(2)
    )
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.location == second.location


def test_without_the_tick_nothing_is_placed(bidder: FlaskClient, auction: Auction) -> None:
    response = bidder.post(f"/listings/{auction.code}/bid/place", data={"max_yen": "5000"})
    assert response.status_code == 422
    assert "金額を確かめて、チェックを入れてください。" in response.text
    assert "五千円" in response.text
    assert db.session.scalar(sa.select(Bid)) is None


def test_outbid_between_the_looks_it_is_refused_beside_the_field(bidder: FlaskClient, auction: Auction) -> None:
    place_bid(auction.id, given.an_account(), 9000)
    place_bid(auction.id, given.an_account(), 8000)
    response = bidder.post(f"/listings/{auction.code}/bid/place", data={"max_yen": "5000", "agreed": "y"})
    assert response.status_code == 422
    assert '<p class="field__error" id="max_yen-error">' in response.text
    assert 'value="5000"' in response.text
    assert "8,500円以上の金額を入力してください。" in response.text


def test_after_the_close_the_page_says_so_and_has_no_form(bidder: FlaskClient, auction: Auction) -> None:
    with pretending(auction.closes_at):
        asked = bidder.get(f"/listings/{auction.code}/bid")
        response = bidder.post(f"/listings/{auction.code}/bid/place", data={"max_yen": "5000", "agreed": "y"})
    assert "受付は終わりました。" in asked.text
    assert 'name="max_yen"' not in asked.text
    assert response.status_code == 422
    assert "受付は終わりました。この入札は受け付けられませんでした。" in response.text


def test_nobody_else_sees_what_became_of_a_bid(app: Flask, bidder: FlaskClient, auction: Auction) -> None:
    location = bidder.post(f"/listings/{auction.code}/bid/place", data={"max_yen": "5000", "agreed": "y"}).location
    other = given.signed_in(app.test_client(), given.an_account())
    assert other.get(location).status_code == 404


def test_the_price_is_polled_and_304_while_nothing_changes(client: FlaskClient, auction: Auction) -> None:
    url = f"/auctions/{auction.code}/state"
    first = client.get(url)
    assert "まだ入札はありません。" in first.text
    again = client.get(url, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert client.get("/auctions/LST-NONE/state").status_code == 404


def test_the_panel_tells_the_leader_and_nobody_else_but_the_number_is_the_answers(
    app: Flask, auction: Auction, client: FlaskClient
) -> None:
    account, beaten = given.an_account(), given.an_account()
    place_bid(auction.id, beaten, 5000)
    place_bid(auction.id, account, 77_777)
    seen = []
    for visitor in (account, beaten, None):
        browser = app.test_client()
        page = (given.signed_in(browser, visitor) if visitor else browser).get(f"/listings/{auction.code}").text
        shown = re.findall(r"<p class=\"strong[^>]*data-(lead|behind)( hidden)?>", page)
        seen.append([name for name, hidden in shown if not hidden])
    assert seen == [["lead"], ["behind"], []]
    assert client.get(f"/auctions/{auction.code}/state").get_json()["leader"] == "02"


def test_a_maximum_is_nowhere_before_the_end_and_in_the_log_after_it(client: FlaskClient, auction: Auction) -> None:
    place_bid(auction.id, given.an_account(), 77_777)
    place_bid(auction.id, given.an_account(), 55_555)
    code = auction.code
    listing = get(Listing, auction.listing_id)
    pages = [f"/listings/{code}/bids", f"/auctions/{code}/state"]
    with client.application.test_request_context():
        public = [client.get(page).text for page in pages] + [str(panel(listing)), str(record(listing))]
    assert not any("77,777" in page or "55,555" in page or "77777" in page for page in public)
    assert client.get(f"/listings/{code}/bids.json").status_code == 404
    with pretending(auction.closes_at):
        closing.close_due()
        page = client.get(f"/listings/{code}/bids").text
        log = client.get(f"/listings/{code}/bids.json")
    assert "77,777円" in page
    assert json.loads(log.text) == log_of(auction)
    assert replay(json.loads(log.text))["price"] == 56_555


def test_the_panel_and_the_record_show_the_standing(auction: Auction, app: Flask) -> None:
    place_bid(auction.id, given.an_account(), 5000)
    listing = get(Listing, auction.listing_id)
    with app.test_request_context():
        shown = words(str(panel(listing)))
        lines = words(str(record(listing)))
    assert "現在の価格（税込） 1,000 円 入札 1 件 参加 1 名 最高額 01 番" in shown
    assert "01番 1,000円 01番" in lines
    assert "終了の5分前からの入札で" in lines


def test_before_the_opening_the_panel_names_the_hour(app: Flask) -> None:
    listing_id = given.a_listing("ascending", state="published", opens_at=given.in_days(1))
    with app.test_request_context():
        assert "に始まります" in str(panel(get(Listing, listing_id)))
