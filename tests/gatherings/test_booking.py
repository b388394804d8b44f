"""A seat is asked for, waited for, offered with a deadline, confirmed and given up: never one too many."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.gatherings import booking, drafting, moving_up
from marketplace.gatherings.models import SEATED, Rsvp, RsvpState, Seat
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db, transaction
from marketplace.kit.refusals import Refused
from marketplace.listings.models import Listing
from marketplace.outbox import keeping
from marketplace.outbox.models import Message
from tests import given
from tests.chainlogs import Chain, somebody
from tests.gatherings.stage import BY, a_gathering, gathering, mails, rsvp, state, values
from tests.holders.stage import moved, refusal
from tests.racing import at_once
from tests.resale.stage import custody, held_token, token


def test_who_asks_while_there_are_seats_has_one_at_once(hana: int, ken: int) -> None:
    event = a_gathering()
    assert [booking.ask(event, who) for who in (hana, ken)] == [RsvpState.COMING, RsvpState.COMING]
    assert sorted([rsvp(event, hana).seat or 0, rsvp(event, ken).seat or 0]) == [1, 2]
    assert mails("hana@example.jp") == ["gathering_booked"]


def test_asking_twice_changes_nothing(hana: int) -> None:
    event = a_gathering()
    assert [booking.ask(event, hana), booking.ask(event, hana)] == [RsvpState.COMING, RsvpState.COMING]
    assert (gathering(event).asked, mails("hana@example.jp")) == (1, ["gathering_booked"])


def test_a_seat_that_is_given_up_is_offered_to_who_waited_longest(hana: int, ken: int, mio: int) -> None:
    event = a_gathering(seats=1)
    assert [booking.ask(event, who) for who in (hana, ken, mio)] == [
        RsvpState.COMING,
        RsvpState.WAITING,
        RsvpState.WAITING,
    ]
    assert booking.ahead_of(rsvp(event, mio)) == 1
    booking.give_up(event, hana)
    booking.give_up(event, hana)
    assert [state(event, who) for who in (hana, ken, mio)] == [
        RsvpState.WITHDRAWN,
        RsvpState.OFFERED,
        RsvpState.WAITING,
    ]
    booking.confirm(event, ken)
    booking.confirm(event, ken)
    assert (state(event, ken), rsvp(event, ken).seat) == (RsvpState.COMING, 1)
    assert mails("ken@example.jp") == ["gathering_waiting", "gathering_seat_free", "gathering_booked"]


def test_no_answer_in_time_and_the_next_is_asked(hana: int, ken: int, mio: int) -> None:
    event = a_gathering(seats=1)
    for who in (hana, ken, mio):
        booking.ask(event, who)
    booking.give_up(event, hana)
    at = now()
    moving_up.lapse_due()
    assert state(event, ken) == RsvpState.OFFERED
    with pretending(at + timedelta(hours=48, minutes=1)):
        assert refusal(lambda: booking.confirm(event, ken)) == "seat_offer_over"
        moving_up.lapse_due()
        moving_up.lapse_due()
        assert [state(event, ken), state(event, mio)] == [RsvpState.LAPSED, RsvpState.OFFERED]
        assert refusal(lambda: booking.confirm(event, ken)) == "seat_offer_over"
        assert booking.ask(event, ken) == RsvpState.WAITING
    assert mails("ken@example.jp") == [
        "gathering_waiting",
        "gathering_seat_free",
        "gathering_seat_lapsed",
        "gathering_waiting",
    ]


def test_nobody_is_given_more_time_than_there_is_before_it_begins(hana: int, ken: int) -> None:
    event = a_gathering(seats=1)
    booking.ask(event, hana)
    booking.ask(event, ken)
    with pretending(gathering(event).begins_at - timedelta(hours=3)):
        booking.give_up(event, hana)
    assert rsvp(event, ken).answer_until == gathering(event).begins_at


def test_more_seats_go_to_those_who_wait_and_taken_ones_stay(hana: int, ken: int) -> None:
    event = a_gathering(seats=1)
    booking.ask(event, hana)
    booking.ask(event, ken)
    drafting.revise(event, values(seats=2, **when(event)), BY)
    assert state(event, ken) == RsvpState.OFFERED
    assert refusal(lambda: drafting.revise(event, values(seats=1, **when(event)), BY)) == "seats_taken"
    booking.give_up(event, hana)
    drafting.revise(event, values(seats=1, **when(event)), BY)
    assert list(db.session.scalars(sa.select(Seat.number))) == [rsvp(event, ken).seat]


def when(event: int) -> dict[str, object]:
    found = gathering(event)
    return {name: getattr(found, name) for name in ("begins_at", "ends_at", "ask_until")}


def test_only_holders_are_let_in_and_who_sold_does_not_confirm(chain: Chain, hana: int, ken: int) -> None:
    token_id = held_token(chain, hana)
    event = a_gathering(seats=1, right_ids=[token(token_id).right_id])
    assert refusal(lambda: booking.ask(event, ken)) == "not_invited"
    assert booking.ask(event, hana) == RsvpState.COMING
    waiting = held_token(chain, ken, listing_of(token_id), 2)
    assert booking.ask(event, ken) == RsvpState.WAITING
    moved(chain, waiting, custody(ken), somebody("buyer"), 5)
    booking.give_up(event, hana)
    assert refusal(lambda: booking.confirm(event, ken)) == "not_invited"


def listing_of(token_id: int) -> int:
    return db.session.scalars(sa.select(Listing.id).where(Listing.code == token(token_id).listing_code)).one()


def test_after_the_deadline_and_after_the_beginning_nothing_moves(hana: int, ken: int) -> None:
    event = a_gathering(seats=1)
    booking.ask(event, hana)
    with pretending(gathering(event).ask_until):
        assert refusal(lambda: booking.ask(event, ken)) == "too_late_to_ask"
    with pretending(gathering(event).begins_at):
        assert refusal(lambda: booking.give_up(event, hana)) == "gathering_has_begun"
        assert refusal(lambda: booking.ask(event, ken)) == "gathering_has_begun"


def test_what_is_called_off_is_told_to_everybody_once(hana: int, ken: int) -> None:
    event = a_gathering(seats=1)
    booking.ask(event, hana)
    booking.ask(event, ken)
    drafting.call_off(event, "大雪のため", BY)
    drafting.tell_called_off(event, "大雪のため")
    keeping.drain()
    assert [state(event, who) for who in (hana, ken)] == [RsvpState.CALLED_OFF] * 2
    assert [mails(f"{who}@example.jp")[1:] for who in ("hana", "ken")] == [["gathering_called_off"]] * 2
    assert refusal(lambda: booking.ask(event, given.an_account())) == "gathering_called_off"


def test_who_comes_to_another_event_hears_nothing_of_one_that_is_called_off(hana: int, ken: int) -> None:
    event, other = a_gathering(), a_gathering()
    booking.ask(event, hana)
    booking.ask(other, ken)
    drafting.call_off(event, "大雪のため", BY)
    keeping.drain()
    assert (state(other, ken), mails("ken@example.jp")) == (RsvpState.COMING, ["gathering_booked"])


def test_who_gave_up_waiting_and_asks_again_waits_behind_all_others(hana: int, ken: int, mio: int) -> None:
    event = a_gathering(seats=1)
    for who in (hana, ken, mio):
        booking.ask(event, who)
    booking.give_up(event, ken)
    booking.ask(event, ken)
    booking.give_up(event, hana)
    assert [state(event, who) for who in (ken, mio)] == [RsvpState.WAITING, RsvpState.OFFERED]


def test_a_change_of_place_is_told_once_and_a_change_of_words_is_not(hana: int) -> None:
    event = a_gathering()
    booking.ask(event, hana)
    drafting.revise(event, values(**when(event), body="持ち物は手ぶくろです。"), BY)
    drafting.revise(event, values(**when(event), place="公民館"), BY)
    keeping.drain()
    body = db.session.scalars(sa.select(Message.body).where(Message.topic == "gathering.moved")).one()
    drafting.tell_moved(**body)
    assert mails("hana@example.jp") == ["gathering_booked", "gathering_moved"]


def test_twenty_who_ask_at_once_for_two_seats(app: Flask) -> None:
    event, people = a_gathering(seats=2), [given.an_account() for _ in range(20)]
    outcomes = at_once(app, 20, lambda n: booking.ask(event, people[n]))
    assert sorted(outcomes) == [RsvpState.COMING] * 2 + [RsvpState.WAITING] * 18
    rows = list(db.session.scalars(sa.select(Rsvp).order_by(Rsvp.place)))
    assert [row.place for row in rows] == list(range(1, 21))
    assert [row.state for row in rows[:2]] == [RsvpState.COMING] * 2


def test_giving_up_and_asking_at_once_leaves_nobody_beside_a_free_seat(app: Flask) -> None:
    event, people = a_gathering(seats=3), [given.an_account() for _ in range(10)]
    for who in people[:6]:
        booking.ask(event, who)

    def act(n: int) -> None:
        (booking.give_up if n < 6 else booking.ask)(event, people[n])

    assert at_once(app, 10, act) == [None] * 10
    counts = booking.counts(event)
    assert sum(counts[each] for each in SEATED) == min(3, 10 - counts[RsvpState.WITHDRAWN])
    assert counts[RsvpState.WITHDRAWN] == 6


def test_the_database_knows_how_many_seats_there_are(hana: int, ken: int) -> None:
    event = a_gathering(seats=1)
    booking.ask(event, hana)
    booking.ask(event, ken)
    for seat in (1, 2):
        with pytest.raises(sa.exc.IntegrityError), transaction():
            db.session.execute(sa.update(Rsvp).where(Rsvp.account_id == ken).values(state=RsvpState.COMING, seat=seat))


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"title": " "}, "title"),
        ({"seats": 0}, "seats"),
        ({"answer_hours": 0}, "answer_hours"),
        ({"ends_at": None}, "ends_at"),
        ({"ask_until": None}, "ask_until"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field(app: Flask, wrong: dict[str, object], field: str) -> None:
    filled = values()
    filled |= {name: filled["begins_at"] if value is None else value for name, value in wrong.items()}
    if field == "ask_until":
        filled["ask_until"] = filled["ends_at"]
    with pytest.raises(Refused) as caught:
        drafting.draft(filled, BY)
    assert caught.value.field == field
