"""The catalogue: in what order it shows what, on how many pages, and what that costs."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from benchmarks.copies import copy
from marketplace.auctions.bidding import place_bid
from marketplace.kit.db import db, get
from marketplace.listings.models import Listing
from tests import given
from tests.auctions.given import an_auction
from tests.pages import read
from tests.statements import counted
from tests.storefront.test_catalogue import CARD, path_of, shown


def test_what_is_not_announced_is_not_found(app: Flask, client: FlaskClient) -> None:
    given.a_listing(state="approved", **CARD)
    assert shown(client, "/listings?q=こごみ") == []


@pytest.mark.parametrize(
    ("sort", "order"), [("new", [2, 1, 0]), ("low", [1, 0, 2]), ("high", [2, 0, 1]), ("", [0, 1, 2])]
)
def test_they_stand_in_the_order_that_is_asked_for(
    app: Flask, client: FlaskClient, sort: str, order: list[int]
) -> None:
    prices = (3_000, 500, 90_000)
    there = [
        path_of(given.a_listing(price_yen=yen, publish_at=given.in_days(n - 9), closes_at=given.in_days(n + 1)))
        for n, yen in enumerate(prices)
    ]
    assert shown(client, f"/listings?sort={sort}") == [there[n] for n in order]


def test_an_auction_stands_where_its_bids_do_and_a_sealed_one_tells_nothing(app: Flask, client: FlaskClient) -> None:
    fixed = given.a_listing(price_yen=5_000)
    ascending, sealed = an_auction("ascending"), an_auction("sealed")
    for bidder, yen in ((given.an_account(), 900_000), (given.an_account(), 800_000)):
        place_bid(ascending.id, bidder, yen)
    place_bid(sealed.id, given.an_account(), 7_000_000)
    assert get(Listing, sealed.listing_id).price_yen < 5_000
    wanted = [f"/listings/{sealed.code}", path_of(fixed), f"/listings/{ascending.code}"]
    assert shown(client, "/listings?sort=low") == wanted


def test_a_search_that_finds_nothing_says_where_there_is_something(app: Flask, client: FlaskClient) -> None:
    given.a_listing("lottery", "card", state="closed", **CARD)
    page = read(client.get("/listings?q=こごみ"))
    assert "「こごみ」にあてはまる権利はありません" in page.words
    assert "終わった販売に1件あります" in page.words
    assert "/listings?q=%E3%81%93%E3%81%94%E3%81%BF&state=ended" in page.links


def test_many_are_shown_page_by_page_each_once(app: Flask, client: FlaskClient) -> None:
    there = [given.a_listing(closes_at=given.in_days(n + 1), quantity=1, **CARD) for n in range(25)]
    first, second = (shown(client, f"/listings?q=card&page={n}") for n in (1, 2))
    assert first + second == [path_of(listing_id) for listing_id in there]
    assert len(first) == 24
    assert "/listings?q=card&page=2" in read(client.get("/listings?q=card")).links


@pytest.mark.parametrize(("there", "pages"), [(23, 1), (24, 1), (48, 2), (49, 3)])
def test_how_many_are_found_is_said_alike_on_each_page(app: Flask, client: FlaskClient, there: int, pages: int) -> None:
    sale = given.a_listing()
    copy(Listing, sale, ({"code": f"LST-C{n}"} for n in range(there - 1)))
    for page in (*range(1, pages + 1), pages + 1, pages + 9):  # whoever asks for more sees the last
        shown_there = 24 if page < pages else there - 24 * (pages - 1)
        assert len(shown(client, f"/listings?page={page}")) == shown_there
        assert f'role="status">{there}件<' in client.get(f"/listings?page={page}").text


def test_twenty_cards_are_read_by_as_many_statements_as_four(app: Flask, client: FlaskClient) -> None:
    modes = ("fixed", "lottery", "ascending", "sealed")
    sales = [an_auction(mode).listing_id if mode in modes[2:] else given.a_listing(mode) for mode in modes]
    db.session.rollback()
    with counted() as of_four:
        client.get("/listings")
    for mode, sale in zip(modes, sales, strict=True):
        copy(Listing, sale, ({"code": f"LST-{mode[:2]}{n}"} for n in range(4)))
    with counted() as of_twenty:
        assert len(shown(client, "/listings")) == 20
    assert len(of_twenty) == len(of_four)
