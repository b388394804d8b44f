from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask

from marketplace.auctions.models import Auction
from marketplace.auctions.relisting import relist
from marketplace.kit.clock import now
from marketplace.kit.db import db, get
from marketplace.kit.refusals import WrongState
from marketplace.listings.cloning import LEAD
from marketplace.listings.models import Listing, ListingState
from tests import given
from tests.auctions.endings import ended
from tests.racing import at_once


@pytest.fixture
def unsold(app: Flask) -> Auction:
    rules = {"taking_part": {"documents": True, "until": given.in_days(6).isoformat()}, "second_offer": False}
    auction, _people = ended("ascending", auction_rules=rules)
    return auction


def test_the_draft_says_what_the_failed_sale_said_and_opens_in_two_weeks(unsold: Auction) -> None:
    actor = given.staff("drafter")
    old, new = get(Listing, unsold.listing_id), get(Listing, relist(unsold.id, actor))
    same = ("mode", "price_yen", "reserve_yen", "pay_hours", "quantity")
    assert [getattr(new, name) for name in same] == [getattr(old, name) for name in same]
    assert (new.right.title_ja, new.right.perks, new.right_id != old.right_id) == (
        old.right.title_ja,
        old.right.perks,
        True,
    )
    moved = new.opens_at - old.opens_at
    until = datetime.fromisoformat(str((old.auction_rules or {})["taking_part"]["until"])) + moved
    assert new.auction_rules == {
        "taking_part": {"documents": True, "until": until.isoformat()},
        "second_offer": False,
    }
    assert new.cloned_from_id == old.id
    assert (new.state, new.drafted_by) == (ListingState.DRAFT, actor)
    assert timedelta(0) <= now() + LEAD - new.opens_at < timedelta(days=1)
    assert new.closes_at is not None
    assert old.closes_at is not None
    assert new.closes_at - new.opens_at == old.closes_at - old.opens_at


def test_two_clicks_are_one_draft(app: Flask, unsold: Auction) -> None:
    actor, auction_id = given.staff("drafter"), unsold.id
    ids = at_once(app, 3, lambda _n: relist(auction_id, actor))
    assert len(set(ids)) == 1
    assert get(Listing, ids[0]).state == ListingState.DRAFT


def test_only_what_found_nobody_is_tried_again(app: Flask) -> None:
    auction, _people = ended("ascending", 5000)
    with pytest.raises(WrongState):
        relist(auction.id, given.staff("drafter"))
    db.session.refresh(auction)
    assert auction.relisted_id is None
