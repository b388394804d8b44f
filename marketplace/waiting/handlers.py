"""What the waiting room does on hearing news of its sale."""

from __future__ import annotations

from datetime import datetime, timedelta

from marketplace.journal.writing import move
from marketplace.kit.clock import now
from marketplace.kit.db import lock, transaction
from marketplace.listings.models import Mode
from marketplace.orders import turns
from marketplace.outbox.promising import handles, say
from marketplace.settings import settings
from marketplace.waiting import parting, shuffling
from marketplace.waiting.joining import room_of
from marketplace.waiting.models import LIVE, Room


@handles("listing.published", mode=Mode.FIXED)
def on_notice(listing_id: int, **_more: object) -> None:
    shuffling.set_up(listing_id)


@handles("listing.opened", mode=Mode.FIXED)
def on_opening(listing_id: int, **_more: object) -> None:
    shuffling.set_up(listing_id)  # the news of the notice may come later than this
    room = room_of(listing_id)
    if room is not None:
        shuffling.close(room.id)


@handles("listing.resumed")
def on_resumption(listing_id: int, since: str) -> None:
    """Nobody's turn has passed while nothing could be bought, that is, `since` then."""
    with transaction():
        turns.prolong(listing_id, datetime.fromisoformat(since), now() + timedelta(minutes=settings().turn_minutes))


@handles("listing.closed", mode=Mode.FIXED)
@handles("listing.cancelled", mode=Mode.FIXED)
def on_close(listing_id: int, **_more: object) -> None:
    """Nobody is called any more ⇢ waiting.over."""
    with transaction():
        room = room_of(listing_id)
        if room is not None and lock(Room, room.id).state in LIVE:
            room.ended_at = now()
            move(room, "waiting.end")
            say("waiting.over", key=room.code, room_id=room.id, end=parting.end_of(room.listing))
