"""The opening: who came before is drawn, who comes later stands behind; nobody knows the order while it can change."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask

from marketplace.continuity import facts, verifying
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import get
from marketplace.lotteries.drand import Drand
from marketplace.waiting import shuffle
from marketplace.waiting.joining import join, room_of
from marketplace.waiting.models import Place, RoomState
from marketplace.waiting.shuffling import AHEAD, PATIENCE, close, fetch, set_up
from marketplace.waiting.standing import published
from tests import given
from tests.lotteries.local_drand import CHAIN, LocalDrand, forged, not_yet
from tests.racing import at_once
from tests.waiting.stage import a_room, events, fresh, in_order, open_it, positions, turn


@pytest.fixture
def local(app: Flask) -> Iterator[LocalDrand]:
    with LocalDrand.running() as local:
        app.extensions["hiroba.ports"].beacon = Drand([local.url], CHAIN)
        yield local


def test_a_sale_without_one_has_no_room(app: Flask) -> None:
    assert room_of(given.a_listing(state="open")) is None


def test_with_the_notice_the_secret_is_sealed_and_not_told(app: Flask) -> None:
    room, _ = a_room()
    told = published(room)
    assert (told["sealed"], told["secret"], told["commit"], told["order"]) == (room.sealed, None, None, None)
    assert room.secret not in str(told)
    set_up(room.listing_id)
    assert events(room) == ["waiting.set_up"]


def test_the_order_is_that_of_the_beacon_and_a_stranger_finds_the_same(app: Flask, local: LocalDrand) -> None:
    room, accounts = a_room(12)
    open_it(room)
    assert (room.state, set(positions(room).values())) == (RoomState.SHUFFLING, {None})
    with pretending(now() + AHEAD):
        turn()
    told = published(fresh(room))
    assert room.state == RoomState.CALLING
    assert shuffle.check(told, CHAIN)["order"] == [no for _, no in sorted((p, no) for no, p in positions(room).items())]
    assert in_order(room) == [accounts[no - 1] for no in told["order"]]
    assert told["beacon"] is not None
    assert list(facts.waiting_rooms()) == [(room.code, told)]


def test_the_command_that_checks_what_is_published_knows_it(app: Flask) -> None:
    room, _ = a_room(1, state="open")
    (proof,) = facts.waiting_rooms()
    assert verifying.proof(proof[1]) == f"waiting room: 1 numbers in order, seed {room.seed}"


def test_the_beacon_speaks_after_the_list_is_closed_however_late_the_worker_was(app: Flask, local: LocalDrand) -> None:
    room, _ = a_room(3)
    late = given.in_days(2)
    with pretending(late):
        open_it(room)
    assert room.fixed is not None
    spoken = CHAIN.genesis + (room.fixed["round"] - 1) * CHAIN.period
    assert late.timestamp() + 10 < spoken <= late.timestamp() + AHEAD.total_seconds() + 5


def test_who_comes_while_the_order_is_drawn_stands_behind(app: Flask, local: LocalDrand) -> None:
    room, accounts = a_room(3)
    open_it(room)
    late = given.an_account()
    join(room.id, late)
    assert positions(room) == {1: None, 2: None, 3: None, 4: 4}
    with pretending(now() + AHEAD):
        turn()
    assert in_order(room)[3:] == [late]
    assert sorted(in_order(room)[:3]) == accounts


def test_a_silent_beacon_is_asked_for_a_minute_and_then_the_seal_decides(app: Flask, local: LocalDrand) -> None:
    local.answer = not_yet
    room, _ = a_room(5)
    open_it(room)
    assert room.draw_at is not None
    with pretending(room.draw_at):
        turn()
        assert (fresh(room).state, room.asked) == (RoomState.SHUFFLING, 1)
        turn()
        assert fresh(room).asked == 1  # not before two seconds have passed
    with pretending(room.draw_at + PATIENCE):
        turn()
    assert fresh(room).state == RoomState.CALLING
    told = published(room)
    assert (told["beacon"], shuffle.check(told, CHAIN)["seed"]) == (None, room.seed)


def test_a_forged_beacon_is_a_silent_one(app: Flask, local: LocalDrand) -> None:
    local.answer = forged
    room, _ = a_room(2)
    open_it(room)
    assert room.draw_at is not None
    with pretending(room.draw_at):
        turn()
    assert (fresh(room).state, room.signature) == (RoomState.SHUFFLING, None)


def test_without_a_beacon_by_setting_nobody_waits_for_it(app: Flask) -> None:
    room, _ = a_room(5)
    open_it(room)
    with pretending(now() + AHEAD):
        turn()
    assert (fresh(room).state, room.asked) == (RoomState.CALLING, 0)


@pytest.mark.parametrize("people", [0, 1])
def test_one_person_or_none_needs_no_chance(app: Flask, people: int) -> None:
    room, accounts = a_room(people, state="open")
    assert (room.state, in_order(room)) == (RoomState.CALLING, accounts)
    assert shuffle.check(published(room))["order"] == [1][:people]


def test_closing_and_drawing_twice_changes_nothing(app: Flask) -> None:
    room, _ = a_room(4)
    open_it(room)
    with pretending(now() + AHEAD):
        turn()
    before = positions(room), fresh(room).seed
    close(room.id)
    fetch(room.id)
    assert (positions(room), fresh(room).seed) == before
    assert [event for event in events(room) if event != "waiting.call"] == [
        *("waiting.set_up", "waiting.close", "waiting.shuffle")
    ]


def test_the_list_is_whole_whoever_comes_in_while_it_is_closed(app: Flask) -> None:
    """Each of those who press at the moment of the close is either on the list, and drawn, or behind it."""
    room, _ = a_room(2)
    people = [given.an_account() for _ in range(12)]
    room_id = room.id
    at_once(app, 13, lambda n: close(room_id) if n == 6 else join(room_id, people[n if n < 6 else n - 1]))
    fixed = fresh(room).fixed
    assert fixed is not None
    with pretending(now() + AHEAD + timedelta(seconds=1)):
        fetch(room.id)
    found = positions(room)
    assert sorted(position for position in found.values() if position is not None) == list(range(1, 15))
    assert {no for no, position in found.items() if position is not None and position <= fixed["n"]} == set(
        range(1, fixed["n"] + 1)
    )
    assert get(Place, 1).room_id == room.id
