"""The close survives kill -9 at each of its steps."""

from __future__ import annotations

import multiprocessing
import sys

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.accounts.models import Account
from marketplace.auctions.bidding import place_bid
from marketplace.auctions.models import Auction, AuctionState
from marketplace.chain.models import Call
from marketplace.journal.models import Entry
from marketplace.kit.db import db, get
from marketplace.listings.models import Listing, ListingState
from marketplace.notices.models import Notice
from marketplace.orders.models import Order, OrderState
from marketplace.settings import Settings
from tests import given
from tests.auctions.given import an_auction, assert_log_is_register
from tests.dying import die_at_each_step

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")


def test_a_closer_killed_at_any_step_leaves_all_or_nothing_and_in_the_end_there_is_one_winner(
    app: Flask, settings: Settings
) -> None:
    auction = an_auction()
    people = [given.an_account() for _ in range(3)]
    for person, yen in zip(people, (5000, 9000, 5600), strict=True):
        place_bid(auction.id, person, yen)
    auction_id, closes_at = auction.id, auction.closes_at
    db.session.remove()
    db.engine.dispose()
    how = (settings, "auctions.close_due", closes_at)
    closer = multiprocessing.get_context("spawn").Process(target=die_at_each_step, args=how)
    closer.start()
    closer.join(timeout=240)
    assert closer.exitcode == 0
    assert int((settings.data_dir / "deaths").read_text()) > 30

    auction = get(Auction, auction_id)
    (order,) = db.session.scalars(sa.select(Order)).all()
    assert (auction.state, auction.winner_no, auction.winner_yen) == (AuctionState.AWARDED, "02", 5850)
    assert (order.buyer_id, order.yen, order.state) == (people[1], 5850, OrderState.AWAITING_PAYMENT)
    assert get(Listing, auction.listing_id).state == ListingState.CLOSED
    assert (count(Entry.event == "award", Entry), count(Entry.event == "outage", Entry)) == (1, 0)
    assert count(Call.key == f"anchor:auction:{auction.code}", Call) == 1
    letters = db.session.execute(sa.select(Notice.template, Notice.to_email).order_by(Notice.template, Notice.id))
    emails = [get(Account, person).email for person in people]
    assert [tuple(letter) for letter in letters] == [
        ("auction_over", emails[0]),
        ("auction_over", emails[2]),
        ("pay_link", emails[1]),
    ]
    assert count(Notice.sent_at.is_(None), Notice) == 0
    assert_log_is_register(auction)


def count(condition: sa.ColumnElement[bool], kind: type[Entry] | type[Call] | type[Notice]) -> int:
    return db.session.execute(sa.select(sa.func.count()).select_from(kind).where(condition)).scalar_one()
