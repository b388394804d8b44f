"""Who came is stamped once, by a pass of this half minute or by the list; a perk of the event is used with it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from marketplace.gatherings import booking, stamping
from marketplace.gatherings.models import RsvpState
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import get
from marketplace.listings.models import Listing
from marketplace.rights.plans import PlanKind
from tests.chainlogs import Chain
from tests.gatherings.stage import BY, a_gathering, gathering, rsvp, state
from tests.holders.stage import refusal
from tests.perks.stage import Desk, Telephone, a_desk, a_listing, bath, counts
from tests.resale.stage import held_token


@pytest.fixture
def desk(chain: Chain) -> Desk:
    return a_desk()


@pytest.fixture
def listing(desk: Desk) -> int:
    """A right with a perk to come to events."""
    return a_listing(bath(desk, id="p9", name="集いへの参加", kind=PlanKind.RSVP, limit=None, per=None))


def test_a_pass_at_the_door_is_a_stamp_and_one_use_of_the_perk(chain: Chain, hana: int, listing: int) -> None:
    token_id = held_token(chain, hana, listing)
    event = a_gathering(right_ids=[get(Listing, listing).right_id], perk="p9")
    booking.ask(event, hana)
    with pretending(gathering(event).begins_at - timedelta(minutes=10)):
        shown = Telephone(token_id, hana).shows()
        stamping.stamp_by_pass(event, shown, BY)
        assert refusal(lambda: stamping.stamp_by_pass(event, shown, BY)) == "stamped_already"
        found = rsvp(event, hana)
        assert (found.state, found.by_pass) == (RsvpState.ATTENDED, True)
        assert counts(token_id, "p9") == [(gathering(event).code, 1, 0)]
        stamping.unstamp(event, found.code, BY)
        stamping.unstamp(event, found.code, BY)
        assert (state(event, hana), counts(token_id, "p9")) == (RsvpState.COMING, [(gathering(event).code, 0, 0)])
        stamping.stamp(event, found.code, BY)
        assert (rsvp(event, hana).by_pass, counts(token_id, "p9")) == (False, [(gathering(event).code, 1, 0)])


def test_a_picture_of_a_pass_and_a_pass_without_a_booking_are_refused(chain: Chain, hana: int, listing: int) -> None:
    token_id = held_token(chain, hana, listing)
    event = a_gathering(right_ids=[get(Listing, listing).right_id])
    begins_at = gathering(event).begins_at
    with pretending(begins_at - timedelta(minutes=10)):
        shown = Telephone(token_id, hana).shows()
        assert refusal(lambda: stamping.stamp_by_pass(event, shown, BY)) == "no_booking"
    booking.ask(event, hana)
    with pretending(begins_at):
        assert refusal(lambda: stamping.stamp_by_pass(event, shown, BY)) == "stale_pass"


def test_a_pass_of_another_right_opens_no_door(chain: Chain, hana: int, listing: int) -> None:
    held_token(chain, hana, listing)
    other = held_token(chain, hana)
    event = a_gathering(right_ids=[get(Listing, listing).right_id])
    booking.ask(event, hana)
    with pretending(gathering(event).begins_at):
        shown = Telephone(other, hana).shows()
        assert refusal(lambda: stamping.stamp_by_pass(event, shown, BY)) == "not_invited"


def test_the_door_is_open_on_the_day_only(hana: int, ken: int) -> None:
    event = a_gathering(seats=1)
    booking.ask(event, hana)
    booking.ask(event, ken)
    code, waiting = rsvp(event, hana).code, rsvp(event, ken).code
    assert refusal(lambda: stamping.stamp(event, code, BY)) == "not_at_the_door_yet"
    with pretending(gathering(event).ends_at + timedelta(days=1)):
        assert refusal(lambda: stamping.stamp(event, code, BY)) == "not_at_the_door_yet"
    with pretending(gathering(event).begins_at):
        assert refusal(lambda: stamping.stamp(event, waiting, BY)) == "no_booking"
        stamping.stamp(event, code, BY)
        assert refusal(lambda: stamping.stamp(event, code, BY)) == "stamped_already"


def test_who_was_offered_a_seat_and_stands_at_the_door_has_said_yes(hana: int, ken: int) -> None:
    event = a_gathering(seats=1)
    booking.ask(event, hana)
    booking.ask(event, ken)
    with pretending(gathering(event).begins_at - timedelta(hours=1)):
        booking.give_up(event, hana)
        stamping.stamp(event, rsvp(event, ken).code, BY)
        assert (state(event, ken), rsvp(event, ken).attended_at is None) == (RsvpState.ATTENDED, False)
        assert now() > rsvp(event, ken).asked_at
