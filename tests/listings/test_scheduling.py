from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.journal.models import Entry
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db, get
from marketplace.kit.refusals import WrongState
from marketplace.listings import amending, scheduling
from marketplace.listings.approving import approve
from marketplace.listings.models import Listing, ListingState, Unit, UnitState
from tests import given
from tests.racing import at_once, meanwhile

HOUR = timedelta(hours=1)


def turn() -> None:
    """One turn of the clock over the sheets of this office."""
    scheduling.publish_due()
    scheduling.open_due()
    scheduling.close_due()


def state(listing_id: int) -> str:
    return str(get(Listing, listing_id).state)


def units(listing_id: int) -> list[tuple[int, str]]:
    found = db.session.scalars(sa.select(Unit).where(Unit.listing_id == listing_id).order_by(Unit.serial))
    return [(unit.serial, str(unit.state)) for unit in found]


@pytest.mark.parametrize("mode", ["fixed", "lottery"])
def test_a_sale_goes_its_way_by_the_clock_alone(app: Flask, mode: str) -> None:
    at = now()
    times: dict[str, Any] = {"publish_at": at + HOUR, "opens_at": at + 2 * HOUR, "closes_at": at + 3 * HOUR}
    if mode == "lottery":
        times["draw_at"] = at + 4 * HOUR
    listing_id = given.a_listing(mode, state="approved", quantity=2, **times)
    given.metadata_published(listing_id)
    seen = []
    for minutes in (0, 59, 61, 119, 121, 179, 181):
        with pretending(at + timedelta(minutes=minutes)):
            turn()
            seen.append(state(listing_id))
    assert seen == ["approved", "approved", "published", "published", "open", "open", "closed"]
    moves = db.session.scalars(
        sa.select(Entry.event).where(Entry.subject == get(Listing, listing_id).subject).order_by(Entry.id)
    )
    assert list(moves) == ["draft", "submit", "approve", "publish", "open", "close"]


@pytest.mark.parametrize(
    "end", [scheduling.close_sale, partial(scheduling.cancel, by="staff:ACC-1", reason="大雪のため")]
)
@pytest.mark.parametrize("late", [-HOUR, 5 * HOUR])
def test_a_sale_ends_when_it_is_ended_but_never_after_the_hour_that_was_planned(
    app: Flask, end: Callable[[int], None], late: timedelta
) -> None:
    listing = get(Listing, given.a_listing())
    assert listing.closes_at is not None
    planned, at = listing.closes_at, listing.closes_at + late
    with pretending(at):
        end(listing.id)
    db.session.refresh(listing)
    assert listing.closed_at is not None
    assert round((listing.closed_at - planned) / HOUR) == min(late / HOUR, 0)


def test_nothing_is_announced_before_its_metadata_has_its_cids(app: Flask) -> None:
    listing_id = given.a_listing(state="submitted")
    approve(listing_id, given.staff("approver"))  # and no worker has heard of it yet
    turn()
    with pytest.raises(WrongState):
        scheduling.publish(listing_id)
    assert (state(listing_id), units(listing_id)) == ("approved", [])
    given.metadata_published(listing_id)
    scheduling.publish_due()
    assert state(listing_id) == "published"


def test_publishing_lays_out_numbered_units_once(app: Flask) -> None:
    listing_id = given.a_listing(state="published", quantity=3)
    with pytest.raises(WrongState):
        scheduling.publish(listing_id)
    assert units(listing_id) == [(1, "free"), (2, "free"), (3, "free")]


def test_an_auction_is_not_closed_by_the_sheet_because_its_end_may_move(app: Flask) -> None:
    listing_id = given.a_listing("ascending")
    with pretending(now() + timedelta(days=30)):
        scheduling.close_due()
    assert state(listing_id) == "open"


def test_a_sale_without_an_end_stays_open(app: Flask) -> None:
    listing_id = given.a_listing(closes_at=None)
    with pretending(now() + timedelta(days=3_650)):
        turn()
    assert state(listing_id) == "open"


def test_two_clocks_at_once_move_each_sale_once(app: Flask) -> None:
    listing_ids = [given.a_listing(state="approved", opens_at=given.in_days(1)) for _ in range(3)]
    for listing_id in listing_ids:
        given.metadata_published(listing_id)
    assert at_once(app, 2, lambda _: scheduling.publish_due()) == [None, None]
    assert [(state(listing_id), len(units(listing_id))) for listing_id in listing_ids] == [("published", 10)] * 3


@pytest.mark.parametrize("before", ["approved", "published", "open", "closed"])
def test_a_sale_can_be_called_off_with_a_reason_that_the_public_reads(app: Flask, before: str) -> None:
    listing_id = given.a_listing(state=before)
    scheduling.cancel(listing_id, "staff:ACC-TEST", "天候のため")
    listing = get(Listing, listing_id)
    assert (listing.state, listing.cancelled_reason) == (ListingState.CANCELLED, "天候のため")
    with pretending(now() + timedelta(days=30)):
        turn()
    assert state(listing_id) == "cancelled"


def test_what_is_over_cannot_be_called_off(app: Flask) -> None:
    listing_id = given.a_listing(state="completed")
    with pytest.raises(WrongState):
        scheduling.cancel(listing_id, "staff:ACC-TEST", "天候のため")
    assert get(Listing, listing_id).cancelled_reason == ""


def test_units_start_free(app: Flask) -> None:
    listing_id = given.a_listing(quantity=2)
    assert {unit_state for _, unit_state in units(listing_id)} == {str(UnitState.FREE)}


def test_a_sale_that_was_given_more_time_at_its_last_moment_stays_open(app: Flask) -> None:
    """The sheet has seen that its hour was over, and waits for the row that two persons are amending."""
    listing_id = given.a_listing(closes_at=now() + HOUR)
    drafter, approver = given.staff("drafter"), given.staff("approver")
    with pretending(now() + HOUR):
        later = amending.propose(listing_id, drafter, {"closes_at": now() + HOUR}, "大雪のため")
        with meanwhile(app, scheduling.close_due):
            amending.approve(later, approver)
        assert state(listing_id) == "open"
