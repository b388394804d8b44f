"""Events, keys of idempotency and refusals. The local server must answer as Stripe does."""

import uuid
from typing import Any

import pytest
import stripe
from stripe._v1_services import V1Services

from tests.stripe_contract.asking import assert_laid_out, checkout

pytestmark = pytest.mark.stripe_contract


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
