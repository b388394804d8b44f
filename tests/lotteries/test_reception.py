from __future__ import annotations

import io
from typing import ClassVar

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from pypdf import PdfReader

from marketplace.accounts.models import Account
from marketplace.journal import models as journal
from marketplace.kit.clock import pretending
from marketplace.kit.db import db, get
from marketplace.lotteries import papermail
from marketplace.lotteries.applicants import Applicant, Channel
from marketplace.lotteries.drawing import draw_with_dice
from marketplace.lotteries.entering import enter
from marketplace.lotteries.forms import EntryForm
from marketplace.lotteries.models import Entry, Lottery
from marketplace.lotteries.rules import Terms
from marketplace.lotteries.states import EntryState
from marketplace.notices.models import Notice
from marketplace.outbox import keeping
from tests import given
from tests.lotteries.applied import DICE, WITNESSES, a_lottery, after_the_close, asking, somebody
from tests.pages import read, send, submit

CALLER: dict[str, str] = {
    "channel": "phone",
    "name": "佐藤 フミ",
    "kana": "さとう ふみ",
    "address": "月見沢町海野12番地",
    "phone": "0237-00-1234",
    "agreed": "y",
}


@pytest.fixture(autouse=True)
def _app(app: Flask) -> None:
    """Every test here has a town."""


@pytest.fixture
def lottery() -> Lottery:
    return a_lottery(**asking(address=True))


@pytest.fixture
def clerk() -> int:
    return given.staff("drafter")


@pytest.fixture
def desk(client: FlaskClient, clerk: int) -> FlaskClient:
    return given.signed_in(client, clerk)


def entries() -> list[Entry]:
    return list(db.session.scalars(sa.select(Entry).order_by(Entry.seq)))


def test_a_call_is_written_down_and_the_receipt_is_printed_with_its_secret(
    desk: FlaskClient, clerk: int, lottery: Lottery
) -> None:
    answer = submit(desk, f"/staff/lotteries/{lottery.code}/entries/new", CALLER)
    (entry,) = entries()
    assert (answer.status_code, answer.location) == (303, f"/staff/entries/{entry.no}")
    assert (entry.channel, get(Applicant, entry.id).name) == (Channel.PHONE, "佐藤 フミ")
    by = sa.select(journal.Entry.by).where(journal.Entry.subject == f"entry:{entry.no}")
    assert list(db.session.scalars(by)) == [f"staff:{get(Account, clerk).code}"]
    form = read(desk.get(answer.location)).form(f"/staff/entries/{entry.no}/receipt.pdf")
    paper = "".join(PdfReader(io.BytesIO(send(desk, form).data)).pages[0].extract_text().split())
    assert entry.no in paper
    assert form.value("secret") in paper
    assert "secret" not in read(desk.get(answer.location)).form(f"/staff/entries/{entry.no}/receipt.pdf").values


def test_what_was_not_asked_for_on_the_phone_is_told_beside_its_field(desk: FlaskClient, lottery: Lottery) -> None:
    path = f"/staff/lotteries/{lottery.code}/entries/new"
    form = read(submit(desk, path, CALLER | {"phone": "110", "kana": "", "email": "fumi@gmial.com"})).form(path)
    assert form.errors == {
        "kana": "お名前のふりがなを入力してください。",
        "phone": "連絡のとれる電話番号を入力してください。",
    }
    form = read(send(desk, form, CALLER)).form(path)
    assert form.errors["email"].startswith("gmail.com ではありませんか。")
    assert send(desk, form, {"agreed": "y"}).status_code == 303
    assert get(Account, entries()[0].account_id).email == "fumi@gmial.com"


def test_an_applicant_is_found_though_the_clerk_writes_the_name_otherwise(desk: FlaskClient, lottery: Lottery) -> None:
    path = f"/staff/lotteries/{lottery.code}/entries"
    submit(desk, f"{path}/new", CALLER | {"name": "髙﨑 Nguyen", "kana": "ﾀｶｻｷ ｸﾞｴﾝ"})
    (entry,) = entries()
    for said in ("高崎", "nguyen", "タカサキグエン", "ﾀｶｻｷ"):
        assert f"/staff/entries/{entry.no}" in read(desk.get(path, query_string={"q": said})).links, said
    assert f"/staff/entries/{entry.no}" not in read(desk.get(path, query_string={"q": "高橋"})).links


def test_a_refused_call_leaves_no_account_behind(desk: FlaskClient, lottery: Lottery) -> None:
    accounts = sa.select(sa.func.count()).select_from(Account)
    before = db.session.scalar(accounts)
    path = f"/staff/lotteries/{lottery.code}/entries/new"
    answer = submit(desk, path, CALLER | {"email": "fumi@mailinator.com"})
    with pretending(lottery.closes_at):
        given.signed_in(desk, given.staff("drafter"))
        late = send(desk, read(answer).form(path), {"email": ""})
    assert (answer.status_code, late.status_code) == (422, 409)
    assert (db.session.scalar(accounts), entries()) == (before, [])


def test_one_who_applied_online_and_calls_as_well_counts_once(desk: FlaskClient, lottery: Lottery) -> None:
    path = f"/staff/lotteries/{lottery.code}/entries/new"
    online = enter(lottery.id, given.an_account("fumi@example.jp"), somebody("さとう　ふみ", "月見沢町海野12"))
    same_mail = submit(desk, path, CALLER | {"email": "fumi@example.jp"})
    assert read(same_mail).form(path).errors == {
        "email": "もうお申し込みずみです。お申し込みは、お1人さま1回までです。"
    }
    submit(desk, path, CALLER)
    _first, second = entries()
    assert (second.state, second.first_no) == (EntryState.VOID, online.no)
    listed = desk.get(f"/staff/lotteries/{lottery.code}/entries?state=void").text
    assert "同じお名前とご住所の申し込みが先にあります" in listed
    assert (second.no in listed, f"/staff/entries/{online.no}" in listed) == (True, True)


def test_staff_decide_with_a_reason(desk: FlaskClient, lottery: Lottery) -> None:
    for _ in range(2):
        enter(lottery.id, given.an_account(), somebody())
    _first, second = entries()
    page = f"/staff/entries/{second.no}"
    without = submit(desk, page, action=f"{page}/restore")
    assert (without.status_code, read(without).form(f"{page}/restore").errors) == (
        422,
        {"why": "理由を入力してください。"},
    )
    assert submit(desk, page, {"why": "父と娘"}, action=f"{page}/restore").status_code == 303
    assert submit(desk, page, {"why": "本人の電話"}, action=f"{page}/void").status_code == 303
    withdrawn = desk.post(
        f"{page}/withdraw", data=read(desk.get(page)).form(f"{page}/restore").values | {"why": "本人"}
    )
    assert withdrawn.status_code == 303
    assert entries()[1].state == EntryState.WITHDRAWN
    first = entries()[0].no
    with pretending(lottery.closes_at):
        given.signed_in(desk, given.staff("drafter"))
        assert "無効にする" not in desk.get(f"/staff/entries/{first}").text


def test_letters_to_people_without_mail_are_printed_and_ticked_off(
    desk: FlaskClient, clerk: int, lottery: Lottery
) -> None:
    submit(desk, f"/staff/lotteries/{lottery.code}/entries/new", CALLER)
    with after_the_close(lottery):
        draw_with_dice(lottery.id, DICE, WITNESSES, given.staff("approver"))
        keeping.drain()
    path = f"/staff/lotteries/{lottery.code}/letters"
    told = desk.get(path).text
    assert ("お申し込みを受け付けました" in told, "佐藤 フミ 様" in told, "お支払い" in told) == (True, True, True)
    assert "このメール" not in told
    ids = [str(letter.notice.id) for letter in papermail.waiting(lottery.id)]
    assert len(ids) == 2
    submit(desk, path, {"letter": ids[:1]})
    assert [str(letter.notice.id) for letter in papermail.waiting(lottery.id)] == ids[1:]
    assert papermail.posted([int(ids[0])], clerk) == 0


def test_a_letter_with_an_address_is_none_to_be_ticked_off(clerk: int, lottery: Lottery) -> None:
    enter(lottery.id, given.an_account(), somebody())
    keeping.drain()
    notice_id = db.session.scalars(sa.select(Notice.id)).one()
    assert papermail.waiting(lottery.id) == []
    assert papermail.posted([notice_id], clerk) == 0


def test_entries_are_found_by_number_and_name_a_page_at_a_time(
    desk: FlaskClient, lottery: Lottery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("marketplace.lotteries.reception.PAGE", 2)
    for kana in ("あおき ひとし", "いとう ふたば", "うえだ みつ"):
        enter(lottery.id, given.an_account(), somebody(kana))
    nos = [entry.no for entry in entries()]
    page = f"/staff/lotteries/{lottery.code}/entries"

    def listed(query: str) -> list[bool]:
        text = desk.get(f"{page}?{query}").text
        return [f"/staff/entries/{no}" in text for no in nos]

    older = [f"before={seq}" in desk.get(f"{page}?{query}").text for seq, query in ((2, ""), (1, "before=3"))]
    assert older == [True, False]  # where just one page is left there is no other
    assert listed("") == [False, True, True]
    assert listed("before=2") == [True, False, False]
    assert listed(f"q={nos[1].lower()}") == [False, True, False]
    wide = "".join(chr(ord(sign) + 0xFEE0) for sign in nos[1])
    for typed in (wide, f" {nos[1]}　", "ふたば", "いとう ふたば", "いとう　ふたば", "いとうふたば"):
        assert listed(f"q={typed}") == [False, True, False], typed
    assert listed("q=%25") == [False, False, False]


class TestOthers:
    PATHS: ClassVar = ("entries", "entries/new", "letters")

    @pytest.mark.parametrize("path", PATHS)
    def test_may_not_look(self, client: FlaskClient, lottery: Lottery, path: str) -> None:
        given.signed_in(client, given.an_account())
        assert client.get(f"/staff/lotteries/{lottery.code}/{path}").status_code == 403

    def test_may_not_decide(self, client: FlaskClient, lottery: Lottery) -> None:
        received = enter(lottery.id, given.an_account(), somebody())
        client.application.config["WTF_CSRF_ENABLED"] = False
        given.signed_in(client, given.staff("treasury"))
        for act in ("void", "withdraw", "receipt.pdf"):
            assert client.post(f"/staff/entries/{received.no}/{act}", data={"why": "x"}).status_code == 403


def test_a_browser_offers_what_it_knows_of_its_reader_where_they_apply_for_themselves_alone(app: Flask) -> None:
    terms = Terms(least_age=18, age_by_birth=True, asks_address=True)

    def offered(channel: Channel) -> dict[str, str]:
        with app.test_request_context():
            form = EntryForm.asking(terms, channel, formdata=None)
        said = {field.name: (field.render_kw or {}).get("autocomplete") for field in form}
        return {name: token for name, token in said.items() if token}

    others = dict.fromkeys(("name", "kana", "address", "born_on"), "off")
    assert offered(Channel.SELF) == {"name": "name", "address": "address-line1", "born_on": "bday"}
    assert offered(Channel.FAMILY) == {**others, "relation": "off"}
    assert offered(Channel.PHONE) == {**others, "phone": "off"}
