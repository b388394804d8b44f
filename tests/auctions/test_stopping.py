from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.admissions.models import Participation
from marketplace.auctions import closing, stopping, unsealing
from marketplace.auctions.bidding import place_bid
from marketplace.auctions.logs import bids_of, disclose, log_of
from marketplace.auctions.models import Auction, AuctionState, Bid
from marketplace.auctions.opening import of_listing
from marketplace.auctions.refusals import AuctionSuspended, AwardedAlready, NothingToOpen, TooLateToResume
from marketplace.auctions.replay import replay
from marketplace.kit.clock import pretending
from marketplace.kit.db import db, get, transaction
from marketplace.kit.refusals import Invalid, NotAllowed, WrongState
from marketplace.listings.models import Listing, ListingState
from marketplace.outbox import keeping
from tests import given
from tests.auctions.endings import WITNESSES, email, ended, letters, states

WHY = "対象の施設を確かめる必要が出たため"


@pytest.fixture(autouse=True)
def _app(app: Flask) -> None:
    """Every test here has a town."""


@pytest.fixture
def auction() -> Auction:
    return opened()


def opened(mode: str = "ascending", **rules: object) -> Auction:
    found = of_listing(given.a_listing(mode, "naming", price_yen=1000, auction_rules=rules))
    assert found is not None
    return found


def stop(auction: Auction, before: timedelta) -> None:
    """Stopped so long before its close."""
    with pretending(auction.closes_at - before):
        stopping.suspend(auction.id, given.staff("drafter"), WHY)
        keeping.drain()
    db.session.refresh(auction)


def go_on(auction: Auction, after: timedelta) -> None:
    """Resumed so long after the close that was announced."""
    with pretending(auction.scheduled_close_at + after):
        stopping.resume(auction.id, given.staff("drafter"))
        keeping.drain()
    db.session.refresh(auction)


class TestSuspending:
    def test_no_bid_is_taken_and_none_is_lost_and_the_bidders_are_told(self, auction: Auction) -> None:
        first = given.an_account()
        place_bid(auction.id, first, 5000)
        stop(auction, timedelta(days=3))
        with pytest.raises(AuctionSuspended):
            place_bid(auction.id, given.an_account(), 9000)
        assert letters("auction_suspended") == [email(first)]
        go_on(auction, -timedelta(days=2))
        assert letters("auction_resumed") == [email(first)]
        assert place_bid(auction.id, given.an_account(), 9000).price_yen == 5250
        assert auction.closes_at == auction.scheduled_close_at

    def test_the_close_waits_while_it_is_stopped_and_moves_by_the_published_rule(self, auction: Auction) -> None:
        place_bid(auction.id, given.an_account(), 5000)
        stop(auction, timedelta(minutes=5))
        with pretending(auction.closes_at + timedelta(minutes=1)):
            closing.close_due()
        assert states(auction)[0] == AuctionState.SUSPENDED
        go_on(auction, timedelta(hours=1))
        assert auction.closes_at == auction.scheduled_close_at + timedelta(hours=1, minutes=10)
        with pretending(auction.closes_at - timedelta(minutes=9)):
            place_bid(auction.id, given.an_account(), 9000)
        with transaction():
            disclose(auction)
        assert replay(log_of(auction))["close"] == auction.seconds(auction.closes_at)

    def test_beyond_the_rule_it_can_only_be_cancelled(self, auction: Auction) -> None:
        stop(auction, timedelta(minutes=5))
        with pytest.raises(TooLateToResume):
            go_on(auction, timedelta(days=2))
        assert states(auction)[0] == AuctionState.SUSPENDED
        stopping.cancel(auction.listing_id, given.staff("approver"), WHY)
        assert states(auction) == (AuctionState.CANCELLED, ListingState.CANCELLED)

    def test_without_a_rule_of_outages_the_close_does_not_move(self) -> None:
        auction = opened(outage=None)
        stop(auction, timedelta(minutes=5))
        with pytest.raises(TooLateToResume):
            go_on(auction, timedelta(minutes=1))

    def test_what_is_over_can_not_be_stopped(self, auction: Auction) -> None:
        with pytest.raises(WrongState):
            stop(auction, timedelta(0))
        with pytest.raises(WrongState):
            stopping.resume(auction.id, given.staff("drafter"))

    def test_the_public_is_told_why(self, auction: Auction) -> None:
        with pytest.raises(Invalid) as refused:
            stopping.suspend(auction.id, given.staff("drafter"), " ")
        assert refused.value.field == "why"


def _before_the_opening() -> int:
    rules: dict[str, object] = {"taking_part": {}}
    later = {"publish_at": None, "opens_at": given.in_days(2), "closes_at": given.in_days(9)}
    return given.a_listing("ascending", "naming", state="published", auction_rules=rules, **later)


def _during_the_bidding() -> int:
    return opened(taking_part={}).listing_id


def _before_the_sealed_bids_are_opened() -> int:
    auction = opened("sealed")
    place_bid(auction.id, given.an_account(), 5000)
    with pretending(auction.closes_at):
        closing.close(auction.id)
    return auction.listing_id


@pytest.mark.parametrize("sale", [_before_the_opening, _during_the_bidding])
def test_a_cancelled_sale_lets_everybody_go_and_tells_them_why(sale: Callable[[], int]) -> None:
    listing_id, person = sale(), given.an_account()
    participation_id = given.a_participant(listing_id, person)
    auction = of_listing(listing_id)
    if auction is not None:
        place_bid(auction.id, person, 5000)
    stopping.cancel(listing_id, given.staff("approver"), WHY)
    keeping.drain()
    listing = get(Listing, listing_id)
    db.session.refresh(listing)
    assert (listing.state, listing.cancelled_reason) == (ListingState.CANCELLED, WHY)
    assert get(Participation, participation_id).released_at is not None
    assert (letters("admission_cancelled"), letters("auction_cancelled")) == ([email(person)], [])


def test_sealed_bids_of_a_cancelled_sale_are_never_opened() -> None:
    listing_id = _before_the_sealed_bids_are_opened()
    stopping.cancel(listing_id, given.staff("approver"), WHY)
    auction = of_listing(listing_id)
    assert auction is not None
    assert states(auction) == (AuctionState.CANCELLED, ListingState.CANCELLED)
    with pytest.raises(NothingToOpen):
        unsealing.open_envelopes(auction.id, WITNESSES, given.staff("approver"))
    keeping.drain()
    assert list(db.session.scalars(sa.select(Bid.max_yen))) == [None]


def test_where_somebody_has_won_it_is_not_cancelled_here() -> None:
    auction, _people = ended("ascending", 5000)
    with pytest.raises(AwardedAlready):
        stopping.cancel(auction.listing_id, given.staff("approver"), WHY)
    assert states(auction)[0] == AuctionState.AWARDED


def test_another_kind_of_sale_is_not_cancelled_here() -> None:
    with pytest.raises(NotAllowed):
        stopping.cancel(given.a_listing(), given.staff("approver"), WHY)


def test_a_bid_that_nobody_can_make_any_more_has_no_least_sum(auction: Auction) -> None:
    def told() -> tuple[object, object]:
        public = bids_of(auction.code)
        assert public is not None
        return public["state"], public["minimum"]

    place_bid(auction.id, given.an_account(), 2_000)
    going_on = told()
    stopping.cancel(auction.listing_id, given.staff("approver"), "雪のため")
    assert (going_on, told()) == (("open", 1_100), ("cancelled", None))


def test_cancelling_twice_is_refused(auction: Auction) -> None:
    stopping.cancel(auction.listing_id, given.staff("approver"), WHY)
    with pytest.raises(WrongState):
        stopping.cancel(auction.listing_id, given.staff("approver"), WHY)
    assert db.session.scalars(sa.select(Auction.state)).one() == AuctionState.CANCELLED
