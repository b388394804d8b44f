from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import IntegrityError

from marketplace.kit.clock import now, pretending
from marketplace.kit.db import get, transaction
from marketplace.kit.refusals import Invalid, NotAllowed, WrongState
from marketplace.kit.sheets import SHEETS, run_one
from marketplace.listings.models import Listing, ListingState
from marketplace.listings.rules import Suspended
from marketplace.listings.suspending import resume, suspend
from marketplace.lotteries.closing import of_listing
from marketplace.lotteries.entering import enter
from marketplace.lotteries.refusals import EntriesClosed
from marketplace.lotteries.rules import Application
from marketplace.orders.placing import place
from tests import given


def state(listing_id: int) -> ListingState:
    return get(Listing, listing_id).state


def test_a_sale_that_stands_still_takes_no_order_and_goes_on_afterwards(app: Flask) -> None:
    listing_id, actor = given.a_listing(), given.staff("drafter")
    suspend(listing_id, actor, " 説明にまちがいが見つかったため ")
    assert (state(listing_id), get(Listing, listing_id).suspended_reason) == (
        ListingState.SUSPENDED,
        "説明にまちがいが見つかったため",
    )
    with pytest.raises(Suspended):
        place(given.an_account(), listing_id)
    resume(listing_id, actor)
    place(given.an_account(), listing_id)
    assert (state(listing_id), get(Listing, listing_id).suspended_at) == (ListingState.OPEN, None)


def test_who_has_an_order_already_keeps_it(app: Flask) -> None:
    listing_id, buyer = given.a_listing(), given.an_account()
    order_id = place(buyer, listing_id)
    suspend(listing_id, given.staff("drafter"), "確認中")
    assert place(buyer, listing_id) == order_id


def test_a_lottery_that_stands_still_takes_no_entry(app: Flask) -> None:
    listing_id = given.a_listing("lottery")
    lottery = of_listing(listing_id)
    assert lottery is not None
    suspend(listing_id, given.staff("drafter"), "確認中")
    with pytest.raises(EntriesClosed):
        enter(lottery.id, given.an_account(), Application())
    resume(listing_id, given.staff("drafter"))
    enter(lottery.id, given.an_account(), Application())


def test_the_clock_does_not_close_a_sale_that_stands_still_but_once_it_goes_on(app: Flask) -> None:
    listing_id, actor = given.a_listing(closes_at=given.in_days(1)), given.staff("drafter")
    suspend(listing_id, actor, "確認中")
    with pretending(now() + timedelta(days=2)):
        run_one(SHEETS["listings.close_due"])
        assert state(listing_id) == ListingState.SUSPENDED
        resume(listing_id, actor)
        run_one(SHEETS["listings.close_due"])
        assert state(listing_id) == ListingState.CLOSED


@pytest.mark.parametrize("before", ["draft", "approved", "published", "completed"])
def test_only_what_is_open_stands_still(app: Flask, before: str) -> None:
    listing_id = given.a_listing(state=before)
    with pytest.raises(WrongState):
        suspend(listing_id, given.staff("drafter"), "確認中")
    with pytest.raises(WrongState):
        resume(listing_id, given.staff("drafter"))


def test_an_auction_is_stopped_by_its_own_rules(app: Flask) -> None:
    with pytest.raises(NotAllowed):
        suspend(given.a_listing("ascending", "naming"), given.staff("drafter"), "確認中")


def test_nothing_stands_still_without_a_reason(app: Flask) -> None:
    listing_id = given.a_listing()
    with pytest.raises(Invalid) as refusal:
        suspend(listing_id, given.staff("drafter"), "　")
    assert refusal.value.field == "why"
    with pytest.raises(IntegrityError, match="suspended_for_a_reason"), transaction() as session:
        session.execute(sa.update(Listing).where(Listing.id == listing_id).values(state=ListingState.SUSPENDED))
