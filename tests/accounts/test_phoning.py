from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts import closing, phoning
from marketplace.accounts.introducing import prefer
from marketplace.accounts.models import Account
from marketplace.accounts.signing_in import CodeExpired, TooManyCodes, WrongCode
from marketplace.kit.clock import pretending
from marketplace.kit.db import db, get, transaction
from marketplace.kit.languages import Language
from marketplace.kit.refusals import Invalid
from marketplace.outbox import keeping
from marketplace.outbox.models import Message
from marketplace.settings import Settings
from tests import given
from tests.lotteries.applied import a_lottery, asking
from tests.pages import read, send, submit

NUMBER = "090-1234-5678"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"sms_url": "file:"})


@pytest.fixture(autouse=True)
def _app(app: Flask) -> None:
    """Every test here has a town that sends short messages."""


@pytest.fixture
def account() -> int:
    return given.an_account()


def messages(tmp_path: Path) -> list[str]:
    keeping.drain()
    files = sorted((tmp_path / "sms").glob("*.json"), key=lambda file: int(file.stem.rpartition("-")[2]))
    return [json.loads(file.read_text("utf-8"))["text"] for file in files]


def code_in(text: str) -> str:
    (code,) = re.findall(r"[0-9]{6}", text)
    return str(code)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (Language.JA, r"月見沢町 確認番号 \d{6}（15分間有効）。"),
        (Language.EN, r"Tsukimisawa Town: your code is \d{6} \(valid for 15 minutes\)\."),
    ],
)
def test_the_message_is_in_the_language_of_its_reader_and_one_message_long(
    account: int, tmp_path: Path, language: Language, words: str
) -> None:
    prefer(account, language)
    phoning.ask(account, NUMBER)
    (text,) = messages(tmp_path)
    assert re.match(words, text), text
    assert len(text) <= (160 if text.isascii() else 70)


def test_a_code_in_the_digits_of_another_writing_is_read(account: int, tmp_path: Path) -> None:
    phoning.ask(account, NUMBER)
    (text,) = messages(tmp_path)
    arabic = str.maketrans("0123456789", "".join(map(chr, range(0x660, 0x66A))))
    phoning.prove(account, code_in(text).translate(arabic))
    assert get(Account, account).phone == "09012345678"


def test_a_number_is_confirmed_by_the_code_that_reached_it(account: int, tmp_path: Path) -> None:
    assert phoning.ask(account, "０９０（１２３４）５６７８") == "09012345678"
    (text,) = messages(tmp_path)
    assert get(Account, account).phone == ""
    phoning.prove(account, code_in(text))
    assert get(Account, account).phone == "09012345678"
    with pytest.raises(CodeExpired):
        phoning.prove(account, code_in(text))


@pytest.mark.parametrize("number", ["0800-123-4567", "", "0237-00-1234", "090-123", "12345678901"])
def test_what_is_no_mobile_number_is_refused(account: int, number: str) -> None:
    with pytest.raises(Invalid):
        phoning.ask(account, number)


def test_a_number_that_begins_with_060_is_a_mobile_one(account: int, tmp_path: Path) -> None:
    assert phoning.ask(account, "+81 60-1234-5678") == "06012345678"
    assert len(messages(tmp_path)) == 1


def test_guessing_is_given_five_tries(account: int, tmp_path: Path) -> None:
    phoning.ask(account, NUMBER)
    code = code_in(messages(tmp_path)[0])
    for _ in range(5):
        with pytest.raises(WrongCode):
            phoning.prove(account, f"{(int(code) + 1) % 1_000_000:06}")
    with pytest.raises(CodeExpired):
        phoning.prove(account, code)


def test_a_code_is_good_for_a_quarter_of_an_hour_and_for_its_account(account: int, tmp_path: Path) -> None:
    phoning.ask(account, NUMBER)
    code = code_in(messages(tmp_path)[0])
    with pytest.raises(CodeExpired):
        phoning.prove(given.an_account(), code)
    with pretending(given.in_days(0) + timedelta(minutes=16)), pytest.raises(CodeExpired):
        phoning.prove(account, code)


def test_three_messages_for_a_number_or_an_account_are_enough(account: int) -> None:
    for _ in range(3):
        phoning.ask(account, NUMBER)
    with pytest.raises(TooManyCodes):
        phoning.ask(given.an_account(), NUMBER)
    with pytest.raises(TooManyCodes):
        phoning.ask(account, "08011112222")


def test_staff_may_have_a_lottery_ask_for_it(client: FlaskClient) -> None:
    given.signed_in(client, given.staff("drafter"))
    assert 'name="asks_sms"' in client.get("/staff/listings/new?template=resident").text


def test_a_late_message_is_not_sent(account: int, tmp_path: Path) -> None:
    phoning.ask(account, NUMBER)
    with pretending(given.in_days(1)):
        assert messages(tmp_path) == []


def test_who_deletes_their_account_before_the_message_leaves_stops_no_others(account: int, tmp_path: Path) -> None:
    phoning.ask(account, NUMBER)
    with transaction():
        closing.close(account)
    assert messages(tmp_path) == []
    assert db.session.scalars(sa.select(Message.error).where(Message.done_at.is_(None))).all() == []


def test_a_lottery_that_asks_for_a_number_leads_there_and_back(
    client: FlaskClient, account: int, tmp_path: Path
) -> None:
    lottery = a_lottery(**asking(sms=True))
    given.signed_in(client, account)
    path = f"/listings/{lottery.code}/enter"
    assert f"/account/phone?next={path}" in client.get(path).text
    without = submit(client, path, {"agreed": "y"})
    assert (without.status_code, "先に携帯電話番号の確認が必要です" in without.text) == (409, True)
    client.get(f"/account/phone?next={path}")
    wrong = submit(client, "/account/phone", {"number": "110"})
    assert read(wrong).form("/account/phone").errors == {
        "number": "060、070、080、090で始まる11けたの番号を入力してください。"
    }
    submit(client, "/account/phone", {"number": NUMBER})
    form = read(client.get("/account/phone")).form("/account/phone/code")
    assert read(send(client, form, {"code": "0"})).form("/account/phone/code").errors["code"][:8] == "番号が違います。"
    (text,) = messages(tmp_path)
    assert send(client, form, {"code": code_in(text)}).location == path
    assert submit(client, path, {"agreed": "y"}).status_code == 303


class TestOff:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"sms_url": ""})

    def test_no_number_is_asked_for_where_there_is_no_counter(self, client: FlaskClient, account: int) -> None:
        with pytest.raises(phoning.NoSms):
            phoning.ask(account, NUMBER)
        given.signed_in(client, given.staff("drafter"))
        assert 'name="asks_sms"' not in client.get("/staff/listings/new?template=resident").text

    def test_the_page_says_so_and_has_no_form_that_would_be_refused(self, client: FlaskClient, account: int) -> None:
        page = read(given.signed_in(client, account).get("/account/phone"))
        assert "いまは、携帯電話番号の確認を受け付けていません。" in page.words
        assert [form.action for form in page.forms if form.action.startswith("/account/phone")] == []
