"""Outages near a close. The watch is fed as the worker feeds it; test_beating has the way over the network."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.auctions import closing, watch
from marketplace.auctions.bidding import place_bid
from marketplace.auctions.logs import bids_of, log_of
from marketplace.auctions.models import Auction, AuctionState, Bid
from marketplace.auctions.refusals import AuctionClosed
from marketplace.auctions.replay import replay
from marketplace.auctions.watchbook import Silence, Watch
from marketplace.journal.models import Entry
from marketplace.kit.clock import pretending
from marketplace.kit.db import db, transaction
from marketplace.kit.published import Malformed
from tests import given
from tests.auctions.endings import unsealed
from tests.auctions.given import an_auction
from tests.racing import at_once

SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def _app(app: Flask) -> None:
    """Every test here has a town."""


@pytest.fixture
def auction() -> Auction:
    """Led by 01 at 1,000 yen; every five seconds a sign came through, up to a quarter of an hour before the close."""
    auction = an_auction()
    place_bid(auction.id, given.an_account(), 5000)
    signs(auction, 3600, 900)
    return auction


def left(auction: Auction, seconds: float) -> datetime:
    """The moment when so many seconds are left to the scheduled close."""
    return auction.scheduled_close_at - seconds * SECOND


def signs(auction: Auction, first: int, last: int) -> None:
    """Signs from `first` to `last` seconds before the scheduled close; of a long time only the ends matter."""
    with pretending(left(auction, first)):
        watch.beat()
    with transaction() as session:
        session.execute(sa.update(Watch).values(seen_at=left(auction, last)))


def beat(auction: Auction, seconds: float) -> None:
    with pretending(left(auction, seconds)):
        watch.beat()


def moved(auction: Auction) -> float:
    """By how many seconds the close has moved."""
    db.session.refresh(auction)
    return (auction.closes_at - auction.scheduled_close_at).total_seconds()


def close(auction: Auction, seconds: float) -> bool:
    with pretending(left(auction, seconds)):
        return closing.close(auction.id)


def test_a_ten_minute_outage_at_the_close_moves_it_to_ten_minutes_after_the_first_sign(auction: Auction) -> None:
    signs(auction, 900, 300)  # the last sign five minutes before the close; then nothing for ten minutes
    beat(auction, -300)
    assert moved(auction) == 900
    assert close(auction, -300) is False
    with pretending(left(auction, -600)):
        place_bid(auction.id, given.an_account(), 9000)
    signs(auction, -305, -899)
    assert close(auction, -899) is False
    assert close(auction, -900) is True
    published = log_of(auction)
    result = replay(published)
    at = auction.seconds(auction.scheduled_close_at)
    assert published["outages"] == [{"after": 1, "gaps": [[at - 300, at + 300]]}]
    assert result["outages"] == [{"after": 1, "close": at + 900}]
    assert (result["winner"], result["price"], result["close"]) == ("02", 5250, at + 900)
    assert (auction.winner_no, auction.winner_yen) == ("02", 5250)


def test_everything_down_at_the_close_the_first_to_look_moves_it(auction: Auction) -> None:
    signs(auction, 900, 120)
    assert close(auction, -480) is False
    assert moved(auction) == 480 + 600


def test_the_first_to_look_may_be_a_bidder_whose_bid_then_counts(auction: Auction) -> None:
    signs(auction, 900, 120)
    with pretending(left(auction, -480)):
        assert place_bid(auction.id, given.an_account(), 9000).bidder_no == "02"
    assert moved(auction) == 480 + 600


def test_an_outage_that_goes_on_moves_the_close_again(auction: Auction) -> None:
    signs(auction, 900, 120)
    assert close(auction, 0) is False
    assert moved(auction) == 600
    assert close(auction, -600) is False
    assert moved(auction) == 1200
    beat(auction, -700)
    assert moved(auction) == 1300
    assert [len(move["gaps"]) for move in log_of(auction)["outages"]] == [1, 1, 1]
    signs(auction, -705, -1300)
    assert close(auction, -1300) is True
    assert replay(log_of(auction))["close"] == auction.seconds(auction.closes_at)


def test_an_outage_well_before_the_close_moves_nothing(auction: Auction) -> None:
    beat(auction, 700)  # two hundred seconds of silence, over before the last ten minutes
    signs(auction, 695, 1)
    assert (moved(auction), close(auction, 0)) == (0, True)


@pytest.mark.parametrize(("lost", "move"), [(16, 0), (29, 0), (30, 200), (31, 200)])
def test_it_takes_thirty_seconds_of_the_last_ten_minutes(auction: Auction, lost: int, move: int) -> None:
    signs(auction, 900, 400 + lost)
    beat(auction, 400)
    assert moved(auction) == move


def test_short_outages_add_up(auction: Auction) -> None:
    signs(auction, 900, 500)
    beat(auction, 480)
    assert moved(auction) == 0
    signs(auction, 475, 300)
    beat(auction, 280)
    assert moved(auction) == 320


def test_bids_show_as_well_as_signs_that_bids_were_accepted(auction: Auction) -> None:
    """The worker was dead, the site was not: nobody was kept from bidding."""
    signs(auction, 900, 310)
    people = [given.an_account() for _ in range(2)]
    for n in range(31):
        with pretending(left(auction, 300 - 10 * n + 0.5)):
            place_bid(auction.id, people[n % 2], 10_000 * (n + 1))
    before = moved(auction)
    beat(auction, -3)
    assert (moved(auction), before > 0) == (before, True)
    assert auction.outages == []


def test_where_nobody_ever_watched_there_is_no_outage() -> None:
    auction = an_auction()
    place_bid(auction.id, given.an_account(), 5000)
    assert close(auction, -3600) is True


def test_the_close_moves_a_day_at_most(auction: Auction) -> None:
    day = 86_400
    for late in (0, 600, 5000, 40_000, day - 100):
        assert close(auction, -late) is False
    assert moved(auction) == day
    assert close(auction, -day) is True
    assert replay(log_of(auction))["close"] == auction.seconds(auction.closes_at)


def test_a_close_that_stands_later_already_stays() -> None:
    auction = an_auction(soft_close={"window": 300, "extend": 3000, "cap": None})
    signs(auction, 900, 330)
    with pretending(left(auction, 290)):
        place_bid(auction.id, given.an_account(), 5000)
    by_the_bid = moved(auction)
    bid = db.session.scalars(sa.select(Bid)).one()
    assert by_the_bid == bid.t + 3000 - auction.seconds(auction.scheduled_close_at)
    beat(auction, 285)
    assert (moved(auction), auction.outages) == (by_the_bid, [])


def test_sealed_bids_have_the_same_rule() -> None:
    auction = an_auction("sealed")
    place_bid(auction.id, given.an_account(), 5000)
    signs(auction, 900, 300)
    beat(auction, -300)
    assert moved(auction) == 900
    with pretending(left(auction, -899)):
        place_bid(auction.id, given.an_account(), 9000)
    signs(auction, -305, -900)
    with pretending(left(auction, -900)), pytest.raises(AuctionClosed):
        place_bid(auction.id, given.an_account(), 10_000)
    assert close(auction, -900) is True
    unsealed(auction)
    assert (auction.winner_no, replay(log_of(auction))["winner"]) == ("02", "02")


def test_it_is_written_down_and_public_with_the_reason(auction: Auction) -> None:
    signs(auction, 900, 300)
    beat(auction, -300)
    entry = db.session.execute(sa.select(Entry).where(Entry.event == "outage")).scalar_one()
    at = auction.seconds(auction.scheduled_close_at)
    assert (entry.subject, entry.details) == (
        f"auction:{auction.code}",
        {"gaps": [[at - 300, at + 300]], "close": at + 900},
    )
    public = bids_of(auction.code)
    assert public is not None
    assert public["outages"] == [{"after": 1, "gaps": [[at - 300, at + 300]]}]


def test_signs_from_many_sides_at_once_write_one_silence(app: Flask, auction: Auction) -> None:
    with transaction() as session:
        session.execute(sa.delete(Silence))
    signs(auction, 900, 300)
    with transaction() as session:
        session.execute(sa.delete(Silence))
    with pretending(left(auction, -300)):
        assert at_once(app, 8, lambda _n: watch.beat()) == [None] * 8
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Silence)) == 1
    assert moved(auction) == 900
    assert len(auction.outages) == 1


def test_closers_and_signs_at_once_move_the_close_once(app: Flask, auction: Auction) -> None:
    signs(auction, 900, 300)
    auction_id = auction.id
    with pretending(left(auction, -300)):
        outcomes = at_once(app, 8, lambda n: closing.close(auction_id) if n % 2 else watch.beat())
    assert outcomes == [None, False] * 4
    assert len(log_of(auction)["outages"]) == 1
    assert moved(auction) in (900, 901)


def test_a_log_whose_outage_does_not_fit_its_rule_is_refused(auction: Auction) -> None:
    signs(auction, 900, 300)
    beat(auction, -300)
    signs(auction, -305, -900)
    assert close(auction, -900) is True
    log = log_of(auction)
    for change in (
        {"outage": None},
        {"outages": [{"after": 2, "gaps": log["outages"][0]["gaps"]}]},
        {"outages": [{"after": 1, "gaps": [[0, 10]]}]},
        {"outages": [{"after": 1, "gaps": [[0]]}]},
    ):
        with pytest.raises(Malformed, match=r"outage|gaps"):
            replay(log | change)
    assert replay(log)["outages"] != []
    assert auction.state == AuctionState.AWARDED
