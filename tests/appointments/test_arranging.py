"""From the wish to a date that is fixed: both sides may say no, move it twice, cancel; and nobody is in two places."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import IntegrityError

from marketplace.appointments import arranging, asking, calendar, rules
from marketplace.appointments.models import AppointmentState, Slot
from marketplace.kit.clock import JST, now, pretending
from marketplace.kit.db import db, transaction
from marketplace.kit.refusals import Invalid, WrongState
from marketplace.notices.models import Notice
from tests import given
from tests.appointments.stage import (
    BY,
    FRIDAY,
    MONDAY,
    WEDNESDAY,
    Talks,
    asked,
    fixed,
    mayors_talks,
    row,
    slots,
    wish,
)
from tests.chainlogs import Chain
from tests.holders.stage import mails, paid_and, refusal
from tests.racing import at_once
from tests.resale.stage import held_token, token


@pytest.fixture
def office(app: Flask) -> int:
    return given.staff("drafter")


def test_the_office_fixes_one_of_the_wished_dates(talks: Talks, office: int) -> None:
    appointment_id = asked(talks)
    with pytest.raises(Invalid, match="希望された日時の中から"):
        arranging.confirm(appointment_id, office, FRIDAY)
    arranging.confirm(appointment_id, office, WEDNESDAY)
    arranging.confirm(appointment_id, office, WEDNESDAY)
    there = row(appointment_id)
    assert (there.state, there.starts_at, there.sequence) == (AppointmentState.CONFIRMED, WEDNESDAY, 1)
    assert slots() == [WEDNESDAY, WEDNESDAY + timedelta(minutes=30)]
    assert mails("hana@example.jp") == ["appointment_fixed"]


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"topic": "あ" * 501}, "topic"),
        ({"topic": " "}, "topic"),
        ({"online": False}, "place"),
        ({"uses": 5}, "uses"),
        ({"starts": (datetime(2027, 5, 1, 10, tzinfo=JST),)}, "starts_1"),
        ({"starts": (MONDAY, datetime(2027, 6, 13, 10, tzinfo=JST))}, "starts_2"),
        ({"starts": ()}, "starts_1"),
    ],
)
def test_a_wish_that_can_not_be_says_where_it_is_wrong(talks: Talks, more: dict[str, object], field: str) -> None:
    usual = {**vars(wish()), **more}
    with pytest.raises(Invalid) as caught:
        asking.ask(talks.token_id, talks.holder, asking.Wish(**usual))
    assert caught.value.field == field


def test_only_the_holder_asks_and_only_where_somebody_speaks(chain: Chain, talks: Talks, taro: int) -> None:
    assert refusal(lambda: asking.ask(talks.token_id, taro, wish())) == "not_the_holder"
    nobody = held_token(chain, taro, kind="lecture")
    assert refusal(lambda: asking.ask(nobody, taro, wish())) == "no_lecturer"


def test_a_lecturer_can_not_be_booked_twice_for_the_same_hour(
    chain: Chain, talks: Talks, taro: int, office: int
) -> None:
    other = mayors_talks(chain, taro)
    late = asked(other, MONDAY, MONDAY + timedelta(hours=1))
    fixed(talks, MONDAY)
    with pytest.raises(rules.Taken):
        arranging.confirm(late, office, MONDAY)
    assert row(late).state == AppointmentState.REQUESTED
    with pytest.raises(Invalid, match="もう別の予定"):
        asked(other, MONDAY + timedelta(minutes=30))
    arranging.confirm(late, office, MONDAY + timedelta(hours=1))
    assert len(slots()) == 4


def test_of_many_who_want_the_same_hour_at_once_one_has_it(app: Flask, chain: Chain, office: int) -> None:
    wishes = [asked(mayors_talks(chain, given.an_account()), MONDAY) for _ in range(4)]
    outcomes = at_once(app, 4, lambda number: arranging.confirm(wishes[number], office, MONDAY))
    assert sorted(type(each).__name__ for each in outcomes) == ["NoneType", "Taken", "Taken", "Taken"]
    assert [row(each).state for each in wishes].count(AppointmentState.CONFIRMED) == 1
    assert slots() == [MONDAY, MONDAY + timedelta(minutes=30)]


def test_the_database_itself_refuses_a_second_booking(chain: Chain, talks: Talks, taro: int) -> None:
    fixed(talks, MONDAY)
    other = asked(mayors_talks(chain, taro), WEDNESDAY)
    with pytest.raises(IntegrityError), transaction() as session:
        session.add(Slot(lecturer_id=talks.lecturer_id, at=MONDAY.astimezone(UTC), appointment_id=other))


def test_the_office_offers_others_and_the_holder_takes_one_or_asks_again(talks: Talks, office: int) -> None:
    appointment_id = asked(talks, MONDAY)
    arranging.offer(appointment_id, office, [WEDNESDAY, FRIDAY], "議会のため、別の日をお願いします。")
    with pytest.raises(Invalid):
        asking.accept(appointment_id, talks.holder, MONDAY)
    asking.ask_again(appointment_id, talks.holder, [MONDAY + timedelta(days=7)])
    with pytest.raises(Invalid):
        asking.accept(appointment_id, talks.holder, WEDNESDAY)
    arranging.offer(appointment_id, office, [FRIDAY], "この日なら空いています。")
    asking.accept(appointment_id, talks.holder, FRIDAY)
    asking.accept(appointment_id, talks.holder, FRIDAY)
    assert row(appointment_id).starts_at == FRIDAY
    assert mails("hana@example.jp") == ["appointment_offered", "appointment_offered", "appointment_fixed"]


def test_two_clicks_on_two_offered_dates_at_once_fix_one(app: Flask, talks: Talks, office: int) -> None:
    appointment_id = asked(talks, MONDAY)
    arranging.offer(appointment_id, office, [WEDNESDAY, FRIDAY], "議会のため")
    outcomes = at_once(app, 2, lambda n: asking.accept(appointment_id, talks.holder, (WEDNESDAY, FRIDAY)[n]))
    assert sorted(type(each).__name__ for each in outcomes) == ["Invalid", "NoneType"]
    assert len(slots()) == 2


def test_each_side_moves_a_fixed_date_twice_and_the_hour_is_free_again(talks: Talks, office: int) -> None:
    appointment_id = fixed(talks, MONDAY)
    for start in (WEDNESDAY, FRIDAY):
        asking.ask_again(appointment_id, talks.holder, [start])
        assert (slots(), row(appointment_id).starts_at) == ([], None)
        arranging.confirm(appointment_id, office, start)
    assert refusal(lambda: asking.ask_again(appointment_id, talks.holder, [MONDAY])) == "moved_too_often"
    for start in (MONDAY, WEDNESDAY):
        arranging.offer(appointment_id, office, [start], "出張のため")
        asking.accept(appointment_id, talks.holder, start)
    assert refusal(lambda: arranging.offer(appointment_id, office, [FRIDAY], "出張")) == "moved_too_often"
    assert (row(appointment_id).starts_at, len(slots())) == (WEDNESDAY, 2)
    assert row(appointment_id).sequence == 9


def test_the_office_refuses_and_cancels_with_a_reason(talks: Talks, office: int) -> None:
    one, two = asked(talks, MONDAY), fixed(talks, WEDNESDAY)
    for act in (arranging.refuse, arranging.cancel):
        with pytest.raises(Invalid):
            act(one, office, " ")
    arranging.refuse(one, office, "政治活動のためのようです。")
    arranging.cancel(two, office, "災害のため")
    assert [row(each).state for each in (one, two)] == [AppointmentState.REFUSED, AppointmentState.CANCELLED]
    assert slots() == []
    with pytest.raises(WrongState):
        arranging.refuse(one, office, "もう一度")


def test_the_holder_cancels_until_the_day_before(talks: Talks, taro: int) -> None:
    one, two = fixed(talks, MONDAY), fixed(talks, WEDNESDAY)
    assert refusal(lambda: asking.cancel(one, taro)) == "not_the_holder"
    asking.cancel(one, talks.holder)
    asking.cancel(one, talks.holder)
    with pretending(WEDNESDAY - timedelta(hours=23)):
        for act in (lambda: asking.cancel(two, talks.holder), lambda: asking.ask_again(two, talks.holder, [FRIDAY])):
            assert refusal(act) == "too_late_to_change"
    assert [row(each).state for each in (one, two)] == [AppointmentState.CANCELLED, AppointmentState.CONFIRMED]


def test_time_that_is_not_to_be_had_is_kept_free_and_can_not_cover_a_date(talks: Talks, office: int) -> None:
    away = calendar.take_off(talks.lecturer_id, MONDAY, MONDAY + timedelta(hours=6), "議会", BY)
    with pytest.raises(Invalid, match="もう別の予定"):
        asked(talks, MONDAY + timedelta(hours=5))
    asked(talks, MONDAY - timedelta(hours=1))
    fixed(talks, MONDAY + timedelta(hours=6))
    for start, end in ((MONDAY, MONDAY), (MONDAY + timedelta(hours=6, minutes=45), MONDAY + timedelta(hours=9))):
        with pytest.raises(Invalid):
            calendar.take_off(talks.lecturer_id, start, end, "", BY)
    calendar.give_time_back(away, BY)
    calendar.give_time_back(away, BY)
    fixed(talks, MONDAY)


def test_an_hour_of_a_lecturer_is_half_an_hour_to_four_hours_long(talks: Talks) -> None:
    right_id = token(talks.token_id).right_id
    for minutes in (0, 45, 270):
        with pytest.raises(Invalid):
            calendar.name_lecturer(right_id, talks.lecturer_id, minutes, BY)
    for minutes in (30, 240):
        calendar.name_lecturer(right_id, talks.lecturer_id, minutes, BY)


def test_a_date_that_was_wished_and_passed_is_not_fixed(talks: Talks, office: int) -> None:
    appointment_id = asked(talks, MONDAY)
    with pretending(MONDAY + timedelta(minutes=1)), pytest.raises(Invalid, match="過ぎた日時"):
        arranging.confirm(appointment_id, office, MONDAY)
    assert now() < MONDAY


def test_a_date_that_was_offered_and_passed_is_not_taken(talks: Talks, office: int) -> None:
    appointment_id = asked(talks, MONDAY)
    arranging.offer(appointment_id, office, [WEDNESDAY, FRIDAY], "議会のため")
    with pretending(WEDNESDAY + timedelta(minutes=1)):
        with pytest.raises(Invalid, match="過ぎた日時"):
            asking.accept(appointment_id, talks.holder, WEDNESDAY)
        asking.accept(appointment_id, talks.holder, FRIDAY)
    assert row(appointment_id).starts_at == FRIDAY


def test_the_way_into_an_online_room_is_told_and_is_gone_with_its_date(talks: Talks, office: int) -> None:
    """An online hour was fixed, and nowhere could the office say where it is."""
    appointment_id, elsewhere = fixed(talks, MONDAY), asked(talks, FRIDAY)
    for _ in range(2):
        arranging.open_room(appointment_id, office, "https://meet.example.jp/m")
    assert (row(appointment_id).entrance, row(appointment_id).sequence) == ("https://meet.example.jp/m", 2)
    arranging.open_room(appointment_id, office, "https://meet.example.jp/n")
    rooms = sa.select(Notice.body).where(Notice.template == "appointment_room").order_by(Notice.id)
    assert ["meet.example.jp/n" in body for body in db.session.scalars(rooms)] == [False, True]
    db.session.rollback()
    for wrong, said in ((elsewhere, "x"), (appointment_id, " ")):
        with pytest.raises(WrongState if said == "x" else Invalid):
            arranging.open_room(wrong, office, said)
    arranging.offer(appointment_id, office, [WEDNESDAY], "議会のため")
    assert row(appointment_id).entrance == ""


def test_what_a_bank_objects_to_fixes_no_date_and_can_still_be_cancelled(talks: Talks, office: int) -> None:
    one, two = asked(talks, MONDAY), fixed(talks, WEDNESDAY)
    arranging.offer(one, office, [FRIDAY], "議会のため")
    paid_and(talks.token_id, dispute="needs_response")
    for act in (
        lambda: asked(talks, FRIDAY),
        lambda: asking.accept(one, talks.holder, FRIDAY),
        lambda: asking.ask_again(two, talks.holder, [FRIDAY]),
    ):
        assert refusal(act) == "payment_disputed"
    asking.cancel(two, talks.holder)
    assert [row(each).state for each in (one, two)] == [AppointmentState.OFFERED, AppointmentState.CANCELLED]
