from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts.models import Account
from marketplace.accounts.signing_in import account_of
from marketplace.kit.db import get
from marketplace.settings import Settings
from tests import given
from tests.pages import read, submit

HANAKO = "hanako@example.jp"


def who(client: FlaskClient) -> int | None:
    with client.session_transaction() as session:
        account_id: int | None = session.get("account_id")
        return account_id


def asked(client: FlaskClient, path: str = "/signin") -> None:
    answer = submit(client, path, {"email": HANAKO}, action="/signin")
    assert (answer.status_code, answer.location) == (303, "/signin/code")


def test_an_address_and_the_mailed_code_lead_where_the_visitor_wanted_to_go(client: FlaskClient) -> None:
    asked(client, "/signin?next=/listings/LST-TEST?page=2")
    answer = submit(client, "/signin/code", {"code": given.mailed_code(HANAKO)})
    assert (answer.status_code, answer.location) == (303, "/listings/LST-TEST?page=2")
    assert who(client) == account_of(HANAKO)


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "/\\evil.example"])
def test_a_sign_in_never_leads_to_another_site(client: FlaskClient, elsewhere: str) -> None:
    asked(client, f"/signin?next={elsewhere}")
    assert submit(client, "/signin/code", {"code": given.mailed_code(HANAKO)}).location == "/mypage"


def test_staff_who_want_nothing_else_come_to_their_desk(app: Flask, client: FlaskClient) -> None:
    given.staff("drafter", email=HANAKO)
    asked(client)
    assert submit(client, "/signin/code", {"code": given.mailed_code(HANAKO)}).location == "/staff"


def test_what_is_no_address_stays_in_its_box_with_the_reason_beside_it(client: FlaskClient) -> None:
    answer = submit(client, "/signin?next=/fund", {"email": "hanako"}, action="/signin")
    form = read(answer).form("/signin")
    assert answer.status_code == 422
    assert (form.value("email"), form.value("next")) == ("hanako", "/fund")
    assert form.errors == {"email": "メールアドレスの形をお確かめください（例 hanako@example.jp）。"}


def test_a_wrong_code_stays_in_its_box_with_the_reason_beside_it(client: FlaskClient) -> None:
    asked(client)
    wrong = f"{(int(given.mailed_code(HANAKO)) + 1) % 1_000_000:06}"
    answer = submit(client, "/signin/code", {"code": wrong})
    form = read(answer).form("/signin/code")
    assert (answer.status_code, form.value("code"), who(client)) == (422, wrong, None)
    assert form.errors == {"code": "番号が違います。メールの6けたの数字をもう一度お確かめください。"}
    assert submit(client, "/signin/code", {"code": given.mailed_code(HANAKO)}).status_code == 303


def test_a_code_that_is_used_up_is_followed_by_a_new_one_without_leaving_the_page(client: FlaskClient) -> None:
    asked(client, "/signin?next=/fund")
    first = given.mailed_code(HANAKO)
    wrong = f"{(int(first) + 1) % 1_000_000:06}"
    said = [read(submit(client, "/signin/code", {"code": wrong})).form("/signin/code").errors for _ in range(6)]
    assert said[-1] == {"code": "この番号は使えなくなりました。下の「新しい番号をメールで受け取る」を押してください。"}
    answer = submit(client, "/signin/code", {}, action="/signin")
    assert (answer.status_code, answer.location, given.mailed_code(HANAKO) != first) == (303, "/signin/code", True)
    assert (
        submit(client, "/signin/code", {"code": given.mailed_code(HANAKO)}, action="/signin/code").location == "/fund"
    )


def test_whoever_goes_back_to_mend_the_address_still_comes_where_they_wanted_to_go(client: FlaskClient) -> None:
    asked(client, "/signin?next=/listings/LST-TEST?page=2")
    (back,) = [link for link in read(client.get("/signin/code")).links if link.startswith("/signin?")]
    form = read(client.get(back)).form("/signin")
    assert (form.value("email"), form.value("next")) == (HANAKO, "/listings/LST-TEST?page=2")


def test_the_box_for_the_code_is_one_that_telephones_know(client: FlaskClient) -> None:
    asked(client)
    (box,) = re.findall(r'<input[^>]*name="code"[^>]*>', client.get("/signin/code").text)
    assert 'autocomplete="one-time-code"' in box
    assert 'inputmode="numeric"' in box


def test_without_an_address_there_is_no_code_to_type(client: FlaskClient) -> None:
    assert client.get("/signin/code").location == "/signin"


def test_opening_the_mailed_link_uses_nothing_up_and_its_button_signs_in_once(app: Flask, client: FlaskClient) -> None:
    asked(client, "/signin?next=/fund")
    link = given.mailed_link(HANAKO)
    scanner, other = app.test_client(), app.test_client()
    for _ in range(3):
        assert scanner.get(link).status_code == 200
    answer = submit(other, link)
    assert (answer.status_code, answer.location, who(other)) == (303, "/fund", account_of(HANAKO))
    again = submit(scanner, link)
    assert (again.status_code, who(scanner)) == (422, None)
    assert "このリンクは使えなくなりました" in read(again).words


def test_a_link_can_not_be_used_from_another_site(app: Flask, client: FlaskClient) -> None:
    asked(client)
    link = given.mailed_link(HANAKO)
    assert app.test_client().post(link).status_code == 400
    assert submit(client, link).status_code == 303


def test_who_leaves_is_gone(app: Flask, client: FlaskClient) -> None:
    given.signed_in(client, given.an_account(HANAKO))
    answer = submit(client, "/account", action="/signout")
    assert (answer.status_code, who(client)) == (303, None)
    assert client.get("/account").location == "/signin?next=/account"


def test_a_person_says_how_to_be_called(app: Flask, client: FlaskClient) -> None:
    account_id = given.an_account(HANAKO)
    given.signed_in(client, account_id)
    answer = submit(client, "/account", {"name": " 山本 花子 ", "nickname": "はなこ", "prefecture": "埼玉県"})
    assert (answer.status_code, answer.location) == (303, "/account")
    account = get(Account, account_id)
    assert (account.name, account.nickname, account.prefecture) == ("山本 花子", "はなこ", "埼玉県")
    form = read(client.get("/account")).form("/account")
    assert [form.value(name) for name in ("name", "nickname", "prefecture")] == ["山本 花子", "はなこ", "埼玉県"]


def test_nobody_calls_themselves_like_this_town(client: FlaskClient) -> None:
    given.signed_in(client, given.an_account())
    answer = submit(client, "/account", {"nickname": "月見沢町役場 かせぐ課"})
    told = {"nickname": "町や役場の名前は使えません。ご自分のお名前を入力してください。"}
    assert (answer.status_code, read(answer).form("/account").errors) == (422, told)


def test_a_name_that_is_too_long_stays_in_its_box(app: Flask, client: FlaskClient) -> None:
    account_id = given.an_account(HANAKO)
    given.signed_in(client, account_id)
    answer = submit(client, "/account", {"nickname": "は" * 41})
    form = read(answer).form("/account")
    assert (answer.status_code, form.value("nickname")) == (422, "は" * 41)
    assert form.errors == {"nickname": "40文字までで入力してください。"}
    assert get(Account, account_id).nickname == ""


def test_ten_asks_a_minute_from_one_visitor_are_enough(client: FlaskClient) -> None:
    answers = [submit(client, "/signin", {"email": f"a{number}@example.jp"}).status_code for number in range(11)]
    assert answers == [303] * 10 + [429]


def test_the_sixth_mail_to_one_address_is_refused_beside_the_field(client: FlaskClient) -> None:
    for _ in range(5):
        asked(client)
    answer = submit(client, "/signin", {"email": HANAKO})
    assert answer.status_code == 429
    assert read(answer).form("/signin").errors == {
        "email": "短い時間に何度もお送りしました。15分ほど待ってから、もう一度お試しください。"
    }


class TestInTheDemoTown:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"demo": True})

    def test_the_addresses_of_its_people_can_be_chosen(self, app: Flask, client: FlaskClient) -> None:
        given.staff("approver", email="approver@town.example.jp")
        given.an_account("stranger@example.jp")
        page = read(client.get("/signin?next=/fund"))
        (link,) = [link for link in page.links if link.startswith("/signin?")]
        form = read(client.get(link)).form("/signin")
        assert (form.value("email"), form.value("next")) == ("approver@town.example.jp", "/fund")

    def test_a_mail_is_read_in_the_browser_and_its_link_opens(self, app: Flask, client: FlaskClient) -> None:
        asked(client)
        asked(client)
        first, *_ = [link for link in read(client.get("/dev/mail")).links if link.startswith("/dev/mail/")]
        letter = read(client.get(first))
        assert given.mailed_code(HANAKO) in letter.words
        (link,) = [link for link in letter.links if "/signin/link/" in link]
        assert link.endswith(given.mailed_link(HANAKO))


def test_a_real_town_shows_no_mails_and_no_addresses(app: Flask, client: FlaskClient) -> None:
    given.staff("approver", email="approver@town.example.jp")
    asked(client)
    assert [client.get(path).status_code for path in ("/dev/mail", "/dev/mail/1")] == [404, 404]
    assert "approver@town.example.jp" not in client.get("/signin").text


def test_a_link_says_whose_account_it_opens_before_it_does(app: Flask, client: FlaskClient) -> None:
    """Who was sent a stranger's link sees that it is a stranger's."""
    asked(client)
    link = given.mailed_link(HANAKO)
    stranger = app.test_client()
    assert HANAKO in read(stranger.get(link)).words
    submit(client, link)
    assert HANAKO not in read(stranger.get(link)).words


@pytest.mark.parametrize("path", ["/signin", "/signin/link/made-up"])
def test_the_pages_of_a_sign_in_are_kept_by_no_cache(client: FlaskClient, path: str) -> None:
    client.get(path)
    assert client.get(path).headers["Cache-Control"] == "private, no-store"
