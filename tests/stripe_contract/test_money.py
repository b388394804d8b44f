"""Customers, cards, charges, refunds and the balance. The local server must answer as Stripe does."""

import uuid
from typing import Any

import pytest
import stripe
from stripe._v1_services import V1Services

from tests.stripe_contract.asking import assert_laid_out, customer, intent

pytestmark = pytest.mark.stripe_contract


def test_a_customer_can_be_made_and_found_by_mail_address(v1: V1Services) -> None:
    made = v1.customers.create({"email": f"{uuid.uuid4().hex}@example.jp", "name": "山田花子"})
    assert_laid_out(made)
    assert v1.customers.retrieve(made.id).name == "山田花子"
    assert [found.id for found in v1.customers.list({"email": str(made.email)}).data] == [made.id]


def test_a_test_card_can_be_attached_and_detached(v1: V1Services) -> None:
    owner = customer(v1)
    method = v1.payment_methods.attach("pm_card_visa", {"customer": owner})
    assert_laid_out(method)
    assert (method.customer, method.card and method.card.last4) == (owner, "4242")
    listed = v1.payment_methods.list({"customer": owner, "type": "card"}).data
    assert [one.id for one in listed] == [method.id]
    assert v1.payment_methods.detach(method.id).customer is None


def test_a_confirmed_intent_has_the_money(v1: V1Services) -> None:
    paid = intent(v1, capture_method="automatic", off_session=True)
    assert_laid_out(paid)
    assert (paid.status, paid.amount_received) == ("succeeded", 1000)


def test_the_balance_transaction_splits_gross_into_fee_and_net(v1: V1Services) -> None:
    paid = intent(v1, capture_method="automatic", off_session=True)
    seen = v1.payment_intents.retrieve(paid.id, {"expand": ["latest_charge.balance_transaction"]})
    assert_laid_out(seen)
    charge = seen.latest_charge
    assert isinstance(charge, stripe.Charge)
    booked = charge.balance_transaction
    assert isinstance(booked, stripe.BalanceTransaction)
    assert (booked.amount, booked.amount - booked.fee, booked.type, booked.currency) == (
        1000,
        booked.net,
        "charge",
        "jpy",
    )
    assert booked.source == charge.id


def test_ten_yen_are_too_little(v1: V1Services) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        v1.payment_intents.create({"amount": 10, "currency": "jpy"})
    assert refusal.value.code == "amount_too_small"


def test_held_money_can_be_taken_in_part(v1: V1Services) -> None:
    held = intent(v1, 30_000, capture_method="manual", off_session=True)
    assert (held.status, held.amount_capturable, held.amount_received) == ("requires_capture", 30_000, 0)
    taken = v1.payment_intents.capture(held.id, {"amount_to_capture": 20_000})
    assert (taken.status, taken.amount_received, taken.amount_capturable) == ("succeeded", 20_000, 0)


def test_held_money_says_until_when(v1: V1Services) -> None:
    held = intent(v1, 30_000, capture_method="manual", off_session=True, expand=["latest_charge"])
    charge = held.latest_charge
    assert isinstance(charge, stripe.Charge)
    assert charge.payment_method_details is not None
    assert charge.payment_method_details.card is not None
    assert isinstance(charge.payment_method_details.card.capture_before, int)


def test_held_money_can_be_let_go(v1: V1Services) -> None:
    held = intent(v1, 30_000, capture_method="manual", off_session=True)
    assert v1.payment_intents.cancel(held.id).status == "canceled"


def test_what_has_succeeded_can_not_be_cancelled(v1: V1Services) -> None:
    paid = intent(v1, off_session=True)
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        v1.payment_intents.cancel(paid.id)
    assert refusal.value.code == "payment_intent_unexpected_state"


def test_a_declined_card_says_why(v1: V1Services) -> None:
    with pytest.raises(stripe.CardError) as refusal:
        intent(v1, method="pm_card_chargeDeclined", off_session=True)
    assert refusal.value.error is not None
    assert (refusal.value.code, refusal.value.error.decline_code) == ("card_declined", "generic_decline")


def test_a_card_without_funds_says_so(v1: V1Services) -> None:
    with pytest.raises(stripe.CardError) as refusal:
        intent(v1, method="pm_card_chargeDeclinedInsufficientFunds", off_session=True)
    assert refusal.value.error is not None
    assert refusal.value.error.decline_code == "insufficient_funds"


def test_a_card_that_asks_for_its_owner_can_not_be_charged_without(v1: V1Services) -> None:
    owner = customer(v1)
    method = v1.payment_methods.attach("pm_card_authenticationRequired", {"customer": owner}).id
    with pytest.raises(stripe.CardError) as refusal:
        intent(v1, method=method, off_session=True, customer=owner)
    assert refusal.value.code == "authentication_required"


def test_a_card_can_be_saved(v1: V1Services) -> None:
    saved = v1.setup_intents.create({"customer": customer(v1), "usage": "off_session"})
    assert saved.status == "requires_payment_method"
    done = v1.setup_intents.confirm(saved.id, {"payment_method": "pm_card_visa", "return_url": "http://127.0.0.1/r"})
    assert_laid_out(done)
    assert done.status == "succeeded"


def test_a_card_that_was_saved_can_be_charged_while_its_owner_is_away(v1: V1Services) -> None:
    owner = customer(v1)
    asked = v1.setup_intents.create({"customer": owner, "usage": "off_session", "metadata": {"reference": "1"}})
    done = v1.setup_intents.confirm(
        asked.id,
        {"payment_method": "pm_card_visa", "return_url": "http://127.0.0.1/r", "expand": ["payment_method"]},
    )
    method: Any = done.payment_method
    assert isinstance(method.card.fingerprint, str)
    intent(v1, method=method.id, customer=owner, off_session=True, metadata={"reference": "order:1"})
    found = v1.payment_intents.list({"customer": owner, "expand": ["data.latest_charge.balance_transaction"]}).data
    assert [(one.status, one.metadata["reference"]) for one in found] == [("succeeded", "order:1")]


def test_a_refused_charge_is_listed_with_its_reason(v1: V1Services) -> None:
    owner = customer(v1)
    method = v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": owner}).id
    with pytest.raises(stripe.CardError):
        intent(v1, method=method, customer=owner, off_session=True)
    found = v1.payment_intents.list({"customer": owner}).data
    assert [one.status for one in found] == ["requires_payment_method"]
    assert found[0].last_payment_error is not None
    assert found[0].last_payment_error.code == "card_declined"


def test_a_card_that_was_detached_is_not_charged(v1: V1Services) -> None:
    owner = customer(v1)
    method = v1.payment_methods.attach("pm_card_visa", {"customer": owner}).id
    v1.payment_methods.detach(method)
    with pytest.raises(stripe.InvalidRequestError):
        v1.payment_methods.detach(method)
    with pytest.raises(stripe.InvalidRequestError):
        intent(v1, method=method, customer=owner, off_session=True)


def test_a_customer_can_be_forgotten(v1: V1Services) -> None:
    owner = customer(v1)
    method = v1.payment_methods.attach("pm_card_visa", {"customer": owner}).id
    v1.customers.delete(owner)
    with pytest.raises(stripe.InvalidRequestError):
        v1.customers.delete(owner)
    assert v1.payment_methods.retrieve(method).customer is None


def test_a_line_of_the_balance_may_show_what_is_behind_it(v1: V1Services) -> None:
    paid = intent(v1, capture_method="automatic", off_session=True, metadata={"purpose": "deposit"})
    lines = v1.balance_transactions.list({"limit": 10, "expand": ["data.source"]}).data
    found: list[Any] = [line.source for line in lines]
    assert [one.metadata["purpose"] for one in found if one.id == paid.latest_charge] == ["deposit"]


def test_money_goes_back_in_parts_and_never_more_than_came(v1: V1Services) -> None:
    paid = intent(v1, off_session=True)
    refund = v1.refunds.create({"payment_intent": paid.id, "amount": 300, "reason": "requested_by_customer"})
    assert_laid_out(refund)
    assert (refund.status, refund.amount, refund.payment_intent) == ("succeeded", 300, paid.id)
    with pytest.raises(stripe.InvalidRequestError):
        v1.refunds.create({"payment_intent": paid.id, "amount": 701})
    v1.refunds.create({"payment_intent": paid.id})
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        v1.refunds.create({"payment_intent": paid.id})
    assert refusal.value.code == "charge_already_refunded"
    assert sorted(one.amount for one in v1.refunds.list({"payment_intent": paid.id}).data) == [300, 700]


def test_a_refund_is_a_line_of_the_balance_without_a_fee(v1: V1Services) -> None:
    paid = intent(v1, off_session=True)
    refund = v1.refunds.create({"payment_intent": paid.id, "expand": ["balance_transaction"]})
    booked = refund.balance_transaction
    assert isinstance(booked, stripe.BalanceTransaction)
    assert (booked.amount, booked.fee, booked.net, booked.type) == (-1000, 0, -1000, "refund")


def test_the_charge_knows_what_went_back(v1: V1Services) -> None:
    paid = intent(v1, off_session=True)
    v1.refunds.create({"payment_intent": paid.id, "amount": 400})
    seen = v1.payment_intents.retrieve(paid.id, {"expand": ["latest_charge"]}).latest_charge
    assert isinstance(seen, stripe.Charge)
    assert (seen.amount_refunded, seen.refunded) == (400, False)


def test_the_lists_of_money_are_laid_out(v1: V1Services) -> None:
    intent(v1, off_session=True)
    assert_laid_out(v1.balance_transactions.list({"limit": 3}))
    assert_laid_out(v1.charges.list({"limit": 3}))
    assert_laid_out(v1.payouts.list({"limit": 3}))
    assert_laid_out(v1.disputes.list({"limit": 3}))


def test_the_balance_is_in_yen(v1: V1Services) -> None:
    intent(v1, off_session=True)
    found: Any = v1.balance.retrieve()
    assert_laid_out(found)
    assert "jpy" in {part.currency for part in [*found.available, *found.pending]}
