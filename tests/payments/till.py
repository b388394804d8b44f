"""The world of payments, built by the same commands as the offices use, and looks at what became of it."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from marketplace.journal.models import Entry
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db, get, transaction
from marketplace.outbox.models import Message
from marketplace.payments import asking, holding, saving
from marketplace.payments.models import CardState, Payment, PaymentState, SavedCard
from marketplace.payments.refunding import promise_refund
from marketplace.payments.syncing import sync
from tests.local_stripe import LocalStripe

SHOP = "http://127.0.0.1:9"


def ask(subject: str = "test:1", yen: int = 1000, **more: Any) -> int:
    return asking.ask(subject, yen, **_terms("デジタル住民票", **more))


def _terms(description: str, **more: Any) -> dict[str, Any]:
    return {
        "description": description,
        "email": "hanako@example.jp",
        "success_url": f"{SHOP}/done",
        "cancel_url": f"{SHOP}/back",
        "expires_at": now() + timedelta(minutes=45),
        **more,
    }


def opened(subject: str = "test:1", yen: int = 1000, **more: Any) -> tuple[int, str]:
    """A payment whose page is open: its id and the page's address."""
    payment_id = ask(subject, yen, **more)
    return payment_id, asking.checkout_url(payment_id)


def paid(stripe: LocalStripe, subject: str = "test:1", yen: int = 1000, card: str = "pm_card_visa") -> int:
    payment_id, url = opened(subject, yen)
    assert stripe.pay(url, card).status == 303
    assert sync(payment_id) == PaymentState.SUCCEEDED
    return payment_id


def promised(payment_id: int, yen: int = 1000, key: str = "back") -> int:
    with transaction():
        return promise_refund(payment_id, yen, "中止のため", key)


def seen(payment_id: int) -> Payment:
    """The payment as it is now, off the session: the test holds no snapshot that would hide what comes next."""
    db.session.rollback()
    payment = get(Payment, payment_id)
    db.session.expunge(payment)
    db.session.rollback()
    return payment


def state(payment_id: int) -> PaymentState:
    return seen(payment_id).state


def moves(subject: str = "test:1") -> list[str]:
    """The events of the journal about a subject, in their order."""
    db.session.rollback()
    return list(db.session.scalars(sa.select(Entry.event).where(Entry.subject == subject).order_by(Entry.id)))


def facts(*topics: str) -> Counter[tuple[str, str]]:
    """How often each (topic, hearer) was promised."""
    db.session.rollback()
    query = sa.select(Message.topic, Message.handler).where(Message.topic.in_(topics))
    return Counter((topic, handler) for topic, handler in db.session.execute(query))


def said(topic: str) -> list[dict[str, Any]]:
    """The bodies of a fact, as each hearer gets it; one for each time it was said."""
    db.session.rollback()
    query = sa.select(Message.handler, Message.body).where(Message.topic == topic).order_by(Message.id)
    heard: dict[str, list[dict[str, Any]]] = {}
    for handler, body in db.session.execute(query):
        heard.setdefault(handler, []).append(body)
    return next(iter(heard.values()), [])


def ask_hold(subject: str = "test:1", yen: int = 30_000, **more: Any) -> int:
    return holding.ask_hold(subject, yen, **_terms("入札保証金", **more))


def held(stripe: LocalStripe, subject: str = "test:1", yen: int = 30_000, card: str = "pm_card_visa") -> int:
    """A payment that the payer's bank holds."""
    payment_id = ask_hold(subject, yen)
    assert stripe.pay(asking.checkout_url(payment_id), card).status == 303
    assert sync(payment_id) == PaymentState.HELD
    return payment_id


def intent(stripe: LocalStripe, payment_id: int) -> tuple[str, int]:
    """How the payment stands at Stripe: (status, yen that were taken)."""
    found = stripe.client().payment_intents.retrieve(str(seen(payment_id).payment_intent_id))
    return found.status, found.amount_received


def ask_card(subject: str = "test:1", **more: Any) -> int:
    return saving.ask_card(subject, **_terms("抽選の応募", **more))


def saved(stripe: LocalStripe, subject: str = "test:1", card: str = "pm_card_visa") -> int:
    """A card that Stripe keeps."""
    saved_id = ask_card(subject)
    assert pay_through(stripe, saving.card_url(saved_id), card) == 303
    assert saving.sync_card(saved_id) == CardState.SAVED
    return saved_id


def pay_through(stripe: LocalStripe, url: str, card: str) -> int:
    """The last status that the payer sees, who proves who they are where they are asked."""
    seen = stripe.pay(url, card)
    return stripe.visit(seen.location, do="pass").status if "/c/3ds/" in seen.location else seen.status


def card(saved_id: int) -> SavedCard:
    """The card as it is now, off the session."""
    db.session.rollback()
    found = get(SavedCard, saved_id)
    db.session.expunge(found)
    db.session.rollback()
    return found


def kept(stripe: LocalStripe) -> list[str]:
    """The last digits of every card that Stripe keeps for a customer."""
    customers = [one.id for one in stripe.client().customers.list({"limit": 100}).data]
    lists = [stripe.client().payment_methods.list({"customer": one}).data for one in customers]
    return sorted(method.card.last4 for methods in lists for method in methods if method.card is not None)


DAY = 24 * 60 * 60


def release(payment_id: int, key: str = "lost the auction") -> bool:
    with transaction():
        return holding.promise_release(payment_id, key)


def capture(payment_id: int, yen: int = 30_000, key: str = "did not pay") -> None:
    with transaction():
        holding.promise_capture(payment_id, yen, "落札の代金が期限までに支払われなかったため", key)


def after(stripe: LocalStripe, days: float) -> Any:
    """Both clocks, Stripe's and ours."""
    stripe.sim("advance", seconds=int(days * DAY))
    return pretending(now() + timedelta(days=days))
