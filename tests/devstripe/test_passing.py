"""What the server's clock does."""

import pytest

from tests.devstripe.shop import session, url_of
from tests.local_stripe import LocalStripe

HOUR = 60 * 60
DAY = 24 * HOUR


def test_a_session_expires_by_itself(stripe: LocalStripe) -> None:
    made = session(stripe.client())
    stripe.sim("advance", seconds=DAY - 10)
    assert stripe.client().checkout.sessions.retrieve(made.id).status == "open"
    stripe.sim("advance", seconds=20)
    assert stripe.client().checkout.sessions.retrieve(made.id).status == "expired"
    assert stripe.pay(url_of(made)).status == 410


def test_held_money_is_let_go_after_thirty_days(stripe: LocalStripe) -> None:
    made = session(stripe.client(), 30_000, payment_intent_data={"capture_method": "manual"})
    stripe.pay(url_of(made))
    intent_id = str(stripe.client().checkout.sessions.retrieve(made.id).payment_intent)
    assert stripe.client().payment_intents.retrieve(intent_id).status == "requires_capture"
    stripe.sim("advance", seconds=30 * DAY + 1)
    intent = stripe.client().payment_intents.retrieve(intent_id)
    assert (intent.status, intent.cancellation_reason) == ("canceled", "automatic")


def test_a_slip_from_the_store_lapses(stripe: LocalStripe) -> None:
    made = session(stripe.client())
    stripe.visit(url_of(made), do="konbini")
    stripe.sim("advance", seconds=4 * DAY)
    seen = stripe.client().checkout.sessions.retrieve(made.id, {"expand": ["payment_intent"]})
    assert (seen.status, seen.payment_status) == ("complete", "unpaid")
    assert [event.type for event in stripe.client().events.list({"limit": 1}).data] == [
        "checkout.session.async_payment_failed"
    ]


def test_money_becomes_available_and_goes_to_the_bank(stripe: LocalStripe) -> None:
    stripe.pay(url_of(session(stripe.client())))
    stripe.sim("advance", seconds=5 * DAY)
    (booked,) = stripe.client().balance_transactions.list().data
    assert (booked.status, booked.fee, booked.net) == ("available", 36, 964)
    payout = stripe.sim("payout")
    carried = stripe.client().balance_transactions.list({"payout": payout["id"]}).data
    assert (payout["amount"], sum(one.net for one in carried)) == (964, 0)


@pytest.mark.parametrize(("won", "left"), [(True, 964 - 1500), (False, 964 - 1000 - 1500)])
def test_a_dispute_takes_the_money_until_it_is_won(stripe: LocalStripe, won: bool, left: int) -> None:
    made = session(stripe.client())
    stripe.pay(url_of(made), "pm_card_createDispute")
    (dispute,) = stripe.client().disputes.list().data
    assert dispute.status == "needs_response"
    stripe.sim("close_dispute", dispute=dispute.id, won=won)
    assert sum(one.net for one in stripe.client().balance_transactions.list().data) == left


def test_the_clock_can_be_set_and_read(stripe: LocalStripe) -> None:
    assert 1_790_000_000 <= stripe.sim("clock", at=1_790_000_000)["now"] <= 1_790_000_030
    assert stripe.client().customers.create({}).created in range(1_790_000_000, 1_790_000_060)
