"""Many at once on one auction: a small form of benchmarks/bidding.py, and the end of an auction under fire."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.auctions import closing
from marketplace.auctions.bidding import Placed, place_bid
from marketplace.auctions.logs import maximum
from marketplace.auctions.models import Auction, AuctionState, Bid, BidStatus
from marketplace.auctions.refusals import AuctionClosed, BidRefused
from marketplace.kit.db import db, get
from marketplace.kit.refusals import Refused
from tests import given
from tests.auctions.given import an_auction, assert_log_is_register
from tests.racing import at_once


@pytest.fixture(autouse=True)
def _app(app: Flask) -> None:
    """Every test here has a town."""


def test_a_hundred_bids_at_once_are_all_in_the_log_which_replays_to_the_same(app: Flask) -> None:
    auction = an_auction(soft_close=None)
    auction_id = auction.id
    people = [given.an_account() for _ in range(10)]

    def bid(n: int) -> Placed | Refused:
        try:
            return place_bid(auction_id, people[n % 10], 1000 + 97 * n)
        except BidRefused as refusal:
            return refusal

    outcomes = at_once(app, 100, bid)
    placed = [outcome for outcome in outcomes if isinstance(outcome, Placed)]
    assert len(placed) + sum(isinstance(outcome, BidRefused) for outcome in outcomes) == 100
    result = assert_log_is_register(auction)
    assert len(result["events"]) == 100
    accepted = list(db.session.scalars(sa.select(Bid).where(Bid.status == BidStatus.ACCEPTED)))
    assert {bid.id for bid in accepted} == {one.bid_id for one in placed}
    (leading,) = [bid for bid in accepted if bid.seq == auction.leader_seq]
    assert maximum(auction, leading) == max(maximum(auction, bid) for bid in accepted)


def test_bidders_and_closers_at_the_deadline_agree_on_one_end(app: Flask) -> None:
    """Real time: 94 bidders go on through the deadline while six closers look again and again."""
    people = [given.an_account() for _ in range(94)]
    auction = an_auction(soft_close=None, closes_at=given.in_days(3 / 86400) + timedelta(seconds=1))
    auction_id, closes_at = auction.id, auction.closes_at

    def act(n: int) -> object:
        if n >= 94:
            while get(Auction, auction_id).state == AuctionState.OPEN:
                if closing.close(auction_id):
                    return "closed"
                db.session.rollback()
            return "late"
        best: Placed | None = None
        for turn in range(1, 1000):
            try:
                best = place_bid(auction_id, people[n], 1000 + 1000 * turn + n)
            except AuctionClosed:
                return best
            except BidRefused:
                continue
        return best

    outcomes = at_once(app, 100, act)
    assert outcomes.count("closed") + outcomes.count("late") == 6
    assert outcomes.count("closed") == 1
    assert all(outcome is None or isinstance(outcome, Placed) for outcome in outcomes[:94]), outcomes
    result = assert_log_is_register(auction)
    assert auction.state == AuctionState.AWARDED
    assert (auction.winner_no, auction.winner_yen) == (result["winner"], result["price"])
    accepted = sa.select(sa.func.max(Bid.at)).where(Bid.status == BidStatus.ACCEPTED)
    last, closed_at = db.session.execute(accepted).scalar_one(), auction.closed_at
    assert closed_at is not None
    assert last < closes_at <= closed_at
