"""A visit is stamped once a day, by what only somebody who is there can know."""

from __future__ import annotations

import io
from datetime import date, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from pypdf import PdfReader

from marketplace.gatherings import visiting
from marketplace.gatherings.visits import Visit, Way
from marketplace.kit.clock import JST, jst, now, pretending
from marketplace.kit.db import db, get
from marketplace.perks import partnering
from marketplace.perks.models import Partner
from tests import given
from tests.chainlogs import Chain
from tests.gatherings.stage import BY
from tests.holders.stage import refusal
from tests.pages import read, send, submit
from tests.racing import at_once
from tests.resale.stage import held_token, token


@pytest.fixture
def bath(app: Flask) -> str:
    partner_id, _ = partnering.take_in("水沢温泉館", BY)
    visiting.open_point(partner_id, BY)
    visiting.open_point(partner_id, BY)
    return get(Partner, partner_id).code


def number(code: str, days: int = 0) -> str:
    _, point = visiting.point_of(code)
    return visiting.number_of(point, jst(now() + timedelta(days=days)).date())


def screen(code: str) -> str:
    _, point = visiting.point_of(code)
    return visiting.screen_codes(point, now())[0]


def visits() -> list[Visit]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Visit).order_by(Visit.id)))


def test_the_number_of_the_day_is_good_that_day_and_once(bath: str, hana: int, ken: int) -> None:
    assert visiting.stamp(hana, bath, number=number(bath)) == (1, True)
    assert visiting.stamp(hana, bath, number=number(bath)) == (1, False)
    assert visiting.stamp(ken, bath, number=" ".join(number(bath))) == (1, True)
    yesterday = number(bath, -1)
    assert refusal(lambda: visiting.stamp(hana, bath, number=yesterday)) == "wrong_stamp_number"
    assert refusal(lambda: visiting.stamp(hana, bath)) == "wrong_stamp_number"
    with pretending(now() + timedelta(days=1)):
        assert visiting.stamp(hana, bath, number=number(bath)) == (2, True)


def test_a_picture_of_the_screen_is_worth_nothing_after_three_minutes(bath: str, hana: int, ken: int) -> None:
    code = screen(bath)
    assert visiting.stamp(hana, bath, code=code) == (1, True)
    with pretending(now() + timedelta(minutes=1, seconds=30)):
        assert visiting.stamp(ken, bath, code=code) == (1, True)
    with pretending(now() + timedelta(minutes=4)):
        assert refusal(lambda: visiting.stamp(ken, bath, code=code)) == "stale_stamp_code"
    assert [visit.way for visit in visits()] == [Way.SCREEN, Way.SCREEN]


def test_codes_of_one_partner_and_of_yesterdays_secret_open_nothing(bath: str, hana: int) -> None:
    other_id, _ = partnering.take_in("そば処", BY)
    other = get(Partner, other_id).code
    assert refusal(lambda: visiting.stamp(hana, other, number="0000")) == "no_stamps_here"
    visiting.open_point(other_id, BY)
    assert refusal(lambda: visiting.stamp(hana, other, code=screen(bath))) == "stale_stamp_code"
    old = screen(bath)
    visiting.renew_point(visiting.point_of(bath)[0].id, BY)
    assert refusal(lambda: visiting.stamp(hana, bath, code=old)) == "stale_stamp_code"
    partnering.close(other_id, BY)
    assert refusal(lambda: visiting.stamp(hana, other, code="x")) == "no_stamps_here"


def test_many_windows_at_once_are_one_stamp(app: Flask, bath: str, hana: int) -> None:
    today = number(bath)
    outcomes = at_once(app, 5, lambda _: visiting.stamp(hana, bath, number=today))
    assert sorted(outcomes) == [(1, False)] * 4 + [(1, True)]
    assert len(visits()) == 1


def test_a_stamp_remembers_which_rights_its_owner_held(chain: Chain, bath: str, hana: int) -> None:
    token_id = held_token(chain, hana)
    visiting.stamp(hana, bath, number=number(bath))
    assert [visit.right_ids for visit in visits()] == [[token(token_id).right_id]]


def test_from_the_poster_to_the_stamp_on_the_pages(app: Flask, bath: str, hana: int) -> None:
    path, guest = f"/visits/{bath}", app.test_client()
    assert guest.get(path).headers["Location"] == f"/signin?next=/visits/{bath}"
    given.signed_in(guest, hana)
    wrong = submit(guest, path, {"number": "abcd"})
    assert (wrong.status_code, read(wrong).form(path).errors["number"]) == (422, visiting.WrongNumber.message)
    assert visits() == []
    submit(guest, path, {"number": number(bath).translate(str.maketrans("0123456789", "０１２３４５６７８９"))})
    assert "水沢温泉館" in read(guest.get("/mypage/stamps")).words
    assert len(visits()) == 1


def test_a_screen_shows_a_code_that_works_and_asks_again(app: Flask, bath: str, ken: int) -> None:
    _, point = visiting.point_of(bath)
    shown = app.test_client().get(f"/stamp-screen/{point.screen_key}")
    assert (shown.headers["Refresh"], "<svg" in shown.text, "style=" in shown.text) == ("20", True, False)
    assert app.test_client().get("/stamp-screen/nothing").status_code == 404
    guest, path = given.signed_in(app.test_client(), ken), f"/visits/{bath}"
    send(guest, read(guest.get(f"{path}?c={screen(bath)}")).form(path))
    assert [visit.way for visit in visits()] == [Way.SCREEN]


@pytest.mark.parametrize(("asked", "month", "days"), [("", "2027年12月", 31), ("?next", "2028年1月", 31)])
def test_before_the_office_closes_for_new_year_it_prints_what_is_said_on_new_years_day(
    app: Flask, bath: str, asked: str, month: str, days: int
) -> None:
    with pretending(datetime(2027, 12, 28, 17, tzinfo=JST)):
        desk = given.signed_in(app.test_client(), given.staff("drafter"))
        assert f"/staff/visits/{bath}/numbers.pdf?next" in read(desk.get("/staff/visits")).links
        answer = desk.get(f"/staff/visits/{bath}/numbers.pdf{asked}")
    said = "".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.data)).pages)
    point = visiting.point_of(bath)[1]
    first = date(2027, 12, 1) if not asked else date(2028, 1, 1)
    numbers = [visiting.number_of(point, first + timedelta(days=n)) for n in range(days)]
    assert (f"きょうの番号（{month}）" in said, [each for each in numbers if each not in said]) == (True, [])


def test_the_office_opens_a_point_and_prints(app: Flask, bath: str) -> None:
    desk = given.signed_in(app.test_client(), given.staff("drafter"))
    other_id, _ = partnering.take_in("そば処", BY)
    other = get(Partner, other_id).code
    send(desk, read(desk.get("/staff/visits")).form(f"/staff/visits/{other}/open"))
    assert f"/stamp-screen/{visiting.point_of(other)[1].screen_key}" in desk.get("/staff/visits").text
    papers = [desk.get(f"/staff/visits/{other}/{name}.pdf") for name in ("poster", "numbers")]
    assert [each.data[:4] for each in papers] == [b"%PDF", b"%PDF"]
    counter = given.signed_in(app.test_client(), given.staff("counter"))
    assert [counter.get(f"/staff/visits/{other}/{name}.pdf").status_code for name in ("poster", "numbers")] == [
        200,
        403,
    ]


def test_the_guests_of_one_house_are_behind_one_address_and_all_get_their_stamps(app: Flask, bath: str) -> None:
    path = f"/visits/{bath}"
    for _guest in range(21):
        guest = given.signed_in(app.test_client(), given.an_account())
        assert submit(guest, path, {"number": number(bath)}).status_code == 303
    assert len(visits()) == 21
