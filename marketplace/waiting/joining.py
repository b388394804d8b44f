"""Take a place: one a person, kept until it is called, whatever becomes of the tab or the telephone."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from marketplace.accounts.models import Account
from marketplace.accounts.signing_in import account_of, account_on_paper
from marketplace.journal.writing import note
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, lock, transaction
from marketplace.listings.models import Listing, ListingState
from marketplace.orders import turns
from marketplace.orders.models import Turn
from marketplace.orders.placing import check_limit
from marketplace.waiting.calling import call_next
from marketplace.waiting.models import LIVE, Place, Room, RoomState, Via
from marketplace.waiting.refusals import NoRoom


def join(room_id: int, account_id: int, via: Via = Via.WEB) -> int:
    """The place's id. Who has one that is still good keeps it; who left, missed the turn or has ordered by it goes to
    the end of the line.

    Before the close a number for the draw, after it the next position. Where nobody waits, the turn comes at once.
    NoRoom where the room is over; LimitReached for whoever may not have one more.
    """
    with transaction() as session:
        room = lock(Room, room_id)  # numbers are given one after the other, and none while the list is being fixed
        if room.state not in LIVE:
            raise NoRoom
        listing, place = get(Listing, room.listing_id), place_of(room.id, account_id)
        if place is None:
            check_limit(account_id, listing)
            room.issued += 1
            place = Place(room_id=room.id, account_id=account_id, no=room.issued, via=via, joined_at=now())
            session.add(place)
            if room.state != RoomState.GATHERING:
                _to_the_end(room, place)
        elif _is_over(room, place, turns.of(room.listing_id, account_id), now()):
            check_limit(account_id, listing)
            _to_the_end(room, place)
        place.left_at = None
        session.flush()
        if room.called + 1 == place.position and listing.state == ListingState.OPEN:
            call_next(room)
        return place.id


def leave(room_id: int, account_id: int) -> None:
    """Give the place up; whoever comes back before it is called has it again. Nothing happens to who has none."""
    with transaction():
        room = lock(Room, room_id)
        place = place_of(room.id, account_id)
        if place is not None and place.called_at is None and place.left_at is None and room.state in LIVE:
            place.left_at = now()


def take_down(room_id: int, actor_id: int, email: str = "") -> int:
    """Staff take a place for somebody on the phone or at the counter; the place's id.

    By their mail address if they have one, which may have a place already: then it is that one.
    """
    with transaction():
        account_id = account_of(email) if email else account_on_paper()
        place_id = join(room_id, account_id, Via.DESK)
        by = f"staff:{get(Account, actor_id).code}"
        note(get(Room, room_id).subject, "waiting.take_down", by=by, no=get(Place, place_id).no)
        return place_id


def place_of(room_id: int, account_id: int) -> Place | None:
    return db.session.scalar(sa.select(Place).where(Place.room_id == room_id, Place.account_id == account_id))


def room_of(listing_id: int) -> Room | None:
    return db.session.scalar(sa.select(Room).where(Room.listing_id == listing_id))


def _to_the_end(room: Room, place: Place) -> None:
    room.last += 1
    place.position, place.called_at = room.last, None


def _is_over(room: Room, place: Place, turn: Turn | None, at: datetime) -> bool:
    """The turn has passed or led to an order, or came to somebody who had left."""
    if place.position is None or place.position > room.called:
        return False
    return place.called_at is None or turn is None or not turn.good(at)
