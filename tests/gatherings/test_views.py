"""Events on their pages: written at the desk, booked by a guest, stamped at the door, without JavaScript."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.gatherings import booking, drafting, stamping
from marketplace.gatherings.models import RsvpState
from marketplace.kit.clock import jst, now, pretending
from marketplace.kit.refusals import Invalid
from tests import given
from tests.gatherings.stage import BY, a_gathering, gathering, rsvp, state, values
from tests.pages import read, send, submit


def shown(at: object) -> str:
    return f"{at:%Y-%m-%dT%H:%M}"


def test_from_the_draft_to_the_list_at_the_door(app: Flask, client: FlaskClient, hana: int) -> None:
    desk = given.signed_in(app.test_client(), given.staff("drafter"))
    begins_at = jst(now() + timedelta(days=3))
    filled = {
        "title": "春の山菜の集い",
        "body": "山菜を採って、食べます。",
        "place": "交流センター",
        "begins_at": shown(begins_at),
        "ends_at": shown(begins_at + timedelta(hours=3)),
        "ask_until": shown(begins_at - timedelta(days=1)),
        "seats": "１２",
    }
    wrong = submit(desk, "/staff/gatherings/new", filled | {"ends_at": filled["ask_until"], "title": ""})
    assert wrong.status_code == 422
    form = read(wrong).form("/staff/gatherings/new")
    assert (form.value("body"), form.errors["title"]) == (filled["body"], "催しの名前を入力してください。")
    saved = submit(desk, "/staff/gatherings/new", filled)
    where = saved.headers["Location"]
    assert client.get(where.replace("/staff", "")).status_code == 404
    send(desk, read(desk.get(where)).form(f"{where}/announce"))
    public = where.replace("/staff", "")
    assert "春の山菜の集い" in read(client.get("/gatherings")).words
    assert "ログインして申し込む" in read(client.get(public)).words
    guest = given.signed_in(client, hana)
    send(guest, read(guest.get(public)).form(f"{public}/ask"))
    words = read(guest.get(public)).words
    assert "参加の予約ずみ" in words
    assert "DTSTART" in guest.get(f"{public}.ics").text
    with pretending(begins_at):
        given.signed_in(desk, given.staff("drafter"))
        page = read(desk.get(where))
        (stamp,) = [form for form in page.forms if "/stamp/" in form.action]
        send(desk, stamp)
        (undo,) = [form for form in read(desk.get(where)).forms if "/unstamp/" in form.action]
        assert "参加しました" in read(guest.get(public)).words
        send(desk, undo)
        wrong = send(desk, read(desk.get(where)).form(f"{where}/door"), {"shown": "HP1:nothing"})
        assert (wrong.status_code, read(wrong).form(f"{where}/door").errors["shown"]) == (
            422,
            "特典パスの模様ではありません。特典パスの画面を読み取ってください。",
        )


def test_a_guest_is_offered_a_seat_confirms_and_cancels(client: FlaskClient, hana: int, ken: int) -> None:
    event = a_gathering(seats=1)
    path = f"/gatherings/{gathering(event).code}"
    booking.ask(event, hana)
    guest = given.signed_in(client, ken)
    send(guest, read(guest.get(path)).form(f"{path}/ask"))
    assert "つぎに席があいたら、あなたの番です。" in read(guest.get(path)).words
    booking.give_up(event, hana)
    send(guest, read(guest.get(path)).form(f"{path}/confirm"))
    assert state(event, ken) == RsvpState.COMING
    send(guest, read(guest.get(path)).form(f"{path}/give-up"))
    assert state(event, ken) == RsvpState.WITHDRAWN


def test_once_announced_the_form_says_who_may_come_and_by_what_and_asks_no_more(app: Flask) -> None:
    desk = given.signed_in(app.test_client(), given.staff("drafter"))
    path = f"/staff/gatherings/{gathering(a_gathering()).code}/edit"
    page = read(desk.get(path))
    assert {"right_ids", "perk"} & set(page.form(path).values) == set()
    assert ("どなたでも" in page.words, "使わない" in page.words) == (True, True)
    assert submit(desk, path, {"title": "名前を直した集い"}).status_code == 303


def test_what_only_guests_are_told_is_on_no_public_page(app: Flask, client: FlaskClient, hana: int) -> None:
    event = a_gathering(entrance="秘密の部屋 4321")
    path = f"/gatherings/{gathering(event).code}"
    assert [("4321" in client.get(where).text) for where in (path, f"{path}.ics", "/gatherings")] == [False] * 3
    booking.ask(event, hana)
    assert "4321" in given.signed_in(app.test_client(), hana).get(path).text


def test_the_desk_is_for_staff(app: Flask, client: FlaskClient, hana: int) -> None:
    event = a_gathering()
    code = gathering(event).code
    guest = given.signed_in(client, hana)
    booking.ask(event, hana)
    paths = ("/staff/gatherings", "/staff/gatherings/new", f"/staff/gatherings/{code}", f"/staff/gatherings/{code}.csv")
    assert [guest.get(path).status_code for path in paths] == [403] * 4
    counter = given.signed_in(app.test_client(), given.staff("counter"))
    assert [counter.get(path).status_code for path in paths] == [200, 403, 200, 200]
    assert rsvp(event, hana).code in counter.get(paths[3]).text


def test_calling_off_wants_a_reason(app: Flask) -> None:
    event = a_gathering()
    where = f"/staff/gatherings/{gathering(event).code}"
    desk = given.signed_in(app.test_client(), given.staff("approver"))
    form = read(desk.get(where)).form(f"{where}/call-off")
    assert send(desk, form, {"why": " "}).status_code == 422
    assert send(desk, form, {"why": "大雪のため"}).status_code == 303
    assert gathering(event).state == "cancelled"


def test_the_list_says_what_is_off_and_how_many_came_but_no_small_number(client: FlaskClient, hana: int) -> None:
    off, big, small = (a_gathering(title=name, seats=9) for name in ("星を見る会", "芋煮会", "小さな会"))
    guests = [given.an_account() for _ in range(5)]
    for event, people in ((big, guests), (small, guests[:4])):
        for who in people:
            booking.ask(event, who)
        with pretending(gathering(event).begins_at):
            for who in people:
                stamping.stamp(event, rsvp(event, who).code, BY)
    drafting.call_off(off, "雲が厚いため", BY)
    assert "星を見る会" in read(client.get("/gatherings")).words
    with pretending(gathering(big).ends_at + timedelta(minutes=1)):
        words = read(client.get("/gatherings")).words
    assert "星を見る会" not in words
    assert "参加 5人" in words
    assert "小さな会" in words
    assert "参加 4人" not in words


def test_the_page_says_why_it_is_off_and_when_it_is_over_how_many_came(client: FlaskClient, hana: int) -> None:
    off, held = a_gathering(), a_gathering(seats=9)
    drafting.call_off(off, "雲が厚いため", BY)
    assert "雲が厚いため" in read(client.get(f"/gatherings/{gathering(off).code}")).words
    guests = [given.an_account() for _ in range(5)]
    for who in guests:
        booking.ask(held, who)
    with pretending(gathering(held).begins_at):
        for who in guests:
            stamping.stamp(held, rsvp(held, who).code, BY)
    with pretending(gathering(held).ends_at + timedelta(minutes=1)):
        words = read(client.get(f"/gatherings/{gathering(held).code}")).words
    assert "この催しは終わりました" in words
    assert "5人の方にお越しいただきました" in words


def test_a_draft_that_is_called_off_was_never_announced_and_is_not_now(app: Flask, client: FlaskClient) -> None:
    event = drafting.draft(values(title="まだ秘密の会"), BY)
    drafting.call_off(event, "講師の都合がつかないため", BY)
    code = gathering(event).code
    assert "まだ秘密の会" not in read(client.get("/gatherings")).words
    assert [client.get(path).status_code for path in (f"/gatherings/{code}", f"/gatherings/{code}.ics")] == [404, 404]
    desk = given.signed_in(app.test_client(), given.staff("drafter"))
    assert "まだ秘密の会" in read(desk.get("/staff/gatherings")).words


def test_what_is_announced_is_not_moved_into_the_past(app: Flask) -> None:
    event = a_gathering()
    past = {name: now() - timedelta(days=back) for name, back in (("ask_until", 3), ("begins_at", 2), ("ends_at", 1))}
    with pytest.raises(Invalid) as refused:
        drafting.revise(event, values(**past), BY)
    assert refused.value.field == "begins_at"
    drafting.call_off(event, "大雪のため", BY)


def test_guests_behind_one_address_are_counted_each_for_themselves(app: Flask, hana: int) -> None:
    """A carrier sends thousands of telephones through one address."""
    event = a_gathering(seats=40)
    path = f"/gatherings/{gathering(event).code}"
    for _guest in range(31):
        guest = given.signed_in(app.test_client(), given.an_account())
        assert send(guest, read(guest.get(path)).form(f"{path}/ask")).status_code == 303
    assert booking.counts(event)[RsvpState.COMING] == 31
