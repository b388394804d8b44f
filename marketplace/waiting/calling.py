"""Call people in: as many as there are units for, and as the machine bears, in the order of their positions."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from marketplace.accounts.models import Account
from marketplace.journal.writing import note
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, let_go, lock, transaction, writing
from marketplace.kit.sheets import sheet
from marketplace.listings.models import Listing, ListingState
from marketplace.listings.taking import remaining
from marketplace.notices.sending import Haste, send
from marketplace.orders import turns
from marketplace.outbox.promising import handles, say
from marketplace.settings import settings
from marketplace.waiting.models import Place, Room, RoomState


@sheet(every=1, name="waiting.call_due")
def call_due() -> None:
    waiting = sa.select(Room.id).join(Listing).where(Room.state == RoomState.CALLING, Room.called < Room.last)
    ids = list(db.session.scalars(waiting.where(Listing.state == ListingState.OPEN)))
    let_go()
    for room_id in ids:
        call(room_id)


def call(room_id: int) -> int:
    """One wave: how many people were called ⇢ waiting.called."""
    with transaction():
        room = lock(Room, room_id)
        listing = get(Listing, room.listing_id)
        return call_next(room) if listing.state == ListingState.OPEN else 0


def call_next(room: Room) -> int:
    """As call(), with the room locked and the sale open."""
    assert writing(), "call_next() belongs inside transaction()"
    if room.state != RoomState.CALLING or not (space := _space(room.listing_id)):
        return 0
    behind = sa.select(Place.id, Place.account_id, Place.position).where(
        Place.room_id == room.id, Place.position > room.called, Place.left_at.is_(None), Place.account_id.is_not(None)
    )
    wave = db.session.execute(behind.order_by(Place.position).limit(space)).all()
    first, room.called = room.called + 1, wave[-1].position if len(wave) == space else room.last
    if not wave:
        return 0
    ends_at = now() + timedelta(minutes=settings().turn_minutes)
    turns.give(room.listing_id, [row.account_id for row in wave], ends_at)
    theirs = sa.update(Place).where(Place.id.in_([row.id for row in wave]))
    db.session.execute(theirs.values(called_at=now()))
    note(room.subject, "waiting.call", first=first, last=room.called, persons=len(wave))
    say("waiting.called", key=f"{room.code}:{first}", room_id=room.id, first=first, last=room.called)
    return len(wave)


def _space(listing_id: int) -> int:
    """How many more may come in. Turns are counted before units: an order between the two looks makes it one fewer,
    never one too many."""
    inside = turns.unused(listing_id)
    return max(0, min(settings().turns_at_once, remaining(listing_id)) - inside)


@handles("waiting.called")
def tell(room_id: int, first: int, last: int) -> None:
    """A letter to each who was called: nobody has to watch the page."""
    with transaction() as session:
        room = get(Room, room_id)
        wave = sa.select(Place.position, Account.id, Account.email).join(Account, Account.id == Place.account_id)
        wave = wave.where(Place.room_id == room.id, Place.position.between(first, last), Place.called_at.is_not(None))
        for row in session.execute(wave.order_by(Place.position)):
            turn = turns.of(room.listing_id, row.id)
            if turn is not None and turn.ends_at > now():
                key = f"your-turn:{room.code}:{row.position}"
                send(
                    *("your_turn", row.email, key),
                    haste=Haste.AWAITED,
                    right=room.listing.right,
                    code=room.code,
                    ends_at=turn.ends_at,
                )
