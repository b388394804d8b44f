"""A month after the sale nobody knows who stood in line; the order still verifies."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask

from marketplace.kit.clock import now, pretending
from marketplace.kit.erasures import ERASURES
from marketplace.listings import scheduling
from marketplace.outbox import keeping
from marketplace.waiting import shuffle
from marketplace.waiting.standing import published
from tests.waiting.stage import a_room, fresh, in_order, open_it, positions, turn

MONTH = timedelta(days=30)


def test_places_are_nobodys_after_a_month_and_the_order_stays(app: Flask) -> None:
    room, people = a_room(5)
    open_it(room)
    with pretending(now() + timedelta(seconds=20)):
        turn()
        scheduling.close_sale(room.listing_id)
        keeping.drain()
    erasure, before = ERASURES["waiting.places"], positions(room)
    assert (erasure.due(now() + MONTH - timedelta(hours=1)), erasure.due(now() + MONTH + timedelta(hours=1))) == (0, 5)
    with pretending(now() + MONTH + timedelta(hours=1)):
        assert (erasure.erase(), erasure.erase()) == (5, 0)
    assert (in_order(room), positions(room)) == ([], before)
    assert shuffle.check(published(fresh(room)))["seed"] == room.seed
    assert len(people) == 5
