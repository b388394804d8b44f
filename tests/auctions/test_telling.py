from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.accounts.letters import LetterKind, choose
from marketplace.accounts.models import Account
from marketplace.auctions import closing
from marketplace.auctions.bidding import place_bid
from marketplace.auctions.refusals import BelowMinimum
from marketplace.auctions.telling import tell_outbid, tell_time_left
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db, get
from marketplace.notices.models import Notice
from marketplace.outbox import keeping
from tests import given
from tests.auctions.given import an_auction
from tests.racing import at_once


@pytest.fixture(autouse=True)
def _app(app: Flask) -> None:
    """Every test here has a town."""


def letters(template: str) -> list[str]:
    return list(db.session.scalars(sa.select(Notice.to_email).where(Notice.template == template).order_by(Notice.id)))


@pytest.fixture
def two() -> tuple[int, int]:
    return given.an_account(), given.an_account()


@pytest.fixture
def emails(two: tuple[int, int]) -> list[str]:
    return [get(Account, account).email for account in two]


def test_who_led_is_told_once_for_each_time_the_lead_was_lost(two: tuple[int, int], emails: list[str]) -> None:
    auction = an_auction()
    place_bid(auction.id, two[0], 2000)
    tell_outbid()
    assert letters("outbid") == []
    place_bid(auction.id, two[1], 3000)
    tell_outbid()
    tell_outbid()
    assert letters("outbid") == [emails[0]]
    place_bid(auction.id, two[0], 5000)
    tell_outbid()
    assert letters("outbid") == emails


def test_who_has_the_lead_again_by_the_time_of_the_letter_gets_none(two: tuple[int, int], emails: list[str]) -> None:
    auction = an_auction()
    for person, yen in ((0, 2000), (1, 3000), (0, 5000), (1, 9000), (0, 20_000)):
        place_bid(auction.id, two[person], yen)
    tell_outbid()
    assert letters("outbid") == [emails[1]]


def test_a_bid_that_loses_at_once_costs_nobody_the_lead(two: tuple[int, int]) -> None:
    auction = an_auction()
    place_bid(auction.id, two[0], 9000)
    place_bid(auction.id, two[1], 5000)
    tell_outbid()
    assert letters("outbid") == []


def test_after_the_end_nobody_is_told_that_they_were_outbid(two: tuple[int, int]) -> None:
    auction = an_auction()
    place_bid(auction.id, two[0], 2000)
    place_bid(auction.id, two[1], 3000)
    with pretending(auction.closes_at):
        closing.close_due()
        tell_outbid()
    assert letters("outbid") == []


def test_two_workers_at_once_promise_each_letter_once(app: Flask, two: tuple[int, int], emails: list[str]) -> None:
    auction = an_auction(closes_at=given.in_days(0.9), opens_at=given.in_days(-1), publish_at=given.in_days(-2))
    place_bid(auction.id, two[0], 2000)
    place_bid(auction.id, two[1], 3000)
    outcomes = at_once(app, 6, lambda n: (tell_outbid, tell_time_left)[n % 2]())
    assert outcomes == [None] * 6
    assert (letters("outbid"), letters("time_left")) == ([emails[0]], emails)


def test_a_day_and_an_hour_before_the_close_everyone_who_bid_is_told_once(
    two: tuple[int, int], emails: list[str]
) -> None:
    auction = an_auction()
    place_bid(auction.id, two[0], 2000)
    expected: list[str] = []
    for left, more in ((25, []), (24, emails[:1]), (23, []), (1, emails), (0.5, [])):
        with pretending(auction.closes_at - timedelta(hours=left)):
            tell_time_left()
            tell_time_left()
        expected += more
        assert letters("time_left") == expected, left
        if left == 23:
            place_bid(auction.id, two[1], 3000)
    subjects = list(db.session.scalars(sa.select(Notice.subject).where(Notice.template == "time_left")))
    assert [subject[:7] for subject in subjects] == ["あと1日で受付", "あと1時間で受", "あと1時間で受"]


def test_a_worker_that_slept_through_the_day_tells_only_of_the_hour(two: tuple[int, int], emails: list[str]) -> None:
    auction = an_auction()
    place_bid(auction.id, two[0], 2000)
    with pretending(auction.closes_at - timedelta(minutes=50)):
        tell_time_left()
    assert letters("time_left") == emails[:1]
    assert db.session.scalar(sa.select(Notice.subject).where(Notice.template == "time_left", Notice.key.like("%:1:%")))


def test_an_auction_of_less_than_a_day_tells_of_no_day(two: tuple[int, int]) -> None:
    auction = an_auction(opens_at=now() - timedelta(minutes=1), closes_at=now() + timedelta(hours=5))
    place_bid(auction.id, two[0], 2000)
    tell_time_left()
    assert letters("time_left") == []


def test_who_wants_no_such_letters_gets_none_and_hears_how_it_ended(two: tuple[int, int], emails: list[str]) -> None:
    auction = an_auction()
    choose(two[0], set(LetterKind) - {LetterKind.OUTBID, LetterKind.TIME_LEFT})
    place_bid(auction.id, two[0], 2000)
    place_bid(auction.id, two[1], 3000)
    tell_outbid()
    with pretending(auction.closes_at - timedelta(minutes=30)):
        tell_time_left()
    assert (letters("outbid"), letters("time_left")) == ([], [emails[1]])
    with pretending(auction.closes_at):
        closing.close_due()
        keeping.drain()
    assert emails[0] in letters("auction_over")


def test_a_bid_that_was_refused_stops_no_letters(two: tuple[int, int], emails: list[str]) -> None:
    auctions = [an_auction(), an_auction()]
    with pytest.raises(BelowMinimum):
        place_bid(auctions[0].id, two[0], 1)
    place_bid(auctions[1].id, two[1], 2000)
    with pretending(auctions[1].closes_at - timedelta(minutes=50)):
        tell_time_left()
    assert letters("time_left") == emails[1:]
