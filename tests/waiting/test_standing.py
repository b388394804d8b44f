"""How often waiting pages ask, and what it costs."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Flask

from marketplace.kit.db import db, transaction
from marketplace.listings.models import Listing
from marketplace.waiting.models import Place, Room, RoomState
from marketplace.waiting.standing import patience, standing_of
from tests.waiting.stage import a_room, listing_of, turn


def calling(waiting: int, called: int = 0) -> Room:
    return Room(state=RoomState.CALLING, called=called, last=called + waiting)


def test_the_more_wait_the_seldomer_each_asks() -> None:
    far = Place(position=100_000)
    assert [patience(calling(waiting), far) for waiting in (1, 250, 1_000, 13_440)] == [5, 5, 20, 120]


def test_who_is_near_asks_often_whoever_waits_behind() -> None:
    room = calling(13_440, called=1_000)
    assert [patience(room, Place(position=position)) for position in (1_001, 1_200, 1_201)] == [5, 5, 120]


def test_a_waiting_page_asks_the_database_twice(app: Flask) -> None:
    room, (first, second) = a_room(2, quantity=1)
    turn()
    asked: list[str] = []
    listing: Listing = listing_of(room)
    assert room.code
    assert listing.state
    with db.engine.connect() as connection:
        engine = connection.engine

    @sa.event.listens_for(engine, "before_cursor_execute")
    def note(_c: object, _cursor: object, statement: str, *_more: object) -> None:
        asked.append(statement.split(maxsplit=1)[0])

    standing_of(room, listing, second)
    sa.event.remove(engine, "before_cursor_execute", note)
    assert asked.count("SELECT") == 2
    assert first


def test_a_place_of_somebody_erased_is_nobodys(app: Flask) -> None:
    room, (hana,) = a_room(1)
    with transaction() as session:
        session.execute(sa.update(Place).values(account_id=None))
    assert standing_of(room, listing_of(room), hana).place is None
