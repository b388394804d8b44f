from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.admissions.models import Participation
from marketplace.auctions import awarding, closing
from marketplace.auctions.bidding import place_bid
from marketplace.auctions.models import Auction, AuctionState
from marketplace.auctions.opening import of_listing
from marketplace.journal.models import Entry
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db, get
from marketplace.listings.models import Listing, ListingState
from marketplace.notices.models import Notice
from marketplace.orders.models import Order, OrderState
from marketplace.outbox import keeping
from tests import given
from tests.auctions.endings import email, ended, letters, states
from tests.ended import open_orders, paid, unpaid


@pytest.fixture(autouse=True)
def _app(app: Flask) -> None:
    """Every test here has a town."""


def test_who_does_not_pay_loses_it_to_the_next_at_their_own_highest_bid() -> None:
    auction, people = ended("ascending", 5000, 9000, 5600)
    first = auction.order_id
    assert first is not None
    unpaid(first)
    assert states(auction) == (AuctionState.AWARDED, ListingState.CLOSED)
    assert (auction.winner_no, auction.winner_yen, auction.offers) == ("03", 5600, 2)
    (order,) = open_orders(auction.listing_id)
    assert (order.buyer_id, order.yen) == (people[2], 5600)
    assert letters("pay_link") == [email(people[1]), email(people[2])]
    title = get(Listing, auction.listing_id).right.title
    subjects = db.session.scalars(sa.select(Notice.subject).where(Notice.template == "pay_link")).all()
    assert subjects == [f"入札の結果とお支払いのご案内（{title}）"] * 2


def test_heard_twice_it_is_offered_once() -> None:
    auction, _people = ended("ascending", 5000, 9000)
    first = auction.order_id
    assert first is not None
    unpaid(first)
    awarding.forfeited(first)
    db.session.refresh(auction)
    assert (auction.offers, len(open_orders(auction.listing_id))) == (2, 1)


def test_it_is_offered_to_one_only_then_unsold() -> None:
    auction, _people = ended("ascending", 5000, 9000, 5600)
    for _ in range(2):
        assert auction.order_id is not None
        unpaid(auction.order_id)
        db.session.refresh(auction)
    assert states(auction) == (AuctionState.UNSOLD, ListingState.COMPLETED)
    assert (auction.winner_no, auction.winner_yen, auction.order_id) == (None, None, None)
    assert open_orders(auction.listing_id) == []


def test_below_the_reserve_it_is_not_offered() -> None:
    auction, _people = ended("ascending", 5000, 9000, reserve_yen=6000)
    assert auction.order_id is not None
    unpaid(auction.order_id)
    assert states(auction) == (AuctionState.UNSOLD, ListingState.COMPLETED)


def test_the_own_earlier_bids_of_the_winner_do_not_count() -> None:
    listing_id = given.a_listing("ascending", price_yen=1000)
    auction = of_listing(listing_id)
    assert auction is not None
    winner = given.an_account()
    place_bid(auction.id, winner, 5000)
    place_bid(auction.id, winner, 9000)
    with pretending(auction.closes_at):
        closing.close(auction.id)
    assert awarding.next_bidder(auction) is None


def test_late_money_for_an_unsold_right_still_buys_it() -> None:
    auction, _people = ended("ascending", 5000)
    order_id = auction.order_id
    assert order_id is not None
    unpaid(order_id)
    assert states(auction)[0] == AuctionState.UNSOLD
    order = get(Order, order_id)
    closing_state = order.state
    assert closing_state == OrderState.EXPIRED
    paid(order_id)
    assert states(auction) == (AuctionState.SOLD, ListingState.COMPLETED)
    assert (auction.winner_no, auction.winner_yen) == ("01", 1000)


def test_money_that_came_before_the_news_of_its_end_keeps_the_right() -> None:
    auction, _people = ended("ascending", 5000, 9000)
    order_id = auction.order_id
    assert order_id is not None
    paid(order_id)
    awarding.forfeited(order_id)  # the older news, heard late
    assert states(auction) == (AuctionState.SOLD, ListingState.COMPLETED)


def test_paid_it_is_sold_and_the_listing_completed() -> None:
    auction, _people = ended("ascending", 5000)
    order_id = auction.order_id
    assert order_id is not None
    paid(order_id)
    awarding.paid(order_id)  # heard twice
    assert states(auction) == (AuctionState.SOLD, ListingState.COMPLETED)


class TestDeposits:
    """Who is let go, and when: a deposit goes back, or is kept."""

    @pytest.fixture
    def sold(self) -> tuple[Auction, list[Participation]]:
        """Three people were admitted and bid 5,000, 9,000 and 5,600 yen; it is over."""
        listing_id = given.a_listing("ascending", "naming", price_yen=1000, auction_rules={"taking_part": {}})
        auction = of_listing(listing_id)
        assert auction is not None
        people = [given.an_account() for _ in range(3)]
        rows = [get(Participation, given.a_participant(listing_id, person)) for person in people]
        for person, yen in zip(people, (5000, 9000, 5600), strict=True):
            place_bid(auction.id, person, yen)
        with pretending(auction.closes_at):
            closing.close(auction.id)
            keeping.drain()
        return auction, rows

    def ends(self, rows: list[Participation]) -> list[str]:
        for row in rows:
            db.session.refresh(row)
        return ["kept" if row.forfeited_at else "back" if row.released_at else "" for row in rows]

    def test_losers_get_it_back_at_once_but_the_next_bidder_waits_for_the_winner(
        self, sold: tuple[Auction, list[Participation]]
    ) -> None:
        auction, rows = sold
        assert self.ends(rows) == ["back", "", ""]
        assert auction.order_id is not None
        paid(auction.order_id)
        assert self.ends(rows) == ["back", "back", "back"]

    def test_who_does_not_pay_loses_it(self, sold: tuple[Auction, list[Participation]]) -> None:
        auction, rows = sold
        assert auction.order_id is not None
        unpaid(auction.order_id)
        assert self.ends(rows) == ["back", "kept", ""]
        db.session.refresh(auction)
        unpaid(auction.order_id)
        assert self.ends(rows) == ["back", "kept", "kept"]

    def test_it_is_said_once_for_each(self, sold: tuple[Auction, list[Participation]]) -> None:
        auction, rows = sold
        assert auction.order_id is not None
        unpaid(auction.order_id)
        awarding.forfeited(auction.order_id)
        notes = sa.select(Entry.subject, Entry.event).where(Entry.event.in_(("let_go", "forfeit")))
        about = [tuple(row) for row in db.session.execute(notes) if row.subject.startswith("participation:")]
        assert sorted(about) == sorted([(rows[0].subject, "let_go"), (rows[1].subject, "forfeit")])


@pytest.mark.parametrize(
    ("rules", "state", "given_out"),
    [({"second_offer": False}, AuctionState.UNSOLD, []), ({"second_offer_hours": 24}, AuctionState.AWARDED, [True])],
)
def test_the_listing_says_whether_and_how_long_it_is_offered_to_the_next(
    rules: dict[str, Any], state: AuctionState, given_out: list[bool]
) -> None:
    auction, _people = ended("ascending", 5000, 9000, auction_rules=rules)
    assert auction.order_id is not None
    unpaid(auction.order_id)
    assert states(auction)[0] == state
    left = [order.pay_by - now() for order in open_orders(auction.listing_id)]
    assert [timedelta(hours=23, minutes=59) < each <= timedelta(hours=24) for each in left] == given_out
