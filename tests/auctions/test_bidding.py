from __future__ import annotations

import json
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import given as examples
from hypothesis import strategies as st

from marketplace.auctions import closing
from marketplace.auctions.bidding import place_bid
from marketplace.auctions.logs import bids_in_order, bids_of, history, maximum
from marketplace.auctions.models import Auction, AuctionState, Bid, BidStatus
from marketplace.auctions.opening import of_listing, start
from marketplace.auctions.refusals import (
    AuctionClosed,
    BelowMinimum,
    BidRefused,
    NotAboveOwnMaximum,
    NotOpenYet,
    SecondEnvelope,
)
from marketplace.auctions.replay import replay
from marketplace.journal.models import Entry
from marketplace.kit.clock import pretending
from marketplace.kit.db import db, transaction
from marketplace.kit.refusals import Invalid
from tests import given
from tests.auctions.given import an_auction, assert_sound
from tests.crashing import PowerCut


@pytest.fixture(autouse=True)
def _app(app: Flask) -> None:
    """Every test here has a town."""


def standing(auction: Auction) -> tuple[int | None, str | None, int]:
    db.session.refresh(auction)
    return auction.price_yen, auction.leader_no, auction.bid_count


@pytest.fixture
def two() -> tuple[int, int]:
    return given.an_account(), given.an_account()


def test_an_auction_starts_once_when_its_listing_opens() -> None:
    auction = an_auction()
    assert (auction.state, auction.start_yen, auction.price_yen) == (AuctionState.OPEN, 1000, None)
    assert start(auction.listing_id) is None
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Auction)) == 1
    assert db.session.scalars(sa.select(Entry.event).where(Entry.subject == auction.subject)).all() == ["open"]


def test_other_sales_have_no_auction() -> None:
    assert of_listing(given.a_listing("fixed")) is None


def test_the_first_bid_leads_at_the_start_and_keeps_its_maximum_secret(two: tuple[int, int]) -> None:
    auction = an_auction()
    with pretending(auction.opens_at + timedelta(minutes=2, milliseconds=1)):
        placed = place_bid(auction.id, two[0], 50_000)
    assert placed[1:4] == ("01", True, 1000)
    assert standing(auction) == (1000, "01", 1)
    (bid,) = history(auction)
    assert bids_of(auction.code) == {
        "version": "auction-v1",
        "start": 1000,
        "close": auction.seconds(auction.closes_at),
        "opens_at": auction.opens_at.isoformat(),
        "closes_at": auction.closes_at.isoformat(),
        "code": auction.code,
        "state": "open",
        "arrivals": 1,
        "head": auction.head,
        "outages": [],
        "result": None,
        "price": 1000,
        "leader": "01",
        "minimum": 1100,
        "bids": [
            {"t": bid.t, "bidder": "01", "price": 1000, "leader": "01", "close": auction.seconds(auction.closes_at)}
        ],
    }
    assert 120 <= bid.t < 150


def test_two_bidders_and_the_automatic_bid_between_them(two: tuple[int, int]) -> None:
    auction = an_auction()
    place_bid(auction.id, two[0], 9000)
    assert place_bid(auction.id, two[1], 2000)[1:4] == ("02", False, 2100)
    assert place_bid(auction.id, two[1], 9000)[1:4] == ("02", False, 9000)
    assert standing(auction) == (9000, "01", 3)


@pytest.mark.parametrize(
    ("bidder", "max_yen", "refusal"),
    [(0, 9000, NotAboveOwnMaximum), (0, 500, NotAboveOwnMaximum), (1, 1099, BelowMinimum), (1, 0, BelowMinimum)],
)
def test_a_refused_bid_is_written_down_and_changes_nothing(
    two: tuple[int, int], bidder: int, max_yen: int, refusal: type[BidRefused]
) -> None:
    auction = an_auction()
    place_bid(auction.id, two[0], 9000)
    with pytest.raises(refusal) as refused:
        place_bid(auction.id, two[bidder], max_yen)
    assert (refused.value.status, refused.value.field) == (422, "max_yen")
    assert standing(auction) == (1000, "01", 1)
    bid = db.session.execute(sa.select(Bid).where(Bid.seq == 2)).scalar_one()
    assert (bid.status, bid.reason, bid.price_yen) == (BidStatus.REFUSED, refusal.code, 1000)
    assert maximum(auction, bid) == max_yen


def test_a_sum_that_nobody_can_pay_is_no_bid(two: tuple[int, int]) -> None:
    auction = an_auction()
    with pytest.raises(Invalid):
        place_bid(auction.id, two[0], 100_000_000)
    assert standing(auction) == (None, None, 0)


def test_before_the_opening_and_from_the_close_on_bids_are_refused(two: tuple[int, int]) -> None:
    auction = an_auction()
    opens, closes = auction.opens_at, auction.closes_at
    for moment, refusal in (
        (opens - timedelta(seconds=60), NotOpenYet),
        (closes, AuctionClosed),
        (closes + timedelta(hours=1), AuctionClosed),
    ):
        with pretending(moment), pytest.raises(refusal):
            place_bid(auction.id, two[0], 5000)
    with pretending(closes - timedelta(seconds=30)):
        place_bid(auction.id, two[0], 5000)
    assert standing(auction) == (1000, "01", 1)
    reasons = list(db.session.scalars(sa.select(Bid.reason).order_by(Bid.seq)))
    assert reasons == ["not_open", "closed", "closed", ""]


def test_a_late_bid_moves_the_close_up_to_the_cap(two: tuple[int, int]) -> None:
    auction = an_auction()
    scheduled = auction.closes_at
    with pretending(scheduled - timedelta(seconds=100)):
        first = place_bid(auction.id, two[0], 5000).closes_at
    with pretending(first - timedelta(seconds=1)):
        second = place_bid(auction.id, two[1], 9000).closes_at
    with pretending(second - timedelta(seconds=1)):
        third = place_bid(auction.id, two[0], 12_000).closes_at
    assert first in (scheduled + timedelta(seconds=200), scheduled + timedelta(seconds=199))
    assert second in (first + timedelta(seconds=299), first + timedelta(seconds=298))
    assert third == scheduled + timedelta(seconds=600)


def test_a_bid_in_a_transaction_that_dies_is_no_bid(two: tuple[int, int]) -> None:
    auction = an_auction()
    with suppress(PowerCut), transaction():
        place_bid(auction.id, two[0], 5000)
        raise PowerCut
    assert standing(auction) == (None, None, 0)
    assert place_bid(auction.id, two[0], 5000).bidder_no == "01"


class TestSealed:
    def test_one_envelope_a_person_and_nothing_to_see(self, two: tuple[int, int]) -> None:
        auction = an_auction("sealed")
        assert place_bid(auction.id, two[0], 52_000)[1:4] == ("01", False, None)
        with pytest.raises(SecondEnvelope):
            place_bid(auction.id, two[0], 60_000)
        with pytest.raises(BelowMinimum):
            place_bid(auction.id, two[1], 999)
        place_bid(auction.id, two[1], 1000)
        assert standing(auction) == (None, None, 2)
        assert history(auction) == []
        public = bids_of(auction.code)
        assert public is not None
        assert (public["bids"], "price" in public, "minimum" in public) == ([], False, False)

    def test_the_database_too_refuses_a_second_envelope(self, two: tuple[int, int]) -> None:
        auction = an_auction("sealed")
        place_bid(auction.id, two[0], 52_000)
        copy = {column.key: getattr(db.session.scalars(sa.select(Bid)).one(), column.key) for column in Bid.__table__.c}
        with pytest.raises(sa.exc.IntegrityError), transaction() as session:
            session.execute(sa.insert(Bid).values(**copy | {"id": 99, "seq": 2}))


# ---- the register and the published rules are one


moves = st.lists(st.tuples(st.integers(0, 3), st.integers(900, 12_000), st.integers(0, 400)), min_size=1, max_size=12)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@examples(moves, st.none() | st.integers(1000, 12_000))
def test_whatever_is_bid_the_published_log_replays_to_the_register(
    moves: list[tuple[int, int, int]], reserve: int | None
) -> None:
    auction = an_auction(reserve_yen=reserve)
    people = [given.an_account() for _ in range(4)]
    at = auction.closes_at - timedelta(seconds=1000)
    for person, yen, pause in moves:
        at += timedelta(seconds=pause)
        with pretending(at):
            try:
                place_bid(auction.id, people[person], yen)
            except BidRefused:
                continue
    with pretending(max(at, auction.closes_at) + timedelta(seconds=1200)):
        closing.close_due()
        db.session.refresh(auction)
        published = bids_of(auction.code)
    assert published is not None
    result = published["result"]
    assert replay(published) == result
    assert (result["winner"], result["price"]) == (auction.winner_no, auction.winner_yen)
    assert (result["bids"], result["bidders"], result["extensions"]) == (
        auction.bid_count,
        auction.bidder_count,
        auction.extensions,
    )
    assert result["close"] == auction.seconds(auction.closes_at)
    assert_sound(bids_in_order(auction))
    assert auction.state == (AuctionState.UNSOLD if result["winner"] is None else AuctionState.AWARDED)


PARK = json.loads((Path(__file__).parent / "data" / "auction_park.json").read_text())


def test_the_parks_auction_lived_through_again_publishes_the_same_log_and_result() -> None:
    log = PARK["log"]
    opens_at = given.in_days(0).replace(microsecond=0)
    rules = {"soft_close": log["soft_close"], "increments": log["increments"]}
    closes_at = opens_at + timedelta(seconds=log["close"])
    listing_id = given.a_listing(
        "ascending", "naming", price_yen=log["start"], opens_at=opens_at, closes_at=closes_at, auction_rules=rules
    )
    auction = of_listing(listing_id)
    assert auction is not None
    people: dict[str, int] = {}
    for bid in log["bids"]:
        with pretending(opens_at + timedelta(seconds=bid["t"] + 0.2)):
            place_bid(auction.id, people.setdefault(bid["bidder"], given.an_account()), bid["max"])
    with pretending(opens_at + timedelta(seconds=PARK["result"]["close"])):
        closing.close_due()
        db.session.refresh(auction)
        published = bids_of(auction.code)
    assert published is not None
    ours = {
        bid["bidder"]: f"{number:02}" for number, bid in enumerate({b["bidder"]: b for b in log["bids"]}.values(), 1)
    }
    renamed = json.loads(json.dumps(PARK["result"]))
    renamed["winner"] = ours[renamed["winner"]]
    for event in renamed["events"]:
        event["bidder"], event["leader"] = ours[event["bidder"]], ours[event["leader"]]
    assert published["result"] == renamed
    assert (auction.winner_no, auction.winner_yen) == (renamed["winner"], 1_300_000)
