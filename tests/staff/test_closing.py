"""What comes up between the two persons who close a month."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts import appointing
from marketplace.accounts.introducing import introduce
from marketplace.fund import periods
from marketplace.fund.differences import explain, open_differences
from marketplace.fund.models import Account
from marketplace.fund.posting import post
from marketplace.kit.clock import JST, pretending
from marketplace.payments.balance import move_cursor
from marketplace.staff.books import people
from tests import given
from tests.pages import read, submit

PATH = "/staff/books/2026-11"
DECEMBER = datetime(2026, 12, 5, 12, tzinfo=JST)


def charge_of_november() -> None:
    charge = [(Account.STRIPE, 1_000), (Account.COLLECTED, -1_000)]
    post("town:1", "charge", charge, at=datetime(2026, 11, 10, 12, tzinfo=JST))


def test_a_difference_that_comes_after_the_asking_is_explained_before_the_close(
    app: Flask, client: FlaskClient
) -> None:
    charge_of_november()
    with pretending(DECEMBER):
        treasury = given.signed_in(client, given.staff("treasury"))
        approver = given.signed_in(app.test_client(), given.staff("approver"))
        assert submit(treasury, PATH, {"why": "照合ずみ"}, action=f"{PATH}/ask-to-close").status_code == 303
        move_cursor("balance", int(DECEMBER.timestamp()))  # Stripe has been read, and knows of no such line
        answer = submit(approver, PATH, action=f"{PATH}/close")
        assert (answer.status_code, "説明のついていない差異があります。" in answer.text) == (409, True)
        (each,) = open_differences()
        explain(each.key, given.staff("treasury"), "試しに記帳したもの")
        assert submit(approver, PATH, action=f"{PATH}/close").status_code == 303


def test_the_month_that_is_closed_is_the_one_that_was_read(app: Flask, client: FlaskClient) -> None:
    """Between the approver's look and her press somebody asks with other words, or the book goes on."""
    november, december = (datetime(2026, month, 10, 12, tzinfo=JST) for month in (11, 12))
    charge = [(Account.STRIPE, 1_000), (Account.COLLECTED, -1_000)]
    post("town:1", "charge", charge, at=november)
    with pretending(december):
        treasury = given.signed_in(client, given.staff("treasury"))
        approver = given.signed_in(app.test_client(), given.staff("approver"))
        submit(treasury, PATH, {"why": "照合ずみ"}, action=f"{PATH}/ask-to-close")
        form = read(approver.get(PATH)).form(f"{PATH}/close")
        was_read = {name: form.value(name) for name in ("csrf_token", "read")}
        post("town:2", "charge", charge, at=november)
        answer = approver.post(f"{PATH}/close", data=was_read)
        assert (answer.status_code, "帳簿の数字が変わりました" in answer.text) == (409, True)
        submit(treasury, PATH, action=f"{PATH}/leave")
        with pretending(december + timedelta(minutes=1)):
            submit(treasury, PATH, {"why": "まだ見ていないが締める"}, action=f"{PATH}/ask-to-close")
        assert approver.post(f"{PATH}/close", data=was_read).status_code == 409
        assert submit(approver, PATH, action=f"{PATH}/close").status_code == 303


def test_who_closed_it_is_called_what_the_office_calls_them(app: Flask, client: FlaskClient) -> None:
    post("town:1", "charge", [(Account.STRIPE, 1), (Account.COLLECTED, -1)], at=datetime(2026, 11, 10, tzinfo=JST))
    admin, clerk, approver = given.staff("admin"), given.staff("treasury"), given.staff("approver")
    appointing.rename(clerk, "渡部 恵（会計室）", admin)
    with pretending(datetime(2026, 12, 5, 12, tzinfo=JST)):
        periods.ask_to_close("2026-11", clerk, "照合ずみ")
        periods.close("2026-11", approver)
        introduce(clerk, "高橋 正一（課長）", "", "")
        period = periods.by_name()["2026-11"]
        assert [who.partition("（2026")[0] for _word, who in people(period)] == [
            "渡部 恵（会計室）",
            "approver@town.example.jp",
        ]


def test_who_may_not_close_a_month_has_no_button_to_take_the_asking_back(app: Flask, client: FlaskClient) -> None:
    charge_of_november()
    with pretending(DECEMBER):
        treasury = given.signed_in(client, given.staff("treasury"))
        assert submit(treasury, PATH, {"why": "照合ずみ"}, action=f"{PATH}/ask-to-close").status_code == 303
        found = {}
        for role in ("approver", "auditor"):
            page = read(given.signed_in(app.test_client(), given.staff(role)).get(PATH))
            found[role] = [form.action.removeprefix(PATH) for form in page.forms if form.action.startswith(PATH)]
        assert found == {"approver": ["/close", "/leave"], "auditor": []}


@pytest.mark.parametrize("name", ["FYabc", "FY1999", "2026-13", "20XX-11", "nothing"])
def test_a_period_that_is_none_is_not_found_whatever_is_asked_of_it(app: Flask, client: FlaskClient, name: str) -> None:
    charge_of_november()
    with pretending(DECEMBER):
        desk = given.signed_in(client, given.staff("treasury"))
        form = read(desk.get(PATH)).form(f"{PATH}/ask-to-close")
        data = {**form.values, "why": "照合ずみ"}
        asked = ("ask-to-close", "close", "ask-to-reopen", "reopen", "leave")
        answers = [desk.post(f"/staff/books/{name}/{each}", data=data).status_code for each in asked]
        assert (answers, desk.get(f"/staff/books/{name}").status_code) == ([404] * 5, 404)
