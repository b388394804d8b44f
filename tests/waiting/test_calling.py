"""Called by turns: as many as there are units for, and as the machine bears; nobody past the line."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.accounts.models import Account
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db, get
from marketplace.listings.models import Listing
from marketplace.listings.rules import AllHeld
from marketplace.notices.models import Notice
from marketplace.orders.expiring import cancel
from marketplace.orders.models import Order
from marketplace.orders.placing import place
from marketplace.orders.turns import NotYourTurn, unused
from marketplace.outbox import keeping
from marketplace.settings import Settings
from marketplace.waiting.calling import call
from marketplace.waiting.counting import Figures, figures
from marketplace.waiting.joining import join, leave
from marketplace.waiting.reserving import reserve
from tests import given
from tests.racing import at_once
from tests.waiting.stage import a_room, called, fresh, in_order, open_it, turn

SOON = timedelta(seconds=20)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"turns_at_once": 4})


def letters() -> list[str]:
    mails = sa.select(Notice.to_email).where(Notice.template == "your_turn").order_by(Notice.id)
    return list(db.session.scalars(mails))


def test_without_a_turn_nobody_orders(app: Flask) -> None:
    room, (hana,) = a_room(1, quantity=5)
    with pretending(now() + timedelta(days=1)):
        open_it(room)
        stranger = given.an_account()
        with pytest.raises(NotYourTurn):
            place(stranger, room.listing_id)
        turn()
        assert get(Order, place(hana, room.listing_id)).buyer_id == hana


def test_a_wave_is_as_large_as_the_machine_bears(app: Flask) -> None:
    room, _ = a_room(10, quantity=9)
    open_it(room)
    with pretending(now() + SOON):
        turn()
        line = in_order(room)
        assert called(room) == line[:4]
        turn()
        assert called(room) == line[:4]
        place(line[1], room.listing_id)
        turn()
        assert called(room) == line[:5]


def test_nobody_is_called_for_whom_there_is_no_unit(app: Flask) -> None:
    room, _ = a_room(6, quantity=2)
    open_it(room)
    with pretending(now() + SOON):
        turn()
        line = in_order(room)
        assert called(room) == line[:2]
        order_id = place(line[0], room.listing_id)
        turn()
        assert called(room) == line[:2]
        cancel(order_id)
        turn()
        assert called(room) == line[:3]


def test_a_turn_that_passes_goes_to_the_next(app: Flask) -> None:
    room, _ = a_room(3, quantity=1)
    open_it(room)
    at = now() + SOON
    with pretending(at):
        turn()
    with pretending(at + timedelta(minutes=9)):
        turn()
        assert len(called(room)) == 1
    with pretending(at + timedelta(minutes=11)):
        turn()
        assert called(room) == in_order(room)[:2]
        assert figures(fresh(room)) == Figures(taken=3, left=0, inside=1, ordered=0, missed=1, waiting=1)


def test_whoever_is_called_gets_one_letter(app: Flask) -> None:
    room, _ = a_room(3, quantity=3)
    open_it(room)
    with pretending(now() + SOON):
        turn()
        turn()
        assert letters() == [get(Account, who).email for who in in_order(room)]


def test_those_who_left_are_passed_over(app: Flask) -> None:
    room, people = a_room(4, quantity=1)
    for who in people[:3]:
        leave(room.id, who)
    open_it(room)
    with pretending(now() + SOON):
        turn()
        assert called(room) == [people[3]]


def test_two_workers_call_nobody_twice_and_nobody_too_many(app: Flask) -> None:
    room, _ = a_room(12, quantity=20)
    open_it(room)
    with pretending(now() + SOON):
        turn()
        line = in_order(room)
        for who in line[:4]:
            place(who, room.listing_id)
        room_id, listing_id = room.id, room.listing_id
        db.session.rollback()
        assert sorted(at_once(app, 4, lambda _n: call(room_id))) == [0, 0, 0, 4]
        assert (called(room), unused(listing_id)) == (line[:8], 4)


def test_each_unit_goes_to_one_of_those_who_were_called(app: Flask) -> None:
    """Orders and waves at the same moment: a person whose turn it is never finds every unit taken."""
    room, _ = a_room(16, quantity=8)
    open_it(room)
    room_id, listing_id = room.id, room.listing_id
    with pretending(now() + SOON):
        bought: set[int] = set()
        for _ in range(4):
            turn()
            inside = [who for who in called(room) if who not in bought]
            callers = len(inside)

            def act(n: int, inside: tuple[int, ...] = tuple(inside)) -> int:
                return place(inside[n], listing_id) if n < len(inside) else call(room_id)

            outcomes = at_once(app, callers + 2, act)
            assert [each for each in outcomes if isinstance(each, AllHeld)] == []
            bought |= set(inside)
        owners = list(db.session.scalars(sa.select(Order.buyer_id).where(Order.listing_id == room.listing_id)))
        assert (len(owners), set(owners) <= set(in_order(room)[:8])) == (8, True)


def test_a_turn_leads_to_one_order_and_what_is_given_back_is_kept_for_the_next(app: Flask) -> None:
    room, _ = a_room(3, quantity=1)
    open_it(room)
    with pretending(now() + SOON):
        turn()
        first, second, _third = in_order(room)
        cancel(place(first, room.listing_id))
        turn()
        assert called(room) == [first, second]
        with pytest.raises(NotYourTurn):
            place(first, room.listing_id)
        join(room.id, first)
        assert in_order(room)[-1] == first
        assert get(Order, place(second, room.listing_id)).buyer_id == second
        assert figures(fresh(room)) == Figures(taken=3, left=0, inside=0, ordered=1, missed=0, waiting=2)


def test_staff_reserve_for_a_caller_whose_turn_it_is_once(app: Flask) -> None:
    room, _ = a_room(0, quantity=2)
    open_it(room)
    with pretending(now() + SOON):
        place_id, clerk = join(room.id, given.an_account("ken@example.jp")), given.staff("counter")
        order_id = reserve(place_id, clerk)
        assert reserve(place_id, clerk) == order_id
        keeping.drain()
        mails = sa.select(Notice.to_email).where(Notice.template == "pay_link")
        assert list(db.session.scalars(mails)) == ["ken@example.jp"]


def test_nobody_reserves_before_the_turn(app: Flask) -> None:
    room, _ = a_room(0, state="open", quantity=1)
    join(room.id, given.an_account())
    place_id = join(room.id, given.an_account())
    with pytest.raises(NotYourTurn):
        reserve(place_id, given.staff("counter"))
    assert get(Listing, room.listing_id).waiting_room
