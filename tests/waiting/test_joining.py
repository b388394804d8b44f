"""A place for each person, one each, which lasts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from marketplace.kit.clock import now, pretending
from marketplace.kit.db import get
from marketplace.listings import scheduling
from marketplace.listings.suspending import resume, suspend
from marketplace.orders.placing import place
from marketplace.orders.turns import NotYourTurn
from marketplace.outbox import keeping
from marketplace.waiting.joining import join, leave, take_down
from marketplace.waiting.models import Place, RoomState, Via
from marketplace.waiting.refusals import NoRoom
from marketplace.waiting.standing import Stand, standing_of
from tests import given
from tests.racing import at_once
from tests.waiting.stage import a_room, called, events, fresh, in_order, listing_of, positions, turn

TEN_MINUTES = timedelta(minutes=11)


def test_a_place_is_the_same_from_whichever_window(app: Flask) -> None:
    room, (hana,) = a_room(1)
    room_id = room.id
    joined = at_once(app, 8, lambda _n: join(room_id, hana))
    assert joined == [joined[0]] * 8
    assert positions(room) == {1: None}


def test_thirty_people_at_once_get_thirty_numbers(app: Flask) -> None:
    room, _ = a_room()
    people = [given.an_account() for _ in range(30)]
    room_id = room.id
    at_once(app, 30, lambda n: join(room_id, people[n]))
    assert (sorted(positions(room)), fresh(room).issued) == (list(range(1, 31)), 30)


def test_who_comes_after_the_opening_stands_at_the_end(app: Flask) -> None:
    room, early = a_room(1, state="open", quantity=1)
    late = [given.an_account() for _ in range(3)]
    for account_id in late:
        join(room.id, account_id)
    assert in_order(room) == early + late


def test_where_nobody_waits_the_turn_comes_at_once(app: Flask) -> None:
    room, _ = a_room(state="open", quantity=2)
    people = [given.an_account() for _ in range(3)]
    stands = [standing_of(room, listing_of(room), who).stand for who in people if join(room.id, who)]
    assert stands == [Stand.YOUR_TURN, Stand.YOUR_TURN, Stand.IN_LINE]


def test_nobody_comes_in_once_it_is_over(app: Flask) -> None:
    room, _ = a_room(state="open")
    scheduling.close_sale(room.listing_id)
    keeping.drain()
    assert fresh(room).state == RoomState.OVER
    with pytest.raises(NoRoom):
        join(room.id, given.an_account())


def test_who_gives_the_place_back_is_passed_over_and_has_it_again_on_coming_back(app: Flask) -> None:
    room, (first,) = a_room(1, state="open", quantity=1)
    turn()
    hana, ken = given.an_account(), given.an_account()
    join(room.id, hana), join(room.id, ken)
    leave(room.id, hana)
    join(room.id, hana)
    assert in_order(room) == [first, hana, ken]
    leave(room.id, hana)
    with pretending(now() + TEN_MINUTES):
        turn()
        assert called(room) == [first, ken]
        join(room.id, hana)
    assert in_order(room) == [first, ken, hana]


def test_who_missed_the_turn_stands_at_the_end(app: Flask) -> None:
    room, (first,) = a_room(1, state="open", quantity=1)
    turn()
    second = given.an_account()
    join(room.id, second)
    with pretending(now() + TEN_MINUTES):
        assert standing_of(room, listing_of(room), first).stand is Stand.PASSED
        with pytest.raises(NotYourTurn):
            place(first, room.listing_id)
        join(room.id, first)
        assert (in_order(room), positions(room)) == ([second, first], {1: 3, 2: 2})
        turn()
        assert called(room) == [second]


def test_giving_back_before_the_opening_leaves_the_number_in_the_draw(app: Flask) -> None:
    room, (hana, ken) = a_room(2)
    leave(room.id, hana)
    assert standing_of(room, listing_of(room), hana).stand is Stand.OUTSIDE
    join(room.id, hana)
    assert (positions(room), standing_of(room, listing_of(room), hana).stand) == ({1: None, 2: None}, Stand.GATHERED)
    assert standing_of(room, listing_of(room), ken).stand is Stand.GATHERED


def test_giving_back_what_was_never_taken_is_nothing(app: Flask) -> None:
    room, _ = a_room(1)
    leave(room.id, given.an_account())
    assert positions(room) == {1: None}


def test_staff_take_places_for_callers_with_mail_and_without(app: Flask) -> None:
    room, _ = a_room(1)
    clerk = given.staff("counter")
    with_mail = take_down(room.id, clerk, "ken@example.jp")
    on_paper = take_down(room.id, clerk)
    assert [(get(Place, each).no, get(Place, each).via) for each in (with_mail, on_paper)] == [
        (2, Via.DESK),
        (3, Via.DESK),
    ]
    assert take_down(room.id, clerk, "ken@example.jp") == with_mail
    assert join(room.id, given.an_account("ken@example.jp")) == with_mail
    assert events(room) == ["waiting.set_up", *["waiting.take_down"] * 3]


def test_a_stop_of_the_sale_costs_nobody_the_turn(app: Flask) -> None:
    room, people = a_room(2, quantity=1)
    scheduling.open_sale(room.listing_id)
    keeping.drain()
    at = now() + timedelta(seconds=20)
    with pretending(at):
        turn()
        (first,) = called(room)
        suspend(room.listing_id, given.staff("approver"), "決済の点検のため")
        keeping.drain()
    with pretending(at + timedelta(hours=2)):
        turn()
        assert called(room) == [first]
        resume(room.listing_id, given.staff("approver"))
        keeping.drain()
        turn()
        assert called(room) == [first]
        assert standing_of(room, listing_of(room), first).stand is Stand.YOUR_TURN
        assert place(first, room.listing_id)
    assert set(people) > {first}


def test_a_stop_costs_nobody_the_turn_though_it_was_heard_of_late(app: Flask) -> None:
    room, _people = a_room(1, state="open", quantity=1)
    at = now() + timedelta(seconds=20)
    with pretending(at):
        turn()
        (first,) = called(room)
        suspend(room.listing_id, given.staff("approver"), "決済の点検のため")
    with pretending(at + timedelta(hours=1)):
        resume(room.listing_id, given.staff("approver"))
        keeping.drain()  # of both at once: the worker was away
        assert standing_of(room, listing_of(room), first).stand is Stand.YOUR_TURN
