"""Two auctions run at the same time: nothing of one is in the log, the letters or the pages of the other."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import NamedTuple

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.auctions import chaining, closing, stopping
from marketplace.auctions.bidding import place_bid
from marketplace.auctions.logs import bids_of, leaves, log_of
from marketplace.auctions.models import Auction
from marketplace.auctions.outcomes import facts
from marketplace.auctions.replay import replay
from marketplace.auctions.telling import tell_outbid, tell_time_left
from marketplace.kit.clock import pretending
from marketplace.kit.db import db, get
from marketplace.listings.models import Listing
from marketplace.orders.models import Order
from marketplace.outbox import keeping
from tests import given
from tests.auctions.endings import email, letters, unsealed
from tests.auctions.given import an_auction, assert_log_is_register
from tests.auctions.own_pages import auctions_of
from tests.ended import open_orders, unpaid

PARTIES = {"p": ("01", "02"), "q": ("02",), "r": ("01",), "s": ("03",)}
"""Who bids under which number: p in both auctions, as 01 and as 02."""


class Both(NamedTuple):
    one: Auction
    """p named 2,000 yen, and q 3,000."""
    other: Auction
    """r named 9,000 yen, p 5,000 and s 6,000."""
    people: dict[str, int]

    def to(self, names: str) -> list[str]:
        return [email(self.people[name]) for name in names]


def begun(mode: str = "ascending") -> Both:
    one, other = an_auction(mode), an_auction(mode)
    people = {name: given.an_account() for name in PARTIES}
    for auction, name, yen in (
        *((one, "p", 2000), (other, "r", 9000), (one, "q", 3000)),
        *((other, "p", 5000), (other, "s", 6000)),
    ):
        place_bid(auction.id, people[name], yen)
    return Both(one, other, people)


@pytest.fixture
def both(app: Flask) -> Both:
    return begun()


def closed(both: Both) -> None:
    """Both are closed, and everybody has heard."""
    with pretending(max(both.one.closes_at, both.other.closes_at)):
        closing.close_due()
        keeping.drain()
    for auction in both[:2]:
        db.session.refresh(auction)


def test_each_log_has_its_own_bids_and_replays(both: Both) -> None:
    before = [bids_of(auction.code) for auction in both[:2]]
    assert [public and (public["arrivals"], len(public["bids"])) for public in before] == [(2, 2), (3, 3)]
    closed(both)
    results = [assert_log_is_register(auction) for auction in both[:2]]
    assert [(result["winner"], result["price"], result["bids"]) for result in results] == [
        ("02", 2100, 2),
        ("01", 6250, 3),
    ]
    for auction in both[:2]:
        assert leaves(auction) == [chaining.leaf(bid) for bid in log_of(auction)["bids"]]


def test_each_is_awarded_to_its_own_bidder_and_offered_to_its_own_next(both: Both) -> None:
    closed(both)
    orders = [open_orders(auction.listing_id) for auction in both[:2]]
    assert [(order.buyer_id, order.yen) for (order,) in orders] == [(both.people["q"], 2100), (both.people["r"], 6250)]
    for (order,) in orders:
        unpaid(order.id)
    offered = [open_orders(auction.listing_id) for auction in both[:2]]
    assert [(order.buyer_id, order.yen) for (order,) in offered] == [(both.people["p"], 2000), (both.people["s"], 6000)]


def test_who_was_outbid_in_one_is_told_of_that_one(both: Both) -> None:
    tell_outbid()
    assert letters("outbid") == both.to("p")
    place_bid(both.other.id, both.people["q"], 12_000)
    tell_outbid()
    assert letters("outbid") == both.to("pr")


def test_those_who_bid_in_each_are_told_of_its_last_hour_and_of_its_end(both: Both) -> None:
    with pretending(max(both.one.closes_at, both.other.closes_at) - timedelta(minutes=50)):
        tell_time_left()
    assert letters("time_left") == both.to("pqrps")
    closed(both)
    assert (letters("auction_over"), letters("pay_link")) == (both.to("pps"), both.to("qr"))


def test_one_that_is_stopped_does_not_stop_the_other(both: Both) -> None:
    stopping.suspend(both.other.id, given.staff("drafter"), "施設を確かめるため")
    keeping.drain()
    assert letters("auction_suspended") == both.to("rps")
    assert place_bid(both.one.id, both.people["p"], 4000).price_yen == 3100
    stopping.cancel(both.other.listing_id, given.staff("approver"), "施設が使えなくなったため")
    keeping.drain()
    assert letters("auction_cancelled") == both.to("rps")
    closed(both)
    assert db.session.scalars(sa.select(Order.listing_id)).all() == [both.one.listing_id]


def test_each_page_shows_its_own_bids(both: Both, client: FlaskClient) -> None:
    def shown(auction: Auction) -> tuple[list[tuple[str, str]], str, int]:
        text = client.get(f"/listings/{auction.code}/bids.csv").text.removeprefix("\ufeff")
        _, *rows = csv.reader(io.StringIO(text))
        news = client.get(f"/auctions/{auction.code}/state").get_json()
        return [(row[2], row[6]) for row in rows], news["leader"], news["seq"]

    assert [shown(auction) for auction in both[:2]] == [
        ([("01", "1000"), ("02", "2100")], "02", 2),
        ([("01", "1000"), ("02", "5250"), ("03", "6250")], "01", 3),
    ]
    assert "2,100円" in client.get(f"/listings/{both.one.code}/bids").text
    assert "6,250円" in client.get(f"/listings/{both.other.code}/bids").text
    closed(both)
    took_part = [dict(facts(get(Listing, auction.listing_id), auction))["参加"] for auction in both[:2]]
    assert took_part == ["2名、入札 2件", "3名、入札 3件"]
    results = [client.get(f"/listings/{auction.code}/result").text for auction in both[:2]]
    assert [[text in result for text in ("2,100円", "6,250円")] for result in results] == [[True, False], [False, True]]


def test_who_bids_in_both_reads_of_each_under_the_number_there(both: Both, app: Flask) -> None:
    place_bid(both.other.id, both.people["q"], 6600)
    closed(both)

    def told(name: str) -> list[str]:
        return sorted(line for lines in auctions_of(app, both.people[name]).values() for line in lines)

    lost = "落札できませんでした"
    assert told("p") == [f"01終了時 2,100円{lost}", f"02終了時 6,850円{lost}"]
    assert told("q") == ["02終了時 2,100円落札", f"04終了時 6,850円{lost}"]


def test_the_envelopes_of_one_are_opened_and_those_of_the_other_are_not(app: Flask) -> None:
    both = begun("sealed")
    closed(both)
    unsealed(both.one)
    db.session.refresh(both.other)
    assert (replay(log_of(both.one))["winner"], both.other.winner_no) == ("02", None)
    public = bids_of(both.other.code)
    assert public is not None
    assert (public["bids"], public["result"]) == ([], None)
    unsealed(both.other)
    assert (both.other.winner_no, both.other.winner_yen) == ("01", 9000)
    keeping.drain()
    assert letters("auction_unsealed") == both.to("pps")
