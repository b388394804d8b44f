"""The world of payments, built by the same commands as the offices use, and looks at what became of it."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from marketplace.journal.models import Entry
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, transaction
from marketplace.outbox.models import Message
from marketplace.payments import asking
from marketplace.payments.models import Payment, PaymentState
from marketplace.payments.refunding import promise_refund
from marketplace.payments.syncing import sync
from tests.local_stripe import LocalStripe

SHOP = "http://127.0.0.1:9"


def ask(subject: str = "test:1", yen: int = 1000, **more: Any) -> int:
    terms = {
        "description": "デジタル住民票",
        "email": "hanako@example.jp",
        "success_url": f"{SHOP}/done",
        "cancel_url": f"{SHOP}/back",
        "expires_at": now() + timedelta(minutes=45),
        **more,
    }
    return asking.ask(subject, yen, **terms)


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
