"""The opening: the list of those who came before is fixed, chance speaks, and everybody on it gets a position."""

from __future__ import annotations

import secrets
from datetime import timedelta

import sqlalchemy as sa

from marketplace.journal.writing import move, note
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, insert_once, let_go, lock, transaction
from marketplace.kit.refusals import Unavailable
from marketplace.kit.sheets import sheet
from marketplace.listings.models import Listing
from marketplace.lotteries import beacon
from marketplace.lotteries.drand import drand
from marketplace.outbox.promising import handles, say
from marketplace.waiting import shuffle as draw
from marketplace.waiting.models import Place, Room, RoomState

AHEAD = timedelta(seconds=15)
"""Between the close of the list and the beacon that orders it: who knew the beacon could still choose who is on it."""
PATIENCE = timedelta(seconds=60)
"""For how long a silent beacon is asked. Then the sealed secret alone decides, as the notice says: people wait."""
AGAIN = timedelta(seconds=2)
AT_ONCE = 1000
"""People who get their positions with one statement."""


def set_up(listing_id: int) -> None:
    """Open the doors of the room, with its sealed secret, which the journal keeps. A second time changes nothing."""
    with transaction():
        listing = get(Listing, listing_id)
        if not listing.waiting_room:
            return
        secret = secrets.token_hex(32)
        values = {"listing_id": listing.id, "code": listing.code, "state": RoomState.GATHERING, "secret": secret}
        room_id = insert_once(Room, values)
        if room_id is not None:
            room = get(Room, room_id)
            note(room.subject, "waiting.set_up", sealed=room.sealed)


def close(room_id: int) -> None:
    """Fix who came before the opening, and name the beacon's round that will order them.

    One person, or none, needs no chance.
    """
    with transaction():
        room = lock(Room, room_id)
        if room.state != RoomState.GATHERING:
            return
        listing = get(Listing, room.listing_id)
        room.last, room.draw_at = room.issued, now() + AHEAD
        room.fixed = {
            "listing": listing.code,
            "rules": listing.text_hash,
            "n": room.issued,
            "sealed": room.sealed,
            "chain": drand().chain.hash,
            "round": drand().chain.round_at(room.draw_at),
        }
        move(room, "waiting.close", n=room.issued, round=room.fixed["round"])
        if room.issued < 2:
            _shuffle(room, b"")


@sheet(every=1, name="waiting.draw_due")
def draw_due() -> None:
    """Promise to ask for the beacon of each room that waits for it ⇢ waiting.beacon_due."""
    due = sa.select(Room).where(Room.state == RoomState.SHUFFLING, sa.func.coalesce(Room.ask_at, Room.draw_at) <= now())
    asked = [(room.id, room.code, room.asked) for room in db.session.scalars(due)]
    let_go()
    for room_id, code, times in asked:
        with transaction():
            say("waiting.beacon_due", key=f"{code}:{times}", room_id=room_id)


@handles("waiting.beacon_due")
def fetch(room_id: int) -> None:
    """Ask once. Where the beacon is silent: again a little later, and after PATIENCE no more."""
    room = get(Room, room_id)
    state, asked, fixed, draw_at = room.state, room.asked, room.fixed, room.draw_at
    let_go()
    if state != RoomState.SHUFFLING or fixed is None or draw_at is None:
        return
    try:
        signature = drand().signature(fixed["round"])
    except Unavailable as trouble:
        if not drand().addresses or now() >= draw_at + PATIENCE:
            shuffle(room_id, b"", str(trouble))
        else:
            _ask_again(room_id, asked)
        return
    shuffle(room_id, signature)


def _ask_again(room_id: int, asked: int) -> None:
    with transaction():
        room = lock(Room, room_id)
        if room.asked == asked:
            room.asked, room.ask_at = asked + 1, now() + AGAIN


def shuffle(room_id: int, signature: bytes, silent: str = "") -> None:
    """Give everybody on the list a position, by a checked signature (48 bytes), or b"" where there is none and why."""
    with transaction():
        room = lock(Room, room_id)
        if room.state == RoomState.SHUFFLING:
            _shuffle(room, signature, silent)


def _shuffle(room: Room, signature: bytes, silent: str = "") -> None:
    assert room.fixed is not None, "the list is fixed"
    randomness = beacon.randomness(signature) if signature else b""
    seed = draw.seed(room.fixed, bytes.fromhex(room.secret), randomness)
    _place(room.id, draw.order(seed, room.fixed["n"]))
    room.signature, room.seed, room.drawn_at = signature.hex() or None, seed.hex(), now()
    move(room, "waiting.shuffle", why=silent, seed=room.seed)


def _place(room_id: int, order: list[int]) -> None:
    statement = (
        sa.update(Place.__table__)  # type: ignore[arg-type] # a Table, though typed as FromClause
        .where(Place.room_id == room_id, Place.no == sa.bindparam("drawn"))
        .values(position=sa.bindparam("place", type_=sa.Integer()))
    )
    for start in range(0, len(order), AT_ONCE):
        portion = enumerate(order[start : start + AT_ONCE], start=start + 1)
        db.session.execute(statement, [{"drawn": no, "place": place} for place, no in portion])
    db.session.flush()
    db.session.expire_all()
