"""The page of the people who work here."""

from __future__ import annotations

import re
from datetime import datetime

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts import appointing
from marketplace.accounts.models import Account, Role, RoleChange
from marketplace.accounts.session import roles_of
from marketplace.accounts.signing_in import account_of
from marketplace.journal.models import Entry
from marketplace.kit.clock import JST, pretending
from marketplace.kit.db import db, get
from tests import given
from tests.pages import read, submit

NEW = {"name": "鈴木 新（主事補）", "email": "suzuki@town.example.jp"}


def path_of(account_id: int) -> str:
    return f"/staff/people/{get(Account, account_id).code}"


def test_two_persons_make_somebody_an_approver(app: Flask, client: FlaskClient) -> None:
    second = given.signed_in(app.test_client(), given.staff("approver"))
    given.signed_in(client, given.staff("admin"))
    answer = submit(client, "/staff/people", {**NEW, "role": "approver"})
    suzuki = account_of(NEW["email"])
    assert (answer.status_code, answer.location, roles_of(suzuki)) == (303, path_of(suzuki), set())
    assert "別の職員が確かめると、渡されます" in client.get(path_of(suzuki)).text
    change = db.session.scalars(sa.select(RoleChange.id)).one()
    confirm = f"/staff/people/changes/{change}/confirm"
    assert [form.action for form in read(client.get("/staff/people")).forms if form.action == confirm] == []
    assert "鈴木 新（主事補）に「承認」の権限を渡す" in second.get("/staff").text
    assert submit(second, "/staff/people", action=confirm).location == path_of(suzuki)
    assert roles_of(suzuki) == {Role.APPROVER}


def test_who_may_not_reads_whose_page_it_is_and_a_stranger_does_not(app: Flask, client: FlaskClient) -> None:
    drafter, treasury = (given.signed_in(app.test_client(), given.staff(role)) for role in ("drafter", "treasury"))
    given.signed_in(client, given.an_account())
    theirs = "の権限を持つ職員だけができます。権限は、管理の職員が渡します。"
    refused = [drafter.get("/staff/money"), treasury.get("/staff/admissions"), client.get("/staff/money")]
    assert [answer.status_code for answer in refused] == [403, 403, 403]
    assert f"承認 / 会計 / 監査{theirs}" in read(refused[0]).words
    assert f"起案 / 承認{theirs}" in read(refused[1]).words
    assert "この操作をする権限がありません。" in read(refused[2]).words


def test_what_was_typed_stays_with_the_reason_beside_it(app: Flask, client: FlaskClient) -> None:
    given.signed_in(client, given.staff("admin"))
    answer = submit(client, "/staff/people", {"name": "", "email": "suzuki", "role": None})
    form = read(answer).form("/staff/people")
    assert (answer.status_code, form.value("email")) == (422, "suzuki")
    assert form.errors == {"name": "名前を入力してください。", "role": "権限を選んでください。"}
    answer = submit(client, "/staff/people", {**NEW, "email": "suzuki", "role": "drafter"})
    form = read(answer).form("/staff/people")
    assert (answer.status_code, form.value("name")) == (422, NEW["name"])
    assert form.errors == {"email": "メールアドレスの形をお確かめください（例 hanako@example.jp）。"}


def test_an_address_that_looks_mistyped_is_asked_about_before_a_stranger_works_here(
    app: Flask, client: FlaskClient
) -> None:
    given.signed_in(client, given.staff("admin"))
    typed = {**NEW, "email": "suzuki@gmial.com", "role": "drafter"}
    answer = submit(client, "/staff/people", typed)
    form = read(answer).form("/staff/people")
    assert (answer.status_code, form.value("name"), form.value("sure")) == (422, NEW["name"], "suzuki@gmial.com")
    assert form.errors == {
        "email": "gmail.com ではありませんか。このままでよいときは、もう一度ボタンを押してください。"
    }
    assert submit(client, "/staff/people", {**typed, "sure": "suzuki@gmial.com"}).status_code == 303


def test_after_the_last_role_is_taken_one_is_where_the_others_are(app: Flask, client: FlaskClient) -> None:
    clerk = given.staff("drafter")
    given.signed_in(client, given.staff("admin"))
    path = path_of(clerk)
    assert submit(client, path, action=f"{path}/roles/drafter/take").location == "/staff/people"


def test_what_waits_for_a_second_person_is_said_so(app: Flask, client: FlaskClient) -> None:
    admin = given.staff("admin")
    given.signed_in(client, admin)
    submit(client, path_of(admin), {"role": "counter"}, action=f"{path_of(admin)}/roles")
    assert "別の職員が確かめると、渡されます" in client.get(path_of(admin)).text
    assert roles_of(admin) == {Role.ADMIN}


def test_the_list_says_who_may_do_what_since_when_and_by_whom(app: Flask, client: FlaskClient) -> None:
    admin, approver = given.staff("admin"), given.staff("approver")
    for account_id, name in ((admin, "斎藤 管理"), (approver, "高橋 正一")):
        appointing.rename(account_id, name, admin)
    spring, autumn = (datetime(2027, month, 1, 9, tzinfo=JST) for month in (4, 10))
    with pretending(spring):
        clerk = appointing.take_on(NEW["email"], NEW["name"], Role.DRAFTER, admin)
        appointing.give(clerk, Role.TREASURY, admin)
    with pretending(autumn):
        appointing.confirm(db.session.scalars(sa.select(RoleChange.id)).one(), approver)
        appointing.take(clerk, Role.DRAFTER, admin)
        appointing.give(clerk, Role.DRAFTER, admin)
        given.signed_in(client, given.staff("auditor"))
        for path in ("/staff/people", path_of(clerk)):
            words = " ".join(read(client.get(path)).words.split())
            for role, giver in ((Role.TREASURY, "高橋 正一"), (Role.DRAFTER, "斎藤 管理")):
                given_on = f"2027年10月1日(金)から（渡した人 {giver}）"
                assert re.search(rf"{role.ja} ({role.may})?\s*{re.escape(given_on)}", words), path


def test_a_name_is_changed_and_the_one_before_stands_there(app: Flask, client: FlaskClient) -> None:
    admin = given.staff("admin")
    clerk = appointing.take_on(NEW["email"], NEW["name"], Role.DRAFTER, admin)
    given.signed_in(client, admin)
    path = path_of(clerk)
    wrong = submit(client, path, {"name": " "}, action=f"{path}/name")
    assert (wrong.status_code, read(wrong).form(f"{path}/name").errors) == (422, {"name": "名前を入力してください。"})
    assert submit(client, path, {"name": "佐藤 新（主事補）"}, action=f"{path}/name").location == path
    words = client.get(path).text
    assert ("前の名前 鈴木 新（主事補）" in words, "佐藤 新（主事補）を職員から外す" in words) == (True, True)


def test_a_role_is_taken_and_somebody_leaves(app: Flask, client: FlaskClient) -> None:
    clerk = given.staff("drafter", "counter")
    desk = given.signed_in(app.test_client(), clerk)
    given.signed_in(client, given.staff("admin"))
    path = path_of(clerk)
    assert submit(client, path, action=f"{path}/roles/counter/take").location == path
    assert roles_of(clerk) == {Role.DRAFTER}
    assert desk.get("/staff").status_code == 200
    assert submit(client, path, action=f"{path}/leave").location == "/staff/people"
    assert [desk.get("/staff").status_code, client.get(path).status_code] == [303, 404]


def test_the_last_administrator_is_told_why_nothing_happened(app: Flask, client: FlaskClient) -> None:
    admin = given.staff("admin")
    given.signed_in(client, admin)
    path = path_of(admin)
    submit(client, path, action=f"{path}/leave")
    assert "管理の権限を持つ職員がいなくなってしまいます" in client.get("/staff/people").text
    assert roles_of(admin) == {Role.ADMIN}


def test_colleagues_and_auditors_see_who_works_here_without_a_button(app: Flask, client: FlaskClient) -> None:
    clerk = given.staff("drafter")
    for role in ("treasury", "auditor"):
        given.signed_in(client, given.staff(role))
        for path in ("/staff/people", path_of(clerk)):
            page = read(client.get(path))
            actions = [form.action for form in page.forms]
            vouching = [f"{path}/recovery"] if role == "treasury" and path == path_of(clerk) else []
            assert ("drafter@town.example.jp" in page.words, actions) == (True, vouching)


def test_the_menu_shows_what_one_may_open(app: Flask, client: FlaskClient) -> None:
    given.signed_in(client, given.staff("counter"))
    links = {link for link in read(client.get("/staff")).links if link.startswith("/staff")}
    places = ("", "/calendar", "/orders", "/gatherings", "/relations", "/journal", "/waiting")
    assert links == {f"/staff{place}" for place in places}
    given.signed_in(client, given.staff("auditor"))
    links = {link for link in read(client.get("/staff")).links if link.startswith("/staff")}
    assert {"/staff/people", "/staff/privacy", "/staff/journal", "/staff/orders"} <= links


def test_staff_who_sign_in_are_written_down_and_buyers_are_not(app: Flask, client: FlaskClient) -> None:
    clerk = given.staff("drafter", email="clerk@town.example.jp")
    for email in ("clerk@town.example.jp", "hanako@example.jp"):
        other = app.test_client()
        submit(other, "/signin", {"email": email}, action="/signin")
        submit(other, "/signin/code", {"code": given.mailed_code(email)})
    lines = db.session.scalars(sa.select(Entry).where(Entry.event == "sign_in"))
    assert [(line.subject, line.details["way"]) for line in lines] == [(f"account:{get(Account, clerk).code}", "code")]
