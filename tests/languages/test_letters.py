"""A letter is in the language of whoever receives it, wherever it is written."""

import re

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts.introducing import prefer
from marketplace.accounts.models import Account
from marketplace.kit.db import db, get, transaction
from marketplace.kit.languages import Language, _, language, speaking
from marketplace.notices.models import Notice
from marketplace.notices.sending import send
from marketplace.settings import settings
from tests import given
from tests.pages import submit

KANA = re.compile("[\u3041-\u3096\u30a1-\u30fa]")


def newest(email: str) -> Notice:
    rows = sa.select(Notice).where(Notice.to_email == email).order_by(Notice.id.desc()).limit(1)
    return db.session.scalars(rows).one()


def test_a_letter_follows_its_reader_and_not_whoever_caused_it(app: Flask) -> None:
    english, japanese = get(Account, given.an_account()), get(Account, given.an_account())
    prefer(english.id, Language.EN)
    with transaction(), speaking(Language.EASY):
        for account in (english, japanese):
            send("export_made", account.email, key=f"letter:{account.code}", days=7)
        assert language() == Language.EASY
    assert newest(english.email).subject == "Your data is ready"
    assert not KANA.search(
        newest(english.email).body.replace(settings().town_office, "").replace(settings().town_hours, "")
    )
    assert newest(japanese.email).subject == "あなたの情報の書き出しができました"


def test_whoever_asks_for_a_code_reads_it_in_the_language_of_the_page(app: Flask, client: FlaskClient) -> None:
    client.get("/display?language=en")
    submit(client, "/signin", {"email": "newcomer@example.jp"})
    assert newest("newcomer@example.jp").subject.startswith("Sign-in code ")


def test_stripe_is_asked_in_a_language_that_it_knows(app: Flask) -> None:
    assert Language.EASY.html == "ja"
    with speaking(Language.EN):
        assert (language().html, _("支払いへ進む")) == ("en", "Continue to payment")


def test_a_word_that_no_catalogue_has_stays_as_it_is(app: Flask) -> None:
    with speaking(Language.EN):
        assert _("この文は、どこにもありません") == "この文は、どこにもありません"
