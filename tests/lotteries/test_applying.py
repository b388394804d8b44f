from __future__ import annotations

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.kit.clock import pretending
from marketplace.kit.db import db, get
from marketplace.lotteries.applicants import Applicant
from marketplace.lotteries.entering import enter
from marketplace.lotteries.models import Entry, Lottery
from marketplace.lotteries.states import EntryState
from tests import given
from tests.lotteries.applied import a_lottery, asking, somebody
from tests.pages import read, send, submit

WHO = {"name": "山田 花子", "kana": "やまだ はなこ", "address": "月見沢町海野510", "agreed": "y"}


@pytest.fixture(autouse=True)
def _app(app: Flask) -> None:
    """Every test here has a town."""


@pytest.fixture
def lottery() -> Lottery:
    return a_lottery(per_person_limit=3, **asking(address=True, least_age=18, age_by="birth"))


@pytest.fixture
def account() -> int:
    return given.an_account()


@pytest.fixture
def visitor(client: FlaskClient, account: int) -> FlaskClient:
    return given.signed_in(client, account)


def entries() -> list[Entry]:
    return list(db.session.scalars(sa.select(Entry).order_by(Entry.seq)))


def test_the_form_asks_what_the_lottery_asks_and_no_more(visitor: FlaskClient, lottery: Lottery) -> None:
    fields = read(visitor.get(f"/listings/{lottery.code}/enter")).forms[-1].values
    assert {*fields} == {"csrf_token", "back", "pledge", "name", "kana", "address", "born_on", "lots"}
    plain = a_lottery(**asking(least_age=18))
    answer = visitor.get(f"/listings/{plain.code}/enter")
    assert {*read(answer).forms[-1].values} == {"csrf_token", "back", "pledge"}
    assert "満18歳以上です" in answer.text


def test_applying_in_full(visitor: FlaskClient, lottery: Lottery) -> None:
    path = f"/listings/{lottery.code}/enter"
    answer = submit(visitor, path, WHO | {"born_on": "昭和２６年４月３日", "lots": "２"})
    assert (answer.status_code, answer.location) == (303, f"/listings/{lottery.code}/entry")
    (entry,) = entries()
    who = get(Applicant, entry.id)
    assert (entry.lots, who.name, who.kana, who.address) == (2, "山田 花子", "やまだ はなこ", "月見沢町海野510")


def test_every_fault_stands_beside_its_field_and_what_was_typed_stays(visitor: FlaskClient, lottery: Lottery) -> None:
    path = f"/listings/{lottery.code}/enter"
    wrong = {
        "name": "",
        "kana": "山田花子",
        "address": "月見沢町",
        "born_on": "平成30年1月1日",
        "lots": "4",
        "agreed": "y",
    }
    answer = submit(visitor, path, wrong)
    form = read(answer).form(path)
    assert answer.status_code == 422
    assert form.errors == {
        "name": "お名前を入力してください。",
        "kana": "ふりがなは、ひらがなかカタカナで入力してください。",
        "address": "ご住所は、番地まで入力してください。",
        "born_on": "申し込めるのは、18歳以上の方です。",
        "lots": "お1人さま3口までです。",
    }
    assert {name: form.value(name) for name in wrong if name != "agreed"} == {
        k: v for k, v in wrong.items() if k != "agreed"
    }
    assert entries() == []


def test_a_day_or_a_number_that_is_none_is_told_so(visitor: FlaskClient, lottery: Lottery) -> None:
    path = f"/listings/{lottery.code}/enter"
    form = read(submit(visitor, path, WHO | {"born_on": "むかし", "lots": "ふたつ"})).form(path)
    assert form.errors == {
        "born_on": "「1951年4月3日」や「昭和26年4月3日」のように入力してください。",
        "lots": "数字で入力してください。",
    }


def test_words_that_changed_meanwhile_are_shown_again_before_they_are_pledged(
    visitor: FlaskClient, lottery: Lottery
) -> None:
    path = f"/listings/{lottery.code}/enter"
    answer = submit(visitor, path, WHO | {"born_on": "1951-04-03", "pledge": "2020-1"})
    form = read(answer).form(path)
    assert (answer.status_code, form.errors["agreed"][:14]) == (422, "誓約の文面が新しくなりました")
    assert "agreed" not in form.values
    assert send(visitor, form, {"agreed": "y"}).status_code == 303


def test_an_address_for_an_hour_is_told_so_on_the_page(client: FlaskClient) -> None:
    plain = a_lottery()
    given.signed_in(client, given.an_account("somebody@yopmail.com"))
    answer = submit(client, f"/listings/{plain.code}/enter", {"agreed": "y"})
    assert answer.status_code == 422
    assert "使い捨てのメールアドレスでは申し込めません。" in answer.text


def test_a_second_after_the_close_it_is_too_late(visitor: FlaskClient) -> None:
    plain = a_lottery()
    path = f"/listings/{plain.code}/enter"
    form = read(visitor.get(path)).form(path)
    with pretending(plain.closes_at + timedelta(seconds=1)):
        answer = send(visitor, form, {"agreed": "y"})
    assert answer.status_code == 409
    assert "いまは申し込みを受け付けていません。" in answer.text
    assert entries() == []


def test_a_second_account_of_the_same_person_sees_that_it_does_not_count(visitor: FlaskClient) -> None:
    lottery = a_lottery(**asking(address=True))
    enter(lottery.id, given.an_account(), somebody())
    submit(visitor, f"/listings/{lottery.code}/enter", WHO)
    page = visitor.get(f"/listings/{lottery.code}/entry").text
    assert "この申し込みは、抽選の対象になりません。" in page
    assert "同じお名前とご住所の申し込みが先にあります" in page
    assert [entry.state for entry in entries()] == [EntryState.APPLIED, EntryState.VOID]


def test_a_daughter_applies_for_her_mother(visitor: FlaskClient) -> None:
    lottery = a_lottery(**asking(address=True))
    submit(visitor, f"/listings/{lottery.code}/enter", WHO)
    path = f"/listings/{lottery.code}/enter/family"
    form = read(visitor.get(path)).form(path)
    assert form.value("address") == "月見沢町海野510"  # under one roof, mostly
    without = send(visitor, form, WHO | {"kana": "やまだ ふみ"})
    assert read(without).form(path).errors == {"relation": "続柄を入力してください（例 母）。"}
    mother = WHO | {"name": "山田 ふみ", "kana": "やまだ ふみ", "relation": "母"}
    answer = send(visitor, form, mother)
    _own, hers = entries()
    assert answer.location == f"/listings/{lottery.code}/entry?no={hers.no}"
    assert send(visitor, form, mother).location == answer.location  # a second click
    assert "ひみつの番号" in visitor.get(answer.location).text
    assert f"?no={hers.no}" in visitor.get(f"/listings/{lottery.code}/entry").text
    assert len(entries()) == 2


def test_who_has_not_applied_may_apply_for_the_family(visitor: FlaskClient) -> None:
    lottery = a_lottery(**asking(address=True))
    path = f"/listings/{lottery.code}/enter/family"
    form = read(visitor.get(path)).form(path)
    assert form.value("address") == ""
    assert send(visitor, form, WHO | {"relation": "母"}).status_code == 303
    assert [get(Applicant, entry.id).relation for entry in entries()] == ["母"]


def test_where_nobody_is_asked_who_they_are_there_is_no_form_for_the_family(visitor: FlaskClient) -> None:
    assert visitor.get(f"/listings/{a_lottery().code}/enter/family").status_code == 404


def test_changing_until_the_close(visitor: FlaskClient, account: int) -> None:
    lottery = a_lottery(per_person_limit=3, **asking(address=True))
    received = enter(lottery.id, account, somebody())
    path = f"/entries/{received.no}/change"
    assert path in visitor.get(f"/listings/{lottery.code}/entry").text
    form = read(visitor.get(path)).form(path)
    assert (form.value("address"), form.value("lots")) == ("月見沢町海野510", "1")
    answer = send(visitor, form, {"lots": "3", "agreed": "y"})
    assert (answer.status_code, answer.location) == (303, f"/listings/{lottery.code}/entry?no={received.no}")
    assert re.search(r"口数</dt>\s*<dd>3口", visitor.get(answer.location).text)
    assert send(visitor, form, {"lots": "4", "agreed": "y"}).status_code == 422
    with pretending(lottery.closes_at):
        assert send(visitor, form, {"lots": "2", "agreed": "y"}).status_code == 409


def test_somebody_elses_entry_is_neither_shown_nor_changed(visitor: FlaskClient) -> None:
    lottery = a_lottery()
    received = enter(lottery.id, given.an_account())
    assert visitor.get(f"/entries/{received.no}/change").status_code == 404
    assert visitor.get(f"/listings/{lottery.code}/entry?no={received.no}").status_code == 303


def test_a_rush_from_one_address_is_counted_by_person(app: Flask) -> None:
    """Thousands share one address of a mobile carrier; a limit for each address would send them away."""
    lottery = a_lottery()
    lottery_id = lottery.id
    for _ in range(35):
        visitor = given.signed_in(app.test_client(), given.an_account())
        assert submit(visitor, f"/listings/{lottery.code}/enter", {"agreed": "y"}).status_code == 303
    assert get(Lottery, lottery_id).received == 35
