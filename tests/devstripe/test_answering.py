"""Keys, idempotency and bad luck."""

import threading
import urllib.error
import urllib.request
from typing import Any

import pytest
import stripe as official

from tests.devstripe.shop import session
from tests.local_stripe import LocalStripe

INTENT: Any = {"amount": 500, "currency": "jpy"}


@pytest.mark.parametrize("key", ["sk_live_1", "rk_live_1", "pk_test_1", "whatever"])
def test_only_test_keys_are_taken(stripe: LocalStripe, key: str) -> None:
    with pytest.raises(official.AuthenticationError):
        stripe.client(key).customers.list()


def test_a_request_without_a_key_is_refused(stripe: LocalStripe) -> None:
    with pytest.raises(urllib.error.HTTPError) as refusal:
        urllib.request.urlopen(f"{stripe.base_url}/v1/customers", timeout=10)
    refusal.value.close()
    assert refusal.value.code == 401


def test_an_unknown_address_is_a_stripe_error(stripe: LocalStripe) -> None:
    with pytest.raises(official.InvalidRequestError) as refusal:
        stripe.client().invoices.list()
    assert refusal.value.http_status == 404


def test_the_same_key_at_the_same_time_is_refused_not_queued(stripe: LocalStripe) -> None:
    """…as Stripe does; whoever waits and asks again gets the first answer."""
    key: Any = {"idempotency_key": "once"}
    stripe.sim("faults", slow=0.5)
    start = threading.Barrier(2)
    got: list[str | int | None] = []

    def ask() -> None:
        start.wait()
        try:
            got.append(stripe.client().payment_intents.create(INTENT, key).id)
        except official.StripeError as error:
            got.append(error.http_status)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stripe.sim("faults", slow=0)
    again = stripe.client().payment_intents.create(INTENT, key).id
    assert set(got) == {again, 409}


def test_a_declined_card_is_remembered_under_its_key(stripe: LocalStripe) -> None:
    key: Any = {"idempotency_key": "declined"}
    params: Any = {**INTENT, "payment_method": "pm_card_chargeDeclined", "confirm": True, "off_session": True}
    requests = []
    for _ in range(2):
        with pytest.raises(official.CardError) as refusal:
            stripe.client().payment_intents.create(params, key)
        requests.append(refusal.value.request_id)
    assert requests[0] == requests[1]
    assert len(stripe.client().payment_intents.list().data) == 1


def test_a_key_is_forgotten_after_a_day(stripe: LocalStripe) -> None:
    key: Any = {"idempotency_key": "old"}
    first = stripe.client().payment_intents.create(INTENT, key).id
    stripe.sim("advance", seconds=24 * 60 * 60 + 1)
    assert stripe.client().payment_intents.create(INTENT, key).id != first


def test_a_lost_answer_can_be_asked_for_again(stripe: LocalStripe) -> None:
    """What the client's own retry is for: the work was done, the answer never came."""
    stripe.sim("faults", lose_reply_next=1)
    made = session(stripe.client(retries=1), key="lost")
    assert [one.id for one in stripe.client().checkout.sessions.list().data] == [made.id]


@pytest.mark.parametrize(
    ("fault", "error"), [("fail_next", official.APIError), ("rate_limit_next", official.RateLimitError)]
)
def test_ordered_bad_luck_comes_once(stripe: LocalStripe, fault: str, error: type[Exception]) -> None:
    stripe.sim("faults", **{fault: 1})
    with pytest.raises(error):
        stripe.client().customers.list()
    assert stripe.client().customers.list().data == []


def test_a_fault_that_does_not_exist_is_refused(stripe: LocalStripe) -> None:
    with pytest.raises(urllib.error.HTTPError) as refusal:
        stripe.sim("faults", dorp=1)
    refusal.value.close()
    assert refusal.value.code == 400
