from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.auctions import closing, opening
from marketplace.auctions.bidding import place_bid
from marketplace.auctions.logs import log_of
from marketplace.auctions.models import Auction, AuctionState
from marketplace.auctions.opening import of_listing
from marketplace.auctions.refusals import AuctionClosed
from marketplace.chain.models import Call
from marketplace.journal.models import Entry
from marketplace.kit import merkle, published
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db
from marketplace.listings import scheduling
from marketplace.listings.models import ListingState
from marketplace.orders.models import Order, OrderState, Origin
from marketplace.outbox import keeping
from tests import given
from tests.auctions.endings import email, ended, letters, states
from tests.ended import open_orders
from tests.racing import at_once, meanwhile


@pytest.fixture(autouse=True)
def _app(app: Flask) -> None:
    """Every test here has a town."""


def test_the_winner_gets_an_order_at_the_price_and_the_others_a_letter() -> None:
    auction, people = ended("ascending", 5000, 9000, 5600)
    order = db.session.execute(sa.select(Order)).scalar_one()
    assert (order.buyer_id, order.yen, order.origin, order.state) == (
        people[1],
        5850,
        Origin.AUCTION,
        OrderState.AWAITING_PAYMENT,
    )
    assert order.pay_by - auction.closes_at < timedelta(hours=72, minutes=1)
    assert (auction.winner_no, auction.winner_yen, auction.order_id, auction.offers) == ("02", 5850, order.id, 1)
    assert states(auction) == (AuctionState.AWARDED, ListingState.CLOSED)
    assert letters("pay_link") == [email(people[1])]
    assert letters("auction_over") == [email(people[0]), email(people[2])]


def test_the_log_is_promised_to_the_chain_by_its_root() -> None:
    auction, _people = ended("ascending", 5000, 9000)
    call = db.session.execute(sa.select(Call).where(Call.key == f"anchor:auction:{auction.code}")).scalar_one()
    leaves = [merkle.leaf(published.canon(line)) for line in log_of(auction)["bids"]]
    assert (call.contract, call.function, call.args[1]) == ("Anchors", "anchor", "0x" + merkle.root(leaves).hex())


@pytest.mark.parametrize(("bids", "reserve"), [((), None), ((4999,), 5000), ((2000, 4999), 5000)])
def test_without_a_bid_at_the_reserve_it_is_unsold(bids: tuple[int, ...], reserve: int | None) -> None:
    auction, people = ended("ascending", *bids, reserve_yen=reserve)
    assert states(auction) == (AuctionState.UNSOLD, ListingState.COMPLETED)
    assert db.session.scalar(sa.select(Order)) is None
    assert letters("auction_over") == [email(person) for person in people]


def test_before_its_time_nothing_is_closed() -> None:
    auction = of_listing(given.a_listing("ascending"))
    assert auction is not None
    assert closing.close(auction.id) is False
    assert states(auction) == (AuctionState.OPEN, ListingState.OPEN)


def test_six_closers_at_once_award_once(app: Flask) -> None:
    listing_id = given.a_listing("ascending", price_yen=1000)
    auction = of_listing(listing_id)
    assert auction is not None
    auction_id = auction.id
    place_bid(auction_id, given.an_account(), 5000)
    with pretending(auction.closes_at):
        outcomes = at_once(app, 6, lambda _n: closing.close(auction_id))
    assert sorted(outcomes) == [False] * 5 + [True]
    assert len(open_orders(listing_id)) == 1
    moves = sa.select(sa.func.count()).where(Entry.subject == auction.subject, Entry.event == "award")
    assert db.session.scalar(moves) == 1


def test_a_bid_after_the_close_is_refused_and_not_written_into_the_published_log() -> None:
    auction, _people = ended("ascending", 5000)
    before = log_of(auction)
    with pytest.raises(AuctionClosed):
        place_bid(auction.id, given.an_account(), 9000)
    assert log_of(auction) == before


def _cancelled_first(auction: Auction) -> None:
    scheduling.cancel(auction.listing_id, "staff:ACC-TEST", "会場が使えなくなったため")


def _closed_first(auction: Auction) -> None:
    with pretending(auction.closes_at):
        closing.close(auction.id)
    scheduling.cancel(auction.listing_id, "staff:ACC-TEST", "会場が使えなくなったため")


@pytest.mark.parametrize("end", [_cancelled_first, _closed_first])
def test_a_cancelled_sale_has_no_winner_and_everyone_is_told(end: Callable[[Auction], None]) -> None:
    auction = of_listing(given.a_listing("ascending", price_yen=1000))
    assert auction is not None
    person = given.an_account()
    place_bid(auction.id, person, 5000)
    end(auction)
    keeping.drain()
    with pretending(auction.closes_at + timedelta(hours=1)):
        closing.close_due()
    assert states(auction) == (AuctionState.CANCELLED, ListingState.CANCELLED)
    assert letters("auction_cancelled") + letters("sale_cancelled") == [email(person)]  # the winner hears it once, too
    assert open_orders(auction.listing_id) == []


def test_a_sale_that_is_cancelled_a_moment_before_the_close_has_no_winner() -> None:
    """Nobody has heard of it yet."""
    auction = of_listing(given.a_listing("ascending", price_yen=1000))
    assert auction is not None
    person = given.an_account()
    place_bid(auction.id, person, 5000)
    scheduling.cancel(auction.listing_id, "staff:ACC-TEST", "会場が使えなくなったため")
    with pretending(auction.closes_at):
        assert closing.close(auction.id) is False
    keeping.drain()
    assert states(auction) == (AuctionState.CANCELLED, ListingState.CANCELLED)
    assert (open_orders(auction.listing_id), letters("auction_cancelled")) == ([], [email(person)])


def test_a_sale_cancelled_before_the_auction_began_has_none() -> None:
    listing_id = given.a_listing("ascending", state="published", opens_at=now(), publish_at=None)
    scheduling.open_sale(listing_id)
    scheduling.cancel(listing_id, "staff:ACC-TEST", "中止")
    keeping.drain()
    assert (of_listing(listing_id), keeping.late()) == (None, [])


def test_a_sale_that_is_cancelled_while_its_auction_begins_gets_none(app: Flask) -> None:
    listing_id = given.a_listing("ascending", "naming", state="published")
    scheduling.open_sale(listing_id)
    with meanwhile(app, lambda: opening.start(listing_id)):
        scheduling.cancel(listing_id, "staff:ACC-1", "大雪のため")
    assert of_listing(listing_id) is None
