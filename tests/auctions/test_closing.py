from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.accounts.models import Account
from marketplace.auctions import closing, sealed
from marketplace.auctions.bidding import place_bid
from marketplace.auctions.logs import bids_of, log_of
from marketplace.auctions.models import Auction, AuctionState
from marketplace.auctions.opening import of_listing
from marketplace.auctions.refusals import AuctionClosed, NothingToDraw
from marketplace.auctions.replay import replay
from marketplace.chain.models import Call
from marketplace.journal.models import Entry
from marketplace.kit import merkle, published
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db, get
from marketplace.kit.refusals import Invalid
from marketplace.kit.sheets import SHEETS, run_one
from marketplace.listings import scheduling
from marketplace.listings.models import Listing, ListingState
from marketplace.notices.models import Notice
from marketplace.orders.models import Order, OrderState, Origin
from marketplace.outbox import keeping
from tests import given
from tests.ended import open_orders, paid, unpaid
from tests.racing import at_once

DICE = "04719283640192837465"
WITNESSES = ["月山 一郎", "最上 花子"]


@pytest.fixture(autouse=True)
def _app(app: Flask) -> None:
    """Every test here has a town."""


def ended(mode: str, *bids: int, **more: Any) -> tuple[Auction, list[int]]:
    """An auction that got these bids, one person each, and is over; closed by the sheet, and everybody has heard."""
    listing_id = given.a_listing(mode, "naming", price_yen=1000, **more)
    auction = of_listing(listing_id)
    assert auction is not None
    people = [given.an_account() for _ in bids]
    for person, yen in zip(people, bids, strict=True):
        place_bid(auction.id, person, yen)
    with pretending(auction.closes_at):
        run_one(SHEETS["auctions.close_due"])
        keeping.drain()
    db.session.refresh(auction)
    return auction, people


def states(auction: Auction) -> tuple[AuctionState, ListingState]:
    db.session.refresh(auction)
    listing = get(Listing, auction.listing_id)
    db.session.refresh(listing)
    return auction.state, listing.state


def letters(template: str) -> list[str]:
    return list(db.session.scalars(sa.select(Notice.to_email).where(Notice.template == template).order_by(Notice.id)))


def email(account_id: int) -> str:
    return get(Account, account_id).email


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


def test_paid_it_is_sold_and_the_listing_completed() -> None:
    auction, _people = ended("ascending", 5000)
    order_id = auction.order_id
    assert order_id is not None
    paid(order_id)
    closing.paid(order_id)  # heard twice
    assert states(auction) == (AuctionState.SOLD, ListingState.COMPLETED)


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


class TestNextBidder:
    def test_who_does_not_pay_loses_it_to_the_next_at_their_own_highest_bid(self) -> None:
        auction, people = ended("ascending", 5000, 9000, 5600)
        first = auction.order_id
        assert first is not None
        unpaid(first)
        assert states(auction) == (AuctionState.AWARDED, ListingState.CLOSED)
        assert (auction.winner_no, auction.winner_yen, auction.offers) == ("03", 5600, 2)
        (order,) = open_orders(auction.listing_id)
        assert (order.buyer_id, order.yen) == (people[2], 5600)
        assert letters("pay_link") == [email(people[1]), email(people[2])]

    def test_heard_twice_it_is_offered_once(self) -> None:
        auction, _people = ended("ascending", 5000, 9000)
        first = auction.order_id
        assert first is not None
        unpaid(first)
        closing.forfeited(first)
        db.session.refresh(auction)
        assert (auction.offers, len(open_orders(auction.listing_id))) == (2, 1)

    def test_it_is_offered_to_one_only_then_unsold(self) -> None:
        auction, _people = ended("ascending", 5000, 9000, 5600)
        for _ in range(2):
            assert auction.order_id is not None
            unpaid(auction.order_id)
            db.session.refresh(auction)
        assert states(auction) == (AuctionState.UNSOLD, ListingState.COMPLETED)
        assert (auction.winner_no, auction.winner_yen, auction.order_id) == (None, None, None)
        assert open_orders(auction.listing_id) == []

    def test_below_the_reserve_it_is_not_offered(self) -> None:
        auction, _people = ended("ascending", 5000, 9000, reserve_yen=6000)
        assert auction.order_id is not None
        unpaid(auction.order_id)
        assert states(auction) == (AuctionState.UNSOLD, ListingState.COMPLETED)

    def test_the_own_earlier_bids_of_the_winner_do_not_count(self) -> None:
        listing_id = given.a_listing("ascending", price_yen=1000)
        auction = of_listing(listing_id)
        assert auction is not None
        winner = given.an_account()
        place_bid(auction.id, winner, 5000)
        place_bid(auction.id, winner, 9000)
        with pretending(auction.closes_at):
            closing.close(auction.id)
        assert closing.next_bidder(auction) is None

    def test_late_money_for_an_unsold_right_still_buys_it(self) -> None:
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

    def test_money_that_came_before_the_news_of_its_end_keeps_the_right(self) -> None:
        auction, _people = ended("ascending", 5000, 9000)
        order_id = auction.order_id
        assert order_id is not None
        paid(order_id)
        closing.forfeited(order_id)  # the older news, heard late
        assert states(auction) == (AuctionState.SOLD, ListingState.COMPLETED)


class TestSealed:
    def test_the_highest_wins_at_the_own_amount(self) -> None:
        auction, people = ended("sealed", 5000, 9000, 8000)
        (order,) = open_orders(auction.listing_id)
        assert (order.buyer_id, order.yen) == (people[1], 9000)
        result = replay(log_of(auction))
        assert (result["winner"], result["price"], result["tied"]) == ("02", 9000, [])

    def test_a_tie_waits_for_the_dice_and_publishes_its_root_but_no_amounts(self) -> None:
        auction, _people = ended("sealed", 9000, 5000, 9000)
        assert states(auction) == (AuctionState.TIED, ListingState.CLOSED)
        leaves = [merkle.leaf(published.canon(line)) for line in log_of(auction)["bids"]]
        assert auction.tie_root == merkle.root(leaves).hex()
        public = bids_of(auction.code)
        assert public is not None
        assert (public["tie_root"], public["bids"]) == (auction.tie_root, [])
        assert open_orders(auction.listing_id) == []

    def test_the_dice_decide_and_the_log_replays_to_the_same_winner(self) -> None:
        auction, people = ended("sealed", 9000, 5000, 9000, 9000)
        actor = given.staff("approver")
        closing.draw_tie(auction.id, DICE, WITNESSES, actor)
        keeping.drain()
        db.session.refresh(auction)
        commit = published.canon(closing.tie_commit(auction))
        assert auction.seed == sha256(b"draw-v1" + commit + b"d:" + DICE.encode()).hexdigest()
        result = replay(log_of(auction))
        assert result["tied"] == ["B-0001", "B-0003", "B-0004"]
        assert (auction.winner_no, auction.winner_yen) == (result["winner"], result["price"])
        (order,) = open_orders(auction.listing_id)
        assert order.buyer_id == people[int(auction.winner_no or 0) - 1]
        assert letters("auction_drawn") == [email(person) for person in people if person != order.buyer_id]

    def test_who_does_not_pay_loses_it_to_the_next_of_the_same_lot(self) -> None:
        auction, _people = ended("sealed", 9000, 5000, 9000, 9000)
        closing.draw_tie(auction.id, DICE, WITNESSES, given.staff("approver"))
        db.session.refresh(auction)
        seed = bytes.fromhex(auction.seed)
        order = sorted(("B-0001", "B-0003", "B-0004"), key=lambda no: sealed.ticket(seed, no))
        assert auction.winner_no == order[0][-2:]
        assert auction.order_id is not None
        unpaid(auction.order_id)
        db.session.refresh(auction)
        assert (auction.winner_no, auction.winner_yen) == (order[1][-2:], 9000)

    def test_it_is_drawn_once(self) -> None:
        auction, _people = ended("sealed", 9000, 9000)
        actor = given.staff("approver")
        closing.draw_tie(auction.id, DICE, WITNESSES, actor)
        with pytest.raises(NothingToDraw):
            closing.draw_tie(auction.id, "0" * 20, WITNESSES, actor)

    @pytest.mark.parametrize(
        ("digits", "witnesses", "field"),
        [
            ("123", WITNESSES, "digits"),
            ("１" * 20, WITNESSES, "digits"),
            (DICE, ["月山 一郎", " "], "witnesses"),
            (DICE, ["月山 一郎", "月山 一郎 "], "witnesses"),
        ],
    )
    def test_only_twenty_digits_before_two_witnesses(self, digits: str, witnesses: list[str], field: str) -> None:
        auction, _people = ended("sealed", 9000, 9000)
        with pytest.raises(Invalid) as refused:
            closing.draw_tie(auction.id, digits, witnesses, given.staff("approver"))
        assert refused.value.field == field
        assert states(auction)[0] == AuctionState.TIED


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


def test_a_sale_cancelled_before_the_auction_began_has_none() -> None:
    listing_id = given.a_listing("ascending", state="published", opens_at=now(), publish_at=None)
    scheduling.open_sale(listing_id)
    scheduling.cancel(listing_id, "staff:ACC-TEST", "中止")
    keeping.drain()
    assert of_listing(listing_id) is None
