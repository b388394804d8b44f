"""Orders that were bought at a real (local) Stripe and issued on a chain, and what a bank or a friend does then."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from marketplace.kit.clock import now
from marketplace.kit.db import db, get
from marketplace.orders.models import Order, OrderState
from marketplace.orders.paying import checkout
from marketplace.orders.placing import place
from marketplace.outbox import keeping
from marketplace.payments import asking
from marketplace.payments.models import Payment
from marketplace.payments.reconciling import reconcile
from marketplace.payments.stripe_models import Dispute
from marketplace.payments.syncing import sync
from marketplace.tokens.custody import custody_of
from marketplace.tokens.holding import recompute
from marketplace.tokens.models import Token
from tests import given
from tests.chainlogs import Chain
from tests.local_stripe import LocalStripe


def bought(
    stripe: LocalStripe,
    card: str = "pm_card_visa",
    yen: int = 1_000,
    kind: str = "resident",
    buyer: int | None = None,
) -> Order:
    """A paid order whose token the chain has not issued yet."""
    quantity = 1 if kind == "naming" else 10
    order_id = place(buyer or given.an_account(), given.a_listing(kind=kind, price_yen=yen, quantity=quantity))
    stripe.pay(checkout(order_id), card=card)
    payment = asking.open_payment(get(Order, order_id).subject)
    assert payment is not None
    sync(payment.id)
    keeping.drain()
    return fresh(order_id)


def issued(chain: Chain, order: Order) -> Order:
    """The chain has given the order's token to its buyer."""
    token = token_of(order)
    chain.mint(token.token_id, custody_of(order.buyer_id), block=10 + len(chain.said))
    chain.tell()
    recompute([token.token_id])
    keeping.drain()
    found = fresh(order.id)
    assert found.state == OrderState.ISSUED
    return found


def passed_on(chain: Chain, order: Order, account_id: int) -> None:
    """The token has gone to somebody else's custody."""
    token = token_of(order)
    chain.transfer(token.token_id, custody_of(order.buyer_id), custody_of(account_id), block=10 + len(chain.said))
    chain.tell()
    recompute([token.token_id])
    keeping.drain()


def disputed(stripe: LocalStripe, order: Order, **more: object) -> str:
    """The buyer's bank objects; the dispute's id."""
    made = stripe.sim("dispute", payment_intent=payment_of(order).payment_intent_id, **more)["id"]
    heard()
    assert db.session.get(Dispute, made) is not None
    db.session.rollback()
    return str(made)


def heard() -> None:
    """The reconciler has brought what Stripe has to say."""
    reconcile()
    keeping.drain()
    db.session.rollback()


def token_of(order: Order) -> Token:
    db.session.rollback()
    return db.session.scalars(sa.select(Token).where(Token.order_code == order.code)).one()


def payment_of(order: Order) -> Payment:
    db.session.rollback()
    return get(Payment, fresh(order.id).paid_by_payment_id)


def fresh(order_id: int) -> Order:
    db.session.rollback()
    return get(Order, order_id)


def paid_again(order: Order, stripe: LocalStripe) -> None:
    """Another payment for the same order, as where the first was heard of late."""
    pages = ("http://127.0.0.1/done", "http://127.0.0.1/confirm")
    ends = now() + timedelta(hours=1)
    second = asking.ask(order.subject, order.yen, "同じ注文", "buyer@example.jp", *pages, ends)
    stripe.pay(asking.checkout_url(second))
    sync(second)
    keeping.drain()
