"""What a dispute has come to: its last word stays, and of several the one that is against the town counts."""

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.fund.statements import balances
from marketplace.kit.db import db
from marketplace.orders.models import Order
from marketplace.orders.returning import InDispute, obstacle
from marketplace.payments import disputing
from marketplace.payments.stripe import Objection, till
from marketplace.payments.stripe_models import GONE, KEPT, Dispute
from marketplace.payments.translating import dispute_outcome
from marketplace.tokens.freezing import frozen
from tests import given
from tests.chainlogs import Chain
from tests.local_stripe import LocalStripe
from tests.orders.bought import bought, disputed, fresh, heard, issued, payment_of, token_of
from tests.pages import read


@pytest.fixture
def order(stripe: LocalStripe, chain: Chain) -> Order:
    return issued(chain, bought(stripe))


def look(order: Order, dispute: str, status: str) -> None:
    """A look at Stripe that found this word."""
    payment = payment_of(order)
    disputing.keep(payment.id, Objection(dispute, status, "general", 1_000, 0, None, payment.payment_intent_id or ""))


def known(order: Order) -> tuple[list[str], str | None]:
    """The words of its disputes, the oldest first, and the payment's own."""
    db.session.rollback()
    statuses = list(db.session.scalars(sa.select(Dispute.status).order_by(Dispute.id)))
    return statuses, payment_of(order).dispute


@pytest.mark.parametrize(
    ("case_type", "status", "taken", "code"),
    [("resolution", "prevented", 1_000, "dispute_lost"), ("block", "blocked", 0, None)],
)
def test_prevented_freezes_the_right_where_the_payer_got_the_money_and_not_where_it_was_blocked(
    app: Flask, stripe: LocalStripe, order: Order, case_type: str, status: str, taken: int, code: str | None
) -> None:
    made = stripe.sim("prevent_dispute", payment_intent=payment_of(order).payment_intent_id, case_type=case_type)
    heard()
    assert (known(order), balances()["disputes"]) == (([status], status), taken)
    refusal = frozen(token_of(order))
    assert (refusal.code if refusal else None) == code
    assert isinstance(obstacle(fresh(order.id)), InDispute) == (code is not None)
    client = given.signed_in(app.test_client(), given.staff("treasury"))
    page = read(client.get(f"/staff/disputes/{made['id']}")).words
    words = ("自動で払った方に返されました", "異議になる前に止まりました", "お金が戻らないと決まったため")
    assert [word in page for word in words] == ([True, False, True] if code else [False, True, False])


@pytest.mark.parametrize(
    ("status", "details", "word"),
    [
        ("prevented", {"card": {"case_type": "block"}}, "blocked"),
        ("prevented", {"card": {"case_type": "resolution"}}, "prevented"),
        ("prevented", {"klarna": {}}, "prevented"),
        ("prevented", None, "prevented"),
        ("lost", {"card": {"case_type": "block"}}, "lost"),
    ],
)
def test_only_what_was_surely_blocked_is_told_apart(status: str, details: dict[str, Any] | None, word: str) -> None:
    assert dispute_outcome({"status": status, "payment_method_details": details}) == word
    assert (word in KEPT, word in GONE) == (word == "blocked", word != "blocked")


def test_the_last_word_stays_but_for_a_loss_that_the_payer_withdraws(stripe: LocalStripe, order: Order) -> None:
    dispute = disputed(stripe, order)
    heard_so_far = []
    for status in ("under_review", "lost", "needs_response", "won", "lost", "needs_response"):
        look(order, dispute, status)
        heard_so_far.append(known(order))
    assert heard_so_far == [([word], word) for word in ("under_review", "lost", "lost", "won", "won", "won")]
    assert till().dispute(dispute).status == "needs_response"  # nobody but us has said so


def test_of_several_disputes_each_is_followed_and_the_gravest_counts(order: Order) -> None:
    for dispute, status in (
        *(("dp_1", "needs_response"), ("dp_2", "needs_response")),
        *(("dp_1", "lost"), ("dp_2", "lost")),
    ):
        look(order, dispute, status)
    assert known(order) == (["lost", "lost"], "lost")
    look(order, "dp_1", "won")
    assert known(order) == (["won", "lost"], "lost")
    look(order, "dp_3", "won")
    assert known(order) == (["won", "lost", "won"], "lost")
    assert frozen(token_of(order)) is not None
    look(order, "dp_2", "won")
    assert (known(order), frozen(token_of(order))) == ((["won", "won", "won"], "won"), None)
