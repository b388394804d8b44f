"""The pages of a deposit: the way to Stripe and back, and how it stands."""

import pytest
from flask.testing import FlaskClient

from marketplace.admissions import deposits
from marketplace.kit.db import get, transaction
from marketplace.listings.models import Listing
from marketplace.outbox import keeping
from marketplace.payments import asking
from marketplace.payments.models import Payment, PaymentState
from marketplace.settings import Settings
from tests import given
from tests.admissions.test_deposits import a_sale, approved, row, states
from tests.local_stripe import LocalStripe
from tests.pages import read


@pytest.fixture
def settings(settings: Settings, stripe: LocalStripe) -> Settings:
    return stripe.settings(settings)


def test_one_finds_the_way_and_sees_how_it_stands(stripe: LocalStripe, client: FlaskClient) -> None:
    account, listing_id = given.an_account(), a_sale()
    code = get(Listing, listing_id).code
    participation_id = approved(listing_id, account)
    visitor = given.signed_in(client, account)
    form = next(one for one in read(visitor.get(f"/listings/{code}/taking-part")).forms if "verify" in one.action)
    answer = visitor.post(form.action, data=form.values)
    assert answer.status_code == 303
    assert stripe.pay(answer.location).location.endswith(f"/listings/{code}/taking-part/done")
    assert visitor.get(f"/listings/{code}/taking-part/done").status_code == 303
    keeping.drain()
    words = read(visitor.get(f"/listings/{code}/taking-part")).words
    assert "あなたの番号は 01番 です。" in words
    assert "10,000円　お預かり中（カードの枠）" in words
    staff = given.signed_in(client, given.staff("treasury"))
    table = read(staff.get("/staff/deposits")).words
    assert row(participation_id).called in table
    assert "お預かり中" in table


def test_who_comes_back_again_and_again_has_stripe_asked_ten_times_in_a_minute(
    stripe: LocalStripe, client: FlaskClient
) -> None:
    account, listing_id = given.an_account(), a_sale()
    participation_id = approved(listing_id, account)
    page, done = deposits.page_for(participation_id), f"/listings/{get(Listing, listing_id).code}/taking-part/done"
    visitor = given.signed_in(client, account)
    assert {visitor.get(done).status_code for _ in range(10)} == {303}
    stripe.pay(page)
    assert visitor.get(done).status_code == 303
    assert states(participation_id) == [PaymentState.OPEN]


def test_back_from_a_page_that_stripe_does_not_know_any_more_one_sees_how_it_stands(
    stripe: LocalStripe, client: FlaskClient
) -> None:
    account, listing_id = given.an_account(), a_sale()
    participation_id = approved(listing_id, account)
    deposits.page_for(participation_id)
    payment = asking.open_payment(row(participation_id).subject)
    assert payment is not None
    with transaction():
        get(Payment, payment.id).session_id = "cs_test_of_another_account"
    visitor, place = given.signed_in(client, account), f"/listings/{get(Listing, listing_id).code}/taking-part"
    assert visitor.get(f"{place}/done").location == place
    assert visitor.get(place).status_code == 200


def test_nobody_goes_the_way_of_somebody_else(stripe: LocalStripe, client: FlaskClient) -> None:
    listing_id = a_sale()
    approved(listing_id)
    stranger = given.signed_in(client, given.an_account())
    assert stranger.get(f"/listings/{get(Listing, listing_id).code}/taking-part/done").status_code == 404
