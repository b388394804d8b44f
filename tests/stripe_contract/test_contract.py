"""What the shop relies on, asked through the official client. The local server must answer as Stripe does.

What only a payer can do on a page is not here: Stripe's pages can't be driven (see tests/devstripe/test_pages.py).
"""

import time
import uuid
from typing import Any

import pytest
import stripe
from stripe._v1_services import V1Services

pytestmark = pytest.mark.stripe_contract


def checkout(v1: V1Services, yen: int = 1000, **more: Any) -> stripe.checkout.Session:
    params: Any = {
        "mode": "payment",
        "locale": "ja",
        "client_reference_id": "order:ORD-1",
        "metadata": {"reference": "1"},
        "customer_email": "hanako@example.jp",
        "line_items": [
            {
                "quantity": 1,
                "price_data": {"currency": "jpy", "unit_amount": yen, "product_data": {"name": "デジタル住民票"}},
            }
        ],
        "payment_intent_data": {"metadata": {"reference": "1"}, "description": "x", "capture_method": "automatic"},
        "allowed_payment_method_types": ["card"],
        "payment_method_options": {"card": {"request_three_d_secure": "any"}},
        "adaptive_pricing": {"enabled": False},
        "expires_at": int(time.time()) + 31 * 60,
        "success_url": "http://127.0.0.1/done",
        "cancel_url": "http://127.0.0.1/back",
        **more,
    }
    return v1.checkout.sessions.create(params)


def intent(v1: V1Services, yen: int = 1000, method: str = "pm_card_visa", **more: Any) -> stripe.PaymentIntent:
    params: Any = {
        "amount": yen,
        "currency": "jpy",
        "payment_method": method,
        "allowed_payment_method_types": ["card"],
        "confirm": True,
        "metadata": {"reference": "1"},
        **more,
    }
    return v1.payment_intents.create(params)


def customer(v1: V1Services) -> str:
    return v1.customers.create({"email": "hanako@example.jp", "name": "山田花子", "metadata": {"u": "1"}}).id


def assert_laid_out(thing: Any) -> None:
    """Every key of `thing` is one that the official client knows of its kind; the same for what is inside it."""
    if isinstance(thing, stripe.ListObject):
        for one in thing.data:
            assert_laid_out(one)
    elif isinstance(thing, stripe.StripeObject) and type(thing) is not stripe.StripeObject:
        known = set(getattr(type(thing), "__annotations__", {}))
        if "object" in known:
            assert set(thing.to_dict()) - known == set()
            for inner in vars(thing).get("_data", {}).values():
                assert_laid_out(inner)


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


def test_a_price_may_stand_for_a_line(v1: V1Services) -> None:
    product = v1.products.create({"name": "デジタル住民票"})
    price = v1.prices.create({"product": product.id, "currency": "jpy", "unit_amount": 1000})
    assert (price.unit_amount, price.currency) == (1000, "jpy")
    session = checkout(v1, line_items=[{"price": price.id, "quantity": 2}])
    assert session.amount_total == 2000


def test_a_new_session_is_open_and_unpaid(v1: V1Services) -> None:
    session = checkout(v1)
    assert_laid_out(session)
    assert (session.status, session.payment_status, session.amount_total, session.currency) == (
        "open",
        "unpaid",
        1000,
        "jpy",
    )
    assert (session.payment_intent, session.client_reference_id, session.livemode) == (None, "order:ORD-1", False)
    assert session.url is not None


def test_a_session_shows_its_lines_when_asked(v1: V1Services) -> None:
    session = v1.checkout.sessions.retrieve(checkout(v1).id, {"expand": ["line_items"]})
    assert session.line_items is not None
    assert [(line.description, line.amount_total) for line in session.line_items.data] == [("デジタル住民票", 1000)]
    assert [line.quantity for line in v1.checkout.sessions.line_items.list(session.id).data] == [1]


def test_sessions_are_listed_newest_first(v1: V1Services) -> None:
    made = [checkout(v1).id for _ in range(3)]
    first = v1.checkout.sessions.list({"limit": 2})
    assert ([one.id for one in first.data], first.has_more) == ([made[2], made[1]], True)
    after = v1.checkout.sessions.list({"limit": 1, "starting_after": made[1]}).data
    assert [one.id for one in after] == [made[0]]


def test_an_expired_session_stays_expired(v1: V1Services) -> None:
    session = v1.checkout.sessions.expire(checkout(v1).id)
    assert (session.status, session.url) == ("expired", None)
    with pytest.raises(stripe.InvalidRequestError):
        v1.checkout.sessions.expire(session.id)
    assert v1.checkout.sessions.retrieve(session.id).status == "expired"


def test_a_session_of_less_than_half_an_hour_is_refused(v1: V1Services) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        checkout(v1, expires_at=int(time.time()) + 10 * 60)
    assert refusal.value.param == "expires_at"


def test_a_session_of_more_than_a_day_is_refused(v1: V1Services) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        checkout(v1, expires_at=int(time.time()) + 25 * 60 * 60)
    assert refusal.value.param == "expires_at"


def test_a_session_without_lines_is_refused(v1: V1Services) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        checkout(v1, line_items=[])


def test_a_session_below_fifty_yen_is_refused(v1: V1Services) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        checkout(v1, yen=49)


def test_a_session_may_only_save_a_card(v1: V1Services) -> None:
    params: Any = {"mode": "setup", "currency": "jpy", "customer": customer(v1), "success_url": "http://127.0.0.1/s"}
    session = v1.checkout.sessions.create(params)
    assert (session.mode, session.payment_status, session.amount_total) == ("setup", "no_payment_required", None)
    assert isinstance(session.setup_intent, str)


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


def test_events_tell_what_happened(v1: V1Services) -> None:
    session = v1.checkout.sessions.expire(checkout(v1).id)
    events = v1.events.list({"types": ["checkout.session.expired"], "limit": 5, "created": {"gte": 1}})
    assert_laid_out(events)
    about = [event.data.object["id"] for event in events.data]
    assert about[0] == session.id
    assert v1.events.retrieve(events.data[0].id).type == "checkout.session.expired"


def test_an_endpoint_tells_its_secret_once(v1: V1Services, hook_url: str) -> None:
    made = v1.webhook_endpoints.create({"url": hook_url, "enabled_events": ["charge.refunded"]})
    try:
        assert made.secret is not None
        assert made.secret.startswith("whsec_")
        assert v1.webhook_endpoints.retrieve(made.id).to_dict().get("secret") is None
    finally:
        v1.webhook_endpoints.delete(made.id)
    with pytest.raises(stripe.InvalidRequestError):
        v1.webhook_endpoints.retrieve(made.id)


def test_one_key_gives_one_object(v1: V1Services) -> None:
    key: Any = {"idempotency_key": uuid.uuid4().hex}
    first = v1.payment_intents.create({"amount": 500, "currency": "jpy"}, key)
    second = v1.payment_intents.create({"amount": 500, "currency": "jpy"}, key)
    assert second.id == first.id
    assert second.last_response is not None
    headers: Any = second.last_response.headers
    assert headers["Idempotent-Replayed"] == "true"


def test_one_key_with_two_meanings_is_refused(v1: V1Services) -> None:
    key: Any = {"idempotency_key": uuid.uuid4().hex}
    v1.payment_intents.create({"amount": 500, "currency": "jpy"}, key)
    with pytest.raises(stripe.IdempotencyError):
        v1.payment_intents.create({"amount": 501, "currency": "jpy"}, key)


def test_a_refused_parameter_does_not_use_up_the_key(v1: V1Services) -> None:
    key: Any = {"idempotency_key": uuid.uuid4().hex}
    with pytest.raises(stripe.InvalidRequestError):
        v1.payment_intents.create({"amount": 10, "currency": "jpy"}, key)
    assert v1.payment_intents.create({"amount": 500, "currency": "jpy"}, key).amount == 500


def test_an_unknown_parameter_is_refused(v1: V1Services) -> None:
    params: Any = {"amount": 500, "currency": "jpy", "bogus": 1}
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        v1.payment_intents.create(params)
    assert refusal.value.code == "parameter_unknown"


def test_an_unknown_parameter_deep_inside_is_refused(v1: V1Services) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        checkout(v1, payment_intent_data={"bogus": "1"})
    assert refusal.value.param == "payment_intent_data[bogus]"


def test_what_is_not_there_is_not_found(v1: V1Services) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        v1.checkout.sessions.retrieve("cs_test_nothing")
    assert (refusal.value.http_status, refusal.value.code) == (404, "resource_missing")


def test_every_answer_names_its_request_and_version(v1: V1Services) -> None:
    response = v1.customers.list({"limit": 1}).last_response
    assert response is not None
    headers: Any = response.headers
    assert (headers["Stripe-Version"], headers["Request-Id"][:4]) == (stripe.api_version, "req_")
