"""What somebody typed is still there when their sign-in has ended meanwhile, or was renewed in another window."""

from __future__ import annotations

from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts.models import Account
from marketplace.accounts.session import STAFF_SESSION
from marketplace.accounts.signing_out import LASTS
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db, get
from marketplace.webhooks.models import Endpoint
from tests import given
from tests.pages import PageForm, read, send

HERE = {"Origin": "http://localhost"}
DESK = "/staff/webhooks"
WHY = "協定による。\r\n第二項も <b>見る</b>。"
TYPED: dict[str, Any] = {
    "name": "観光協会",
    "url": "https://hooks.example.com/town",
    "topics": ["listing.opened", "listing.closed"],
    "why": WHY,
}


def written() -> list[tuple[str, str, list[str]]]:
    """What stands in the register of partners: name, reason and topics of each."""
    db.session.rollback()
    return [(row.name, row.why, sorted(row.topics)) for row in db.session.scalars(sa.select(Endpoint))]


def the_form(client: FlaskClient, path: str = DESK) -> PageForm:
    return read(client.get(path)).form(path)


def signed_in_anew(client: FlaskClient, account_id: int) -> None:
    """In the same browser's other window: as real sign-in does, it forgets what the session held."""
    with client.session_transaction() as session:
        session.clear()
    given.signed_in(client, account_id)


def as_typed(form: PageForm) -> dict[str, list[str]]:
    return {name: held for name, held in form.values.items() if name != "csrf_token"}


def test_a_clerks_words_outlive_the_working_day(client: FlaskClient) -> None:
    clerk = given.staff("drafter")
    form = the_form(given.signed_in(client, clerk))
    with pretending(now() + STAFF_SESSION):
        late = send(client, form, TYPED)
        held = read(late)
        assert (late.status_code, late.headers["Cache-Control"]) == (401, "private, no-store")
        assert as_typed(held.form(DESK)) == {
            name: [texts] if isinstance(texts, str) else texts for name, texts in TYPED.items()
        }
        (door,) = [link for link in held.links if link.startswith("/signin?")]
        assert parse_qs(urlsplit(door).query) == {"next": ["/staff"]}
        assert "入力したものは、この画面に残っています。" in held.words
        assert written() == []
        signed_in_anew(client, clerk)
        asked = send(client, held.form(DESK))
        assert (asked.status_code, written()) == (400, [])
        assert as_typed(read(asked).form(DESK)) == as_typed(held.form(DESK))
        done = send(client, read(asked).form(DESK))
        assert (done.status_code, written()) == (
            303,
            [("観光協会", WHY.replace("\r\n", "\n"), sorted(TYPED["topics"]))],
        )


def test_pressed_before_signing_in_it_is_held_out_again(client: FlaskClient) -> None:
    form = the_form(given.signed_in(client, given.staff("drafter")))
    with pretending(now() + STAFF_SESSION):
        held = read(send(client, form, TYPED)).form(DESK)
        once_more = send(client, held)
        assert (once_more.status_code, as_typed(read(once_more).form(DESK))) == (401, as_typed(held))


def test_who_signs_in_anew_in_another_window_sends_what_stands_in_the_first(app: Flask, client: FlaskClient) -> None:
    hana = given.an_account("hanako@example.jp")
    form = the_form(given.signed_in(client, hana), "/account")
    signed_in_anew(client, hana)
    held = send(client, form, {"nickname": "はなこ"})
    assert (held.status_code, "hanako@example.jpさんとしてログインしています。" in read(held).words) == (400, True)
    assert [link for link in read(held).links if link.startswith("/signin")] == []
    assert send(client, read(held).form("/account")).status_code == 303
    assert get(Account, hana).nickname == "はなこ"


@pytest.mark.parametrize("cookie_too", [False, True])
def test_a_buyers_words_outlive_the_sign_in_and_its_cookie(client: FlaskClient, cookie_too: bool) -> None:
    hana = given.an_account()
    form = the_form(given.signed_in(client, hana), "/account")
    with pretending(now() + LASTS):
        if cookie_too:
            client.delete_cookie("hiroba")
        held = send(client, form, {"nickname": "はなこ"})
        assert (held.status_code, read(held).form("/account").value("nickname")) == (
            400 if cookie_too else 401,
            "はなこ",
        )
        assert len([link for link in read(held).links if link.startswith("/signin?next=")]) == 1
        signed_in_anew(client, hana)
        held = send(client, read(held).form("/account"))
        assert send(client, read(held).form("/account")).status_code == 303
    assert get(Account, hana).nickname == "はなこ"


def test_a_file_can_not_be_held_and_that_is_said(client: FlaskClient) -> None:
    values = {**the_form(given.signed_in(client, given.staff("drafter"))).values, "why": WHY}
    with pretending(now() + STAFF_SESSION):
        for name, said in (("a.png", True), ("", False)):
            sent = client.post(DESK, data={**values, "picture": (BytesIO(b"x"), name)}, headers=HERE)
            assert ("選んだファイルは残せません" in read(sent).words) is said


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": "//localhost"}, {"Origin": "http://["}, {}],
)
def test_what_another_site_filled_in_is_not_held_out_to_be_pressed(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    given.signed_in(client, given.an_account())
    answer = client.post("/account", data={"nickname": "evil"}, headers=headers)
    assert (answer.status_code, "evil" in answer.text) == (400, False)
    given.signed_in(client, given.staff("drafter"))
    form = the_form(client)
    with pretending(now() + STAFF_SESSION):
        answer = client.post(DESK, data={**form.values, "why": "evil"}, headers=headers)
        assert (answer.status_code, answer.location) == (303, "/signin?next=/staff")


def test_a_page_to_come_back_to_that_is_no_address_is_none(client: FlaskClient) -> None:
    answer = client.post("/account", data={"nickname": "はなこ"}, headers={**HERE, "Referer": "http://["})
    (door,) = [link for link in read(answer).links if link.startswith("/signin?")]
    assert (answer.status_code, parse_qs(urlsplit(door).query)) == (400, {"next": ["/mypage"]})


def test_behind_a_proxy_the_site_is_what_its_own_address_says(app: Flask, client: FlaskClient) -> None:
    given.signed_in(client, given.an_account())
    origin = {"Origin": app.extensions["hiroba.settings"].base_url.rstrip("/")}
    answer = client.post("/account", data={"nickname": "はなこ"}, base_url="http://inside:8000", headers=origin)
    assert read(answer).form("/account").value("nickname") == "はなこ"


def test_a_part_of_a_page_and_a_program_are_told_in_a_sentence(client: FlaskClient) -> None:
    given.signed_in(client, given.an_account())
    for headers in ({"HX-Request": "true"}, {"Accept": "application/json"}):
        answer = client.post("/account", data={"nickname": "はなこ"}, headers={**HERE, **headers})
        assert (answer.status_code, "はなこ" in answer.text, "読みこみ直して" in answer.text) == (400, False, True)


def test_nothing_typed_is_nothing_to_be_held(client: FlaskClient) -> None:
    hana = given.an_account()
    given.signed_in(client, hana)
    answer = client.post("/account", data={"csrf_token": "old", "nickname": " ", "back": "/mypage"}, headers=HERE)
    assert (answer.status_code, "読みこみ直して" in answer.text) == (400, True)
