from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.auctions import closing, watching
from marketplace.auctions.bidding import place_bid
from marketplace.auctions.models import Auction
from marketplace.kit.clock import pretending
from marketplace.kit.db import db
from tests import given
from tests.auctions.given import an_auction


@pytest.fixture
def auction(app: Flask) -> Auction:
    """Stands at 1,000 yen, led by 01. What watchers see is read anew for each of them."""
    auction = an_auction()
    place_bid(auction.id, given.an_account(), 77_777)
    return auction


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "FRESH_S", 0.0)


def test_an_answer_has_the_figures_and_the_parts_of_the_page(client: FlaskClient, auction: Auction) -> None:
    answer = client.get(f"/auctions/{auction.code}/state")
    news = answer.get_json()
    parts = news.pop("parts")
    assert news == {
        "seq": 1,
        "state": "open",
        "leader": "01",
        "poll": 2,
        "say": "現在の価格 1,000円、最高額は01番。",
        "minimum": "1,100",
        "steps": [100, 500, 1000],
    }
    assert list(parts) == ["standing", "record"]
    assert "1,000" in parts["standing"]
    assert "77,777" not in answer.text


def test_a_watcher_reads_the_language_of_the_page_and_sends_no_cookie(client: FlaskClient, auction: Auction) -> None:
    client.get("/display?language=en")
    page = client.get(f"/listings/{auction.code}").text
    assert f'data-live="/auctions/{auction.code}/state?lang=en"' in page
    stranger = client.application.test_client()
    there = stranger.get(f"/auctions/{auction.code}/state?lang=en").get_json()
    assert "Current price" in there["parts"]["standing"]
    assert "現在の価格" in stranger.get(f"/auctions/{auction.code}/state?lang=xx").get_json()["parts"]["standing"]


def test_steps_follow_the_band_that_the_price_is_in(client: FlaskClient) -> None:
    auction = an_auction()
    seen = [client.get(f"/auctions/{auction.code}/state").get_json()["steps"]]
    first, second = given.an_account(), given.an_account()
    for yen in (6000, 60_000):
        place_bid(auction.id, first, yen)
        place_bid(auction.id, second, yen)
        seen.append(client.get(f"/auctions/{auction.code}/state").get_json()["steps"])
    assert seen == [[100, 500, 1000], [250, 1250, 2500], [1000, 5000, 10_000]]


def test_304_while_nothing_changed_with_the_servers_time_each_time(client: FlaskClient, auction: Auction) -> None:
    url = f"/auctions/{auction.code}/state"
    etag = client.get(url).headers["ETag"]
    again = client.get(url, headers={"If-None-Match": etag})
    assert (again.status_code, again.data, "X-Time" in again.headers) == (304, b"", True)
    place_bid(auction.id, given.an_account(), 5000)
    news = client.get(url, headers={"If-None-Match": etag})
    assert (news.status_code, news.get_json()["seq"]) == (200, 2)


def test_pages_ask_more_often_near_the_close_and_no_more_after_it(client: FlaskClient, auction: Auction) -> None:
    url = f"/auctions/{auction.code}/state"
    polls = [client.get(url).get_json()["poll"]]
    with pretending(auction.closes_at - timedelta(minutes=9)):
        polls.append(client.get(url).get_json()["poll"])
    with pretending(auction.closes_at):
        closing.close_due()
        polls.append(client.get(url).get_json()["poll"])
    assert polls == [2, 1, 0]


def test_a_sealed_auction_tells_nothing_by_its_answer(client: FlaskClient, app: Flask) -> None:
    auction = an_auction("sealed")
    url = f"/auctions/{auction.code}/state"
    before = client.get(url)
    place_bid(auction.id, given.an_account(), 77_777)
    assert client.get(url, headers={"If-None-Match": before.headers["ETag"]}).status_code == 304


def test_nobody_else_is_answered_here(client: FlaskClient, auction: Auction) -> None:
    assert client.get("/auctions/LST-NONE00/state").status_code == 404
    assert client.post(f"/auctions/{auction.code}/state").status_code in (400, 404)
    assert client.get("/auctions/a/b/state").status_code == 404


def test_the_answer_is_kept_for_a_moment_and_written_out_anew_only_where_it_changed(
    app: Flask, client: FlaskClient, auction: Auction
) -> None:
    with app.app_context():
        first = watching.read(app, auction.code, None)
        assert watching.read(app, auction.code, first).body is first.body
        place_bid(auction.id, given.an_account(), 5000)
        db.session.rollback()
        assert watching.read(app, auction.code, first).body != first.body
