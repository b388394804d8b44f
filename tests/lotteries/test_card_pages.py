"""The page on which an applicant saves a card."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db, get, transaction
from marketplace.kit.refusals import WrongState
from marketplace.lotteries import cards, entering
from marketplace.lotteries.models import Lottery
from marketplace.payments.models import CardState, SavedCard
from marketplace.payments.saving import saved_card
from marketplace.settings import Settings
from tests import given
from tests.local_stripe import LocalStripe
from tests.lotteries.applied import a_lottery, asking
from tests.lotteries.test_cards import entered, entry
from tests.pages import read


@pytest.fixture
def settings(settings: Settings, stripe: LocalStripe) -> Settings:
    return stripe.settings(settings)


@pytest.fixture(autouse=True)
def _app(app: Flask) -> None:
    """Every test here has a town."""


@pytest.fixture
def lottery(app: Flask) -> Lottery:
    return a_lottery(quantity=1, **asking(card=True))


def test_the_receipt_says_what_is_missing_and_leads_there(
    stripe: LocalStripe, lottery: Lottery, client: FlaskClient, settings: Settings
) -> None:
    account = given.an_account()
    entry_id = entering.enter(lottery.id, account).entry_id
    no, code = entry(entry_id).no, lottery.code
    visitor = given.signed_in(client, account)
    assert "カードを登録していただきます" in visitor.get(f"/listings/{a_lottery(**asking(card=True)).code}/enter").text
    page = read(visitor.get(f"/listings/{code}/entry"))
    assert "締め切りまでにカードの登録がないと、この申し込みは無効になります。" in page.words
    form = next(one for one in page.forms if one.action.endswith("/card"))
    answer = visitor.post(form.action, data=form.values)
    assert answer.status_code == 303
    seen = stripe.pay(answer.location)
    assert seen.location == f"{settings.base_url}/entries/{no}/card/done"
    assert visitor.get(f"/entries/{no}/card/done").location == f"/listings/{code}/entry?no={no}"
    words = read(visitor.get(f"/listings/{code}/entry")).words
    assert "VISA 末尾 4242" in words
    assert "無効になります" not in words
    again = visitor.post(form.action, data=form.values)  # the back button
    assert again.location == f"/listings/{code}/entry?no={no}"


def test_who_comes_back_again_and_again_has_stripe_asked_ten_times_in_a_minute(
    stripe: LocalStripe, lottery: Lottery, client: FlaskClient
) -> None:
    account = given.an_account()
    entry_id = entering.enter(lottery.id, account).entry_id
    page, done = cards.page_for(entry_id), f"/entries/{entry(entry_id).no}/card/done"
    visitor = given.signed_in(client, account)
    assert {visitor.get(done).status_code for _ in range(10)} == {303}
    stripe.pay(page)
    assert visitor.get(done).location == f"/listings/{lottery.code}/entry?no={entry(entry_id).no}"
    db.session.rollback()
    card = saved_card(entry(entry_id).subject)
    assert card is not None
    assert card.state == CardState.OPEN


def test_stripe_away_leaves_the_entry_and_says_so(stripe: LocalStripe, lottery: Lottery, client: FlaskClient) -> None:
    account = given.an_account()
    no = entering.enter(lottery.id, account).no
    visitor = given.signed_in(client, account)
    form = next(
        one for one in read(visitor.get(f"/listings/{lottery.code}/entry")).forms if one.action.endswith("/card")
    )
    stripe.sim("faults", fail_next=2)
    answer = visitor.post(form.action, data=form.values)
    assert answer.location == f"/listings/{lottery.code}/entry?no={no}"
    assert "いまカードの登録画面につながりません。" in visitor.get(answer.location).text


def test_back_from_a_page_that_stripe_does_not_know_any_more_one_sees_the_receipt(
    stripe: LocalStripe, lottery: Lottery, client: FlaskClient
) -> None:
    account = given.an_account()
    received = entering.enter(lottery.id, account)
    cards.page_for(received.entry_id)
    card = saved_card(entry(received.entry_id).subject)
    assert card is not None
    with transaction():
        get(SavedCard, card.id).session_id = "cs_test_of_another_account"
    visitor = given.signed_in(client, account)
    back = f"/listings/{lottery.code}/entry?no={received.no}"
    assert visitor.get(f"/entries/{received.no}/card/done").location == back
    assert visitor.get(back).status_code == 200


def test_nobody_opens_the_page_of_somebody_else(lottery: Lottery, client: FlaskClient) -> None:
    no = entering.enter(lottery.id, given.an_account()).no
    stranger = given.signed_in(client, given.an_account())
    assert stranger.get(f"/entries/{no}/card/done").status_code == 404


def test_a_page_that_is_over_gives_way_to_a_new_one(stripe: LocalStripe, lottery: Lottery) -> None:
    entry_id = entered(lottery)
    first = cards.page_for(entry_id)
    stripe.sim("advance", seconds=24 * 60 * 60)
    with pretending(now() + timedelta(days=1)):
        second = cards.page_for(entry_id)
        assert (stripe.pay(first).status, stripe.pay(second).status) == (410, 303)


def test_a_lottery_that_asks_for_no_card_leads_nowhere(app: Flask, stripe: LocalStripe) -> None:
    entry_id = entered(a_lottery())
    with pytest.raises(WrongState):
        cards.page_for(entry_id)
