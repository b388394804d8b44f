"""A saved card is charged once, and where its bank refuses, the owner can pay by hand."""

from collections import Counter
from datetime import timedelta

import pytest
from flask import Flask

from marketplace.fund.statements import balances
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import transaction
from marketplace.kit.refusals import Unavailable, WrongState
from marketplace.outbox import keeping
from marketplace.payments import asking, charging, saving
from marketplace.payments.expiring import expire
from marketplace.payments.models import CardState, PaymentState
from marketplace.payments.rules import BeingCharged
from marketplace.payments.stripe import Declined, till
from marketplace.payments.syncing import sync
from tests.crashing import PowerCut, rolled_back
from tests.local_stripe import LocalStripe
from tests.payments.till import ask, card, facts, kept, moves, opened, promised, said, saved, seen, state
from tests.racing import at_once

DAY = 24 * 60 * 60


def promise(saved_id: int, subject: str = "order:1", yen: int = 3_000, key: str = "won") -> int | None:
    with transaction():
        return charging.promise_charge(saved_id, subject, yen, "デジタル住民票", key)


def won(saved_id: int) -> int:
    payment_id = promise(saved_id)
    assert payment_id is not None
    return payment_id


def intents(stripe: LocalStripe) -> Counter[str]:
    return Counter(one.status for one in stripe.client().payment_intents.list({"limit": 100}).data)


@pytest.mark.parametrize("token", ["pm_card_visa", "pm_card_authenticationRequiredOnSetup"])
def test_the_card_pays_and_is_not_kept(app: Flask, stripe: LocalStripe, token: str) -> None:
    saved_id = saved(stripe, card=token)
    payment_id = won(saved_id)
    assert intents(stripe) == {}  # the worker does it
    keeping.drain()
    assert (state(payment_id), intents(stripe)) == (PaymentState.SUCCEEDED, {"succeeded": 1})
    assert said("payment.succeeded") == [{"payment_id": payment_id, "subject": "order:1", "way": "card", "yen": 3_000}]
    assert (card(saved_id).state, kept(stripe)) == (CardState.DETACHED, [])
    assert balances() | {"collected": -3_000, "fees": 108} == balances()
    assert moves()[2:] == ["card.save", "card.charge", "card.use", "card.detach"]


@pytest.mark.parametrize(
    ("token", "code"),
    [
        ("pm_card_chargeCustomerFail", "card_declined"),
        ("pm_card_authenticationRequired", "authentication_required"),
    ],
)
def test_a_refusal_is_told_and_the_owner_pays_by_hand(app: Flask, stripe: LocalStripe, token: str, code: str) -> None:
    saved_id = saved(stripe, card=token)
    payment_id = won(saved_id)
    keeping.drain()
    assert (state(payment_id), seen(payment_id).refusal) == (PaymentState.FAILED, code)
    assert said("card.declined") == [{"saved_id": saved_id, "subject": "test:1", "code": code}]
    assert said("payment.failed") == [{"payment_id": payment_id, "subject": "order:1", "way": "card"}]
    assert (card(saved_id).state, kept(stripe)) == (CardState.DETACHED, [])
    by_hand, url = opened("order:1", 3_000)
    assert stripe.pay(url).status == 303
    assert sync(by_hand) == PaymentState.SUCCEEDED


def test_one_key_is_one_charge(app: Flask, stripe: LocalStripe) -> None:
    saved_id = saved(stripe)
    promises = at_once(app, 5, lambda _: promise(saved_id))
    assert len(set(promises)) == 1
    at_once(app, 4, lambda _: charging.charge(promises[0]))
    keeping.drain()
    assert intents(stripe) == {"succeeded": 1}
    assert set(facts("payment.succeeded").values()) == {1}


def test_a_charge_that_was_rolled_back_is_none(app: Flask, stripe: LocalStripe) -> None:
    saved_id = saved(stripe)
    with rolled_back():
        charging.promise_charge(saved_id, "order:1", 3_000, "x", "won")
    keeping.drain()
    assert (intents(stripe), card(saved_id).state) == ({}, CardState.SAVED)


def test_while_it_is_charged_nobody_pays_by_hand(app: Flask, stripe: LocalStripe) -> None:
    payment_id = won(saved(stripe))
    assert ask("order:1", 3_000) == payment_id
    with pytest.raises(BeingCharged):
        asking.checkout_url(payment_id)
    keeping.drain()
    with pytest.raises(WrongState):
        asking.checkout_url(payment_id)


def test_who_is_paying_by_hand_is_not_charged_besides(app: Flask, stripe: LocalStripe) -> None:
    saved_id = saved(stripe)
    opened("order:1", 3_000)
    assert promise(saved_id) is None
    assert card(saved_id).state == CardState.SAVED


def test_without_a_card_there_is_no_charge(app: Flask, stripe: LocalStripe) -> None:
    asked, left = saving.ask_card("a", "x", "a@example.jp", "http://a", "http://a", now()), saved(stripe, "b")
    with transaction():
        saving.promise_detach(left, "lost")
    assert (promise(asked), promise(left)) == (None, None)


def test_dying_after_stripe_took_the_money_takes_it_once(
    app: Flask, stripe: LocalStripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The power goes between Stripe's answer and our commit; a day later Stripe has forgotten the key."""
    payment_id = won(saved(stripe))

    def cut(*_: object) -> None:
        raise PowerCut

    with monkeypatch.context() as patched:
        patched.setattr(charging, "follow", cut)
        with pytest.raises(PowerCut):
            charging.charge(payment_id)
    assert (state(payment_id), intents(stripe)) == (PaymentState.PROCESSING, {"succeeded": 1})
    stripe.sim("advance", seconds=2 * DAY)
    assert charging.charge(payment_id) == PaymentState.SUCCEEDED
    assert intents(stripe) == {"succeeded": 1}


def test_dying_after_a_refusal_does_not_try_again(
    app: Flask, stripe: LocalStripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment_id = won(saved(stripe, card="pm_card_chargeCustomerFail"))
    with pytest.raises(Declined):
        till().charge(seen(payment_id).params, "won")
    keeping.drain()
    assert (state(payment_id), intents(stripe)) == (PaymentState.FAILED, {"requires_payment_method": 1})


@pytest.mark.parametrize("fault", [{"fail_next": 2}, {"rate_limit_next": 1}, {"lose_reply_next": 2}])
def test_stripe_away_charges_later_and_once(app: Flask, stripe: LocalStripe, fault: dict[str, int]) -> None:
    payment_id = won(saved(stripe))
    stripe.sim("faults", **fault)
    with pytest.raises(Unavailable):
        charging.charge(payment_id)
    assert charging.charge(payment_id) == PaymentState.SUCCEEDED
    assert intents(stripe) == {"succeeded": 1}


def test_a_card_that_is_gone_at_stripe_is_a_refusal(app: Flask, stripe: LocalStripe) -> None:
    saved_id = saved(stripe)
    stripe.client().payment_methods.detach(str(card(saved_id).method_id))
    payment_id = won(saved_id)
    keeping.drain()
    assert (state(payment_id), intents(stripe)) == (PaymentState.FAILED, {})
    assert said("card.declined") == [{"saved_id": saved_id, "subject": "test:1", "code": "card_not_there"}]


def test_a_charge_that_nobody_began_may_be_called_off(app: Flask, stripe: LocalStripe) -> None:
    saved_id = saved(stripe)
    payment_id = won(saved_id)
    assert expire(payment_id) == PaymentState.EXPIRED
    keeping.drain()
    assert (card(saved_id).state, intents(stripe)) == (CardState.SAVED, {})
    assert promise(saved_id, key="won again") not in (None, payment_id)


@pytest.mark.parametrize("race", range(3))
def test_calling_off_and_charging_at_once_ends_in_one_of_both(app: Flask, stripe: LocalStripe, race: int) -> None:
    saved_id = saved(stripe)
    payment_id = won(saved_id)
    at_once(app, 2, lambda who: charging.charge(payment_id) if who else expire(payment_id))
    keeping.drain()
    ends = {PaymentState.EXPIRED: (CardState.SAVED, {}), PaymentState.SUCCEEDED: (CardState.DETACHED, {"succeeded": 1})}
    assert (card(saved_id).state, intents(stripe)) == ends[state(payment_id)]


def test_leaving_while_it_is_charged_waits_for_the_end(app: Flask, stripe: LocalStripe) -> None:
    saved_id = saved(stripe)
    payment_id = won(saved_id)
    with transaction():
        saving.promise_detach(saved_id, "the sale was cancelled")
    assert saving.detach(saved_id) == CardState.CHARGING
    keeping.drain()
    assert (state(payment_id), card(saved_id).state) == (PaymentState.SUCCEEDED, CardState.DETACHED)


def test_lost_webhooks_change_nothing_and_a_look_finds_it(app: Flask, stripe: LocalStripe) -> None:
    payment_id = won(saved(stripe))
    assert sync(payment_id) == PaymentState.ASKED
    till().charge(seen(payment_id).params, "won")
    with pretending(now() + timedelta(minutes=5)):
        assert sync(payment_id) == PaymentState.SUCCEEDED


def test_what_the_card_paid_may_go_back(app: Flask, stripe: LocalStripe) -> None:
    payment_id = won(saved(stripe))
    keeping.drain()
    promised(payment_id, 3_000)
    keeping.drain()
    assert balances() | {"refunds": 3_000} == balances()
