"""The pages of appointments: of holders and of the desk with its calendar; faults beside their field; who may open."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.appointments import arranging
from marketplace.appointments.models import AppointmentState
from marketplace.journal.models import Entry
from marketplace.kit.clock import JST, pretending
from marketplace.kit.db import db
from tests import given
from tests.appointments.stage import (
    FRIDAY,
    MONDAY,
    WEDNESDAY,
    Talks,
    asked,
    counted,
    fixed,
    held,
    mayors_talks,
    row,
    slots,
    sold_on,
)
from tests.chainlogs import Chain
from tests.holders.stage import paid_and
from tests.pages import read, send, submit
from tests.resale.stage import token


@pytest.fixture
def visitor(client: FlaskClient, hana: int) -> FlaskClient:
    return given.signed_in(client, hana)


@pytest.fixture
def desk(app: Flask) -> FlaskClient:
    return given.signed_in(app.test_client(), given.staff("drafter"))


def asking(talks: Talks) -> str:
    return f"/mypage/appointments/of/{talks.token_id}"


def at_desk(appointment_id: int) -> str:
    return f"/staff/appointments/{row(appointment_id).code}"


def typed(moment: datetime) -> str:
    return moment.astimezone(JST).strftime("%Y-%m-%dT%H:%M")


WISH = {"topic": "地域の稼ぐ力について", "where": "online", "uses": "2"}


def test_a_holder_is_led_from_the_tokens_page_to_a_wish_and_the_office_answers(
    visitor: FlaskClient, desk: FlaskClient, talks: Talks
) -> None:
    assert asking(talks) in read(visitor.get(token(talks.token_id).path or "")).links
    answer = submit(visitor, asking(talks), {**WISH, "starts_1": typed(MONDAY), "starts_2": typed(WEDNESDAY)})
    assert (answer.status_code, answer.location in read(visitor.get("/mypage")).links) == (303, True)
    (link,) = [each for each in read(desk.get("/staff")).links if each.startswith("/staff/appointments/APT")]
    assert f"まだ決まっていません（{link.rpartition('/')[2]}）" in read(desk.get("/staff/appointments")).words
    page = read(desk.get(link))
    first, second = [form for form in page.forms if form.action == f"{link}/fix"]
    assert send(desk, second).status_code == 303
    assert "6月16日(水) 午前10時00分" in read(visitor.get(answer.location)).words
    file = visitor.get(f"{answer.location}.ics")
    assert (file.mimetype, b"SEQUENCE:1" in file.data, b"DTSTART:20270616T010000Z" in file.data) == (
        "text/calendar",
        True,
        True,
    )
    assert b"DTEND:20270616T030000Z" in file.data
    again = send(desk, first)
    assert (again.status_code, len(slots())) == (409, 4)


def test_a_date_in_the_past_is_told_beside_its_field_and_what_was_typed_stays(
    visitor: FlaskClient, talks: Talks
) -> None:
    past = {**WISH, "starts_1": "2027-05-31T10:00", "starts_2": typed(MONDAY)}
    answer = submit(visitor, asking(talks), past)
    form = read(answer).form(asking(talks))
    assert (answer.status_code, form.errors) == (422, {"starts_1": "過ぎた日時です。これからの日時を選んでください。"})
    assert [form.value(name) for name in ("starts_1", "starts_2", "topic", "uses")] == [
        "2027-05-31T10:00",
        typed(MONDAY),
        WISH["topic"],
        "2",
    ]


def test_an_hour_that_is_gone_and_a_wild_wish_are_told_beside_their_field(
    chain: Chain, visitor: FlaskClient, talks: Talks, taro: int
) -> None:
    fixed(mayors_talks(chain, taro), MONDAY)
    taken = submit(visitor, asking(talks), {**WISH, "starts_1": typed(MONDAY)})
    assert list(read(taken).form(asking(talks)).errors) == ["starts_1"]
    long = submit(visitor, asking(talks), {**WISH, "topic": "あ" * 501, "starts_1": typed(FRIDAY)})
    assert "500文字まで" in read(long).form(asking(talks)).errors["topic"]
    wild = submit(visitor, asking(talks), {**WISH, "uses": "99", "starts_1": typed(FRIDAY)})
    assert list(read(wild).form(asking(talks)).errors) == ["uses"]
    nonsense = submit(visitor, asking(talks), {**WISH, "starts_1": "来週"})
    assert list(read(nonsense).form(asking(talks)).errors) == ["starts_1"]


def test_the_town_offers_others_and_the_holder_picks_one(visitor: FlaskClient, desk: FlaskClient, talks: Talks) -> None:
    appointment_id = asked(talks, MONDAY)
    at, path = at_desk(appointment_id), row(appointment_id).path
    nothing = submit(desk, at, {"starts_1": typed(WEDNESDAY)}, action=f"{at}/offer")
    assert read(nothing).form(f"{at}/offer").errors == {"offer-why": "理由を書いてください。持ち主が読みます。"}
    assert read(nothing).form(f"{at}/offer").value("starts_1") == typed(WEDNESDAY)
    dates = {"starts_1": typed(WEDNESDAY), "starts_2": typed(FRIDAY), "why": "議会のため"}
    assert submit(desk, at, dates, action=f"{at}/offer").status_code == 303
    first, _ = [form for form in read(visitor.get(path)).forms if form.action == f"{path}/accept"]
    assert send(visitor, first).status_code == 303
    assert row(appointment_id).starts_at == WEDNESDAY
    assert submit(visitor, path, {"starts_1": typed(FRIDAY)}, action=f"{path}/dates").status_code == 303
    wrong = submit(desk, at, {"why": ""}, action=f"{at}/refuse")
    assert wrong.status_code == 422
    assert submit(desk, at, {"why": "都合がつきません。"}, action=f"{at}/refuse").status_code == 303
    assert "都合がつきません" in read(visitor.get(path)).words


@pytest.mark.parametrize("odd", ["²", "7" * 5000])
def test_how_many_uses_is_one_of_the_list(visitor: FlaskClient, talks: Talks, odd: str) -> None:
    answer = submit(visitor, asking(talks), {**WISH, "uses": odd, "starts_1": typed(MONDAY)})
    assert (answer.status_code, read(answer).form(asking(talks)).errors["uses"][:2]) == (422, "1回")


def test_the_holder_of_an_online_hour_reads_how_to_come_in(
    visitor: FlaskClient, desk: FlaskClient, talks: Talks
) -> None:
    appointment_id = fixed(talks, MONDAY)
    mine = row(appointment_id).path
    assert "入り方は、始まりまでにメールでお送りします" in read(visitor.get(mine)).words
    where = at_desk(appointment_id)
    wrong = submit(desk, where, {"entrance": ""}, action=f"{where}/room")
    assert read(wrong).form(f"{where}/room").errors == {"entrance": "入り方を書いてください。持ち主に送ります。"}
    assert submit(desk, where, {"entrance": "https://meet.example.jp/m"}, action=f"{where}/room").status_code == 303
    assert "https://meet.example.jp/m" in read(visitor.get(mine)).words
    assert "LOCATION:https://meet.example.jp/m" in visitor.get(f"{mine}.ics").text


def test_an_offered_date_that_passed_has_no_button_and_who_lives_abroad_reads_whose_clock_it_is(
    app: Flask, visitor: FlaskClient, talks: Talks
) -> None:
    appointment_id = asked(talks, MONDAY)
    arranging.offer(appointment_id, given.staff("drafter"), [WEDNESDAY, FRIDAY], "議会のため")
    with pretending(WEDNESDAY):
        page = read(given.signed_in(app.test_client(), talks.holder).get(row(appointment_id).path))
    picks = [form.value("starts_at") for form in page.forms if form.action.endswith("/accept")]
    assert ([datetime.fromisoformat(each) for each in picks], "過ぎました" in page.words) == ([FRIDAY], True)
    visitor.set_cookie("language", "en")
    assert "9 am to 5 pm by Japan time" in read(visitor.get(asking(talks))).words


def test_what_was_held_is_confirmed_by_page(visitor: FlaskClient, desk: FlaskClient, talks: Talks) -> None:
    appointment_id = fixed(talks, uses=2)
    at, path = at_desk(appointment_id), row(appointment_id).path
    assert f"{at}/held" not in [form.action for form in read(desk.get(at)).forms]
    with pretending(MONDAY + timedelta(hours=2)):
        given.signed_in(desk, given.staff("drafter"))
        given.signed_in(visitor, talks.holder)
        assert at in read(desk.get("/staff")).links
        assert submit(desk, at, {"uses": "2"}, action=f"{at}/held").status_code == 303
        assert submit(visitor, path, action=f"{path}/confirm").status_code == 303
        words = read(visitor.get(path)).words
    assert ("終わり、回数を数えました" in words, "10回" in words) == (True, True)


def test_an_objection_is_on_todays_sheet(visitor: FlaskClient, desk: FlaskClient, talks: Talks) -> None:
    appointment_id = held(talks)
    path = row(appointment_id).path
    assert read(submit(visitor, path, {"text": ""}, action=f"{path}/object")).form(f"{path}/object").errors != {}
    assert submit(visitor, path, {"text": "半分でした。"}, action=f"{path}/object").status_code == 303
    assert at_desk(appointment_id) in read(desk.get("/staff")).links
    assert "半分でした" in read(desk.get(at_desk(appointment_id))).words


def test_what_is_left_stands_on_the_tokens_page_before_anybody_buys(
    chain: Chain, client: FlaskClient, talks: Talks, taro: int
) -> None:
    counted(talks, uses=4)
    sold_on(chain, talks, taro)
    words = read(client.get(token(talks.token_id).path or "")).words
    assert "8回（全12回）" in words


def test_who_of_the_staff_looked_at_a_holders_wish_is_written_down(desk: FlaskClient, talks: Talks) -> None:
    there = row(asked(talks))
    desk.get(at_desk(there.id))
    looks = sa.select(Entry.subject).where(Entry.event == "look")
    assert list(db.session.scalars(looks)) == [there.subject]


def test_strangers_see_nothing_and_can_do_nothing(
    app: Flask, chain: Chain, client: FlaskClient, visitor: FlaskClient, talks: Talks, taro: int
) -> None:
    appointment_id = fixed(talks)
    path = row(appointment_id).path
    stranger = given.signed_in(app.test_client(), taro)
    assert [stranger.get(each).status_code for each in (path, f"{path}.ics", asking(talks))] == [404] * 3
    assert [stranger.get(each).status_code for each in (at_desk(appointment_id), "/staff/lecturers")] == [403] * 2
    assert app.test_client().get(path).status_code == 303
    sold_on(chain, talks, taro)
    refused = [form for form in read(visitor.get(path)).forms if form.action.startswith(path)]
    assert refused == []
    assert b"STATUS:CANCELLED" in visitor.get(f"{path}.ics").data
    assert visitor.get(asking(talks)).status_code == 404


def test_the_calendar_shows_the_week_and_takes_people_rights_and_absences(desk: FlaskClient, talks: Talks) -> None:
    appointment_id = fixed(talks)
    code = row(appointment_id).code
    week = read(desk.get("/staff/lecturers?week=2027-06-14"))
    assert week.links.count(f"/staff/appointments/{code}") == 2
    shown = desk.get("/staff/lecturers?week=2027-06-14").text
    hours = re.findall(r'<th scope="row" class="nowrap">([^<]*)</th>', shown)
    assert (len(hours), hours[0], hours[-1]) == (16, "午前9時00分", "午後4時30分")
    assert desk.get("/staff/lecturers?week=いつか").status_code == 200
    away = {"lecturer": str(talks.lecturer_id), "starts_at": typed(MONDAY), "ends_at": typed(MONDAY), "why": "議会"}
    path = "/staff/lecturers/absences"
    backwards = submit(desk, "/staff/lecturers", away, action=path)
    assert list(read(backwards).form(path).errors) == ["ends_at"]
    over = submit(desk, "/staff/lecturers", {**away, "ends_at": typed(FRIDAY)}, action=path)
    assert code in read(over).form(path).errors["starts_at"]
    good = {**away, "starts_at": typed(WEDNESDAY), "ends_at": typed(FRIDAY)}
    assert submit(desk, "/staff/lecturers", good, action=path).status_code == 303
    assert (
        read(desk.get("/staff/lecturers?week=2027-06-14")).words.count("議会") == 33
    )  # 14 + 16 + 2 half hours, and the list
    twice = submit(desk, "/staff/lecturers", {"name": "町長"}, action="/staff/lecturers")
    assert read(twice).form("/staff/lecturers").errors == {"name": "同じ名前の方が登録されています。"}
    assert submit(desk, "/staff/lecturers", {"name": "副町長"}, action="/staff/lecturers").status_code == 303
    odd = {"right": str(token(talks.token_id).right_id), "lecturer": str(talks.lecturer_id), "minutes": "45"}
    wrong = submit(desk, "/staff/lecturers", odd, action="/staff/lecturers/rights")
    assert list(read(wrong).form("/staff/lecturers/rights").errors) == ["minutes"]
    right = {**odd, "minutes": "90"}
    assert submit(desk, "/staff/lecturers", right, action="/staff/lecturers/rights").status_code == 303


def test_a_date_is_cancelled_by_either_side(visitor: FlaskClient, desk: FlaskClient, talks: Talks) -> None:
    one, two = fixed(talks, MONDAY), fixed(talks, WEDNESDAY)
    path, at = row(one).path, at_desk(two)
    assert submit(visitor, path, action=f"{path}/cancel").status_code == 303
    assert submit(desk, at, {"why": "災害のため"}, action=f"{at}/cancel").status_code == 303
    assert {row(each).state for each in (one, two)} == {AppointmentState.CANCELLED}
    with pretending(FRIDAY - timedelta(hours=3)):
        late = asked(talks, FRIDAY + timedelta(days=14))
        arranging.confirm(late, given.staff("drafter"), FRIDAY + timedelta(days=14))
    with pretending(FRIDAY + timedelta(days=13, hours=12)):
        given.signed_in(visitor, talks.holder)
        answer = submit(visitor, row(late).path, action=f"{row(late).path}/cancel")
    assert (answer.status_code, "24時間前を過ぎた" in answer.text) == (409, True)


def test_the_page_says_at_once_that_the_payment_is_disputed(visitor: FlaskClient, talks: Talks) -> None:
    paid_and(talks.token_id, dispute="needs_response")
    page = read(visitor.get(asking(talks)))
    assert "カード会社で確認が続いているため" in page.words
    assert visitor.get(asking(talks)).data.count(b'name="topic"') == 0
