"""A copy of the town, with REHEARSAL_MAIL: everything can be tried there, and nobody outside hears of it."""

from __future__ import annotations

import email
import email.policy
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask, render_template
from flask.testing import FlaskClient

from marketplace.accounts import signing_in
from marketplace.kit.db import db, get
from marketplace.kit.languages import Language, speaking
from marketplace.listings.models import Listing
from marketplace.notices.models import Notice
from marketplace.notices.sms import sms
from marketplace.outbox import keeping
from marketplace.settings import Settings
from marketplace.webhooks import registering
from marketplace.webhooks.models import Delivery, DeliveryState
from tests import given
from tests.apps import another
from tests.notices.post_office import post_office
from tests.operating.looked import changed
from tests.webhooks.partner import listening

TESTER = "operator@example.jp"


@pytest.fixture
def copy(app: Flask, settings: Settings) -> Iterator[Flask]:
    with another(changed(settings, rehearsal_mail=TESTER)) as found:
        yield found


def test_every_letter_goes_to_one_address_and_says_whom_it_is_for(app: Flask, settings: Settings) -> None:
    with post_office() as office, another(changed(settings, rehearsal_mail=TESTER, smtp_url=office.url)):
        signing_in.ask_code("hanako@example.jp")
        keeping.drain()
        (raw,) = office.letters
        letter = email.message_from_bytes(raw, policy=email.policy.default)
        (promised,) = db.session.scalars(sa.select(Notice))
        assert (letter["To"], letter["Subject"]) == (TESTER, f"[hanako@example.jp] {promised.subject}")
        assert promised.to_email == "hanako@example.jp"


def test_short_messages_stay_on_the_machine(app: Flask, settings: Settings) -> None:
    gateway = "http://127.0.0.1:9/send"  # where nobody answers
    with another(changed(settings, rehearsal_mail=TESTER, sms_url=gateway)):
        counter = sms()
        assert counter is not None
        counter.send("phone-1", "09012345678", "確認番号 123456")
    (file,) = (settings.data_dir / "sms").iterdir()
    assert json.loads(file.read_text("utf-8"))["to"] == "+819012345678"


def test_a_town_without_short_messages_has_none_in_its_rehearsal(copy: Flask) -> None:
    assert sms() is None


def test_partners_hear_nothing_and_the_message_lies_in_a_folder(copy: Flask, settings: Settings) -> None:
    with listening() as partner:
        drafter = given.staff("drafter")
        endpoint_id = registering.propose(drafter, "観光協会", partner.url, ("listing.opened",), "協定による")
        registering.approve(endpoint_id, given.staff("approver"))
        registering.issue_secret(endpoint_id, drafter)
        given.a_listing()
        keeping.drain()
        assert partner.got == []
        row = db.session.scalars(sa.select(Delivery)).one()
        assert (row.state, row.answered) == (DeliveryState.DELIVERED, 202)
        file: Path = settings.data_dir / "webhooks" / f"{row.code}.json"
        message = json.loads(file.read_text("utf-8"))
        assert (message["url"], message["body"]) == (partner.url, row.body)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("ja", "これは練習用の写しです。"),
        ("en", "This is a copy for rehearsals."),
        ("easy", "のための町のコピーです。"),
    ],
)
def test_each_page_says_that_it_is_none_of_the_town(
    copy: Flask, client: FlaskClient, language: str, words: str
) -> None:
    for page in ("/", "/help", "/signin"):
        told = copy.test_client().get(f"{page}?lang={language}").text
        assert (words in told, '<meta name="robots" content="noindex">' in told) == (True, True)
        assert words not in client.get(f"{page}?lang={language}").text


WORDS = "これは練習用の写しです。"


def test_the_card_in_somebody_elses_page_says_so_too(copy: Flask, client: FlaskClient) -> None:
    page = f"/embed/{get(Listing, given.a_listing()).code}"
    assert [WORDS in visitor.get(page).text for visitor in (copy.test_client(), client)] == [True, False]


def test_the_page_that_stands_there_during_work_says_so_too(
    copy: Flask, client: FlaskClient, settings: Settings
) -> None:
    (settings.data_dir / "maintenance").touch()
    answers = [visitor.get("/") for visitor in (copy.test_client(), client)]
    assert [(each.status_code, WORDS in each.text) for each in answers] == [(503, True), (503, False)]


def test_the_page_of_a_full_house_says_so_too(copy: Flask, app: Flask) -> None:
    told = []
    for each in (copy, app):
        with each.app_context(), speaking(Language.JA):
            told.append(WORDS in render_template("errors/crowded.html", seconds=5, language=Language.JA))
    assert told == [True, False]
