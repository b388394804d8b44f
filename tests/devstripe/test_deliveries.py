"""Webhooks: signed, tried again, and as unreliable as a test wants them."""

from collections.abc import Iterator

import pytest
from stripe import InvalidRequestError

from tests.devstripe.shop import Shop, open_shop, session, url_of
from tests.local_stripe import SECRET, LocalStripe

PAID = [
    "payment_intent.created",
    "payment_intent.succeeded",
    "charge.succeeded",
    "checkout.session.completed",
]
"""What one payment says, in its order."""


@pytest.fixture
def shop(stripe: LocalStripe) -> Iterator[Shop]:
    with open_shop() as shop:
        stripe.sim("webhook", url=shop.url, secret=SECRET)
        yield shop
        stripe.sim("reset")


def pay(stripe: LocalStripe) -> str:
    made = session(stripe.client())
    assert stripe.pay(url_of(made)).status == 303
    return made.id


def test_a_payment_is_told_with_a_signature(stripe: LocalStripe, shop: Shop) -> None:
    session_id = pay(stripe)
    assert sorted(shop.wait_for(4)) == sorted(PAID)
    (completed,) = [one for one in shop.heard if one["type"] == "checkout.session.completed"]
    told = completed["data"]["object"]
    assert (told["id"], told["payment_status"], completed["livemode"]) == (session_id, "paid", False)
    assert not [key for key in told if key.startswith("_")]


def test_what_was_not_taken_comes_again(stripe: LocalStripe, shop: Shop) -> None:
    shop.answers[:] = [500, 503]
    pay(stripe)
    assert sorted(shop.wait_for(4)) == sorted(PAID)


def test_waiting_letters_are_carried_when_told(stripe: LocalStripe, shop: Shop) -> None:
    stripe.sim("faults", manual=True)
    pay(stripe)
    assert (shop.heard, stripe.sim("stats")["waiting"]) == ([], 4)
    assert stripe.sim("deliver", limit=1) == {"sent": 1, "failed": 0}
    assert stripe.sim("deliver") == {"sent": 3, "failed": 0}
    assert shop.kinds() == PAID


def test_letters_may_come_in_the_wrong_order(stripe: LocalStripe, shop: Shop) -> None:
    stripe.sim("faults", manual=True)
    pay(stripe)
    stripe.sim("deliver", order="newest")
    assert shop.kinds() == PAID[::-1]


def test_letters_may_come_twice_or_never(stripe: LocalStripe, shop: Shop) -> None:
    stripe.sim("faults", manual=True, duplicate=1.0)
    pay(stripe)
    stripe.sim("faults", duplicate=0.0, drop=1.0)
    pay(stripe)
    stripe.sim("deliver")
    assert sorted(shop.kinds()) == sorted(PAID * 2)


def test_lost_letters_can_still_be_read_in_the_list(stripe: LocalStripe, shop: Shop) -> None:
    stripe.sim("faults", drop=1.0)
    pay(stripe)
    unheard = stripe.client().events.list({"delivery_success": False, "limit": 100}).data
    assert [event.type for event in unheard][::-1] == PAID


def test_only_this_machine_is_ever_called(stripe: LocalStripe) -> None:
    with pytest.raises(Exception, match="400"):
        stripe.sim("webhook", url="http://192.0.2.1/hook", secret=SECRET)
    endpoints = stripe.client().webhook_endpoints
    with pytest.raises(InvalidRequestError):
        endpoints.create({"url": "https://shop.example.com/hook", "enabled_events": ["*"]})
    kept = endpoints.create({"url": "http://127.0.0.1:1/hook", "enabled_events": ["*"]})
    with pytest.raises(InvalidRequestError):
        endpoints.update(kept.id, {"url": "http://169.254.169.254/latest/meta-data"})
    assert endpoints.retrieve(kept.id).url == "http://127.0.0.1:1/hook"
