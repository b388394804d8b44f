"""What the waiting room does on hearing news of its sale."""

from __future__ import annotations

from datetime import timedelta

from marketplace.journal.writing import move
from marketplace.kit.clock import now
from marketplace.kit.db import get, lock, transaction
from marketplace.listings.models import Listing, Mode
from marketplace.orders import turns
from marketplace.outbox.promising import handles
from marketplace.settings import settings
from marketplace.waiting import shuffling
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


@handles("listing.suspended")
def on_stop(listing_id: int) -> None:
    """The news may come late, or when the sale goes on again: what counts is since when it is stopped."""
    with transaction():
        room = room_of(listing_id)
        if room is not None and (since := get(Listing, listing_id).suspended_at) is not None:
            lock(Room, room.id).paused_at = since


@handles("listing.resumed")
def on_resumption(listing_id: int) -> None:
    """Nobody's turn has passed while nothing could be bought."""
    with transaction():
        room = room_of(listing_id)
        if room is not None and room.paused_at is not None:
            turns.prolong(listing_id, room.paused_at, now() + timedelta(minutes=settings().turn_minutes))
            lock(Room, room.id).paused_at = None


@handles("listing.closed", mode=Mode.FIXED)
@handles("listing.cancelled", mode=Mode.FIXED)
def on_close(listing_id: int, **_more: object) -> None:
    with transaction():
        room = room_of(listing_id)
        if room is not None and lock(Room, room.id).state in LIVE:
            room.ended_at = now()
            move(room, "waiting.end")
