"""Hear Stripe's news: check the signature, write down what it is about, answer. Nothing else happens here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime

import sqlalchemy as sa

from marketplace.kit.clock import now
from marketplace.kit.db import db, insert_once, let_go, transaction
from marketplace.kit.refusals import Refused
from marketplace.outbox.promising import say
from marketplace.payments.finding import Known, known_of
from marketplace.payments.models import Way
from marketplace.payments.stripe import News
from marketplace.payments.stripe_models import StripeEvent
from marketplace.payments.translating import news_of
from marketplace.settings import settings

KINDS = (
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
    "payment_intent.succeeded",
    "payment_intent.amount_capturable_updated",
    "payment_intent.canceled",
    "setup_intent.succeeded",
    "charge.refunded",
    "refund.created",
    "refund.updated",
    "refund.failed",
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.closed",
    "payout.paid",
    "payout.failed",
    "payout.canceled",
    "payout.reconciliation_completed",
)
"""What the endpoint at Stripe should be subscribed to; other kinds are answered and forgotten."""

SUCCESS = "payment_intent.succeeded"
"""Of what is paid on a page the page's own news (checkout.session.…) tell all that its intent's success would; of a
saved card and of a hold there are no other. https://docs.stripe.com/checkout/fulfillment"""
SAY_PAID = ("checkout.session.completed", "checkout.session.async_payment_succeeded", SUCCESS)
"""The buyer who comes back says so too: whoever is not the first need not look."""


class Forged(Refused):
    """Not from Stripe, too old, or of the other mode (test and live)."""

    code = "forged"
    status = 400
    message = "署名を確認できません。"


def hear(raw_body: bytes, signature: str) -> None:
    """`signature` is the Stripe-Signature header. Raises Forged, and then nothing is stored."""
    _check_signature(raw_body, signature)
    try:
        news = news_of(json.loads(raw_body))
        well_formed(news)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:  # signed, but no event
        raise Forged from error
    if news.live != settings().stripe_live:
        raise Forged
    keep(news, via="webhook")


def well_formed(news: News) -> None:
    """ValueError where it is no event that can be kept: whoever has the secret may still be mistaken."""
    words = [(news.id, 64), (news.kind, 64), *((word, 255) for word in news.about.values() if word is not None)]
    if not all(
        isinstance(word, str) and word.isascii() and word.isprintable() and len(word) <= most for word, most in words
    ):
        raise ValueError("a name that is none")
    if type(news.at) is not int or not 0 <= news.at < 2**33 or type(news.live) is not bool:
        raise ValueError("a moment or a mode that is none")


def is_kept(event_id: str) -> bool:
    """A look that takes no lock: most of what is read again is known."""
    kept = db.session.scalar(sa.select(StripeEvent.id).where(StripeEvent.id == event_id)) is not None
    let_go()
    return kept


def known_already(kind: str, about: Mapping[str, str | None]) -> Known | None:
    """Of news that a payment was made, what we know of that payment."""
    return known_of(about["reference"]) if kind in SAY_PAID else None


def keep(news: News, via: str) -> bool:
    """Store it once and tell the worker ⇢ stripe.event. False where it was known, or is of no interest.

    The worker is not told what the buyer who came back has found already.
    """
    if news.kind not in KINDS:
        return False
    known = known_already(news.kind, news.about)
    if known is not None and news.kind == SUCCESS and known.way == Way.PAGE:
        return False
    values = {
        "id": news.id,
        "kind": news.kind,
        "about": dict(news.about),
        "created_at": datetime.fromtimestamp(news.at, UTC),
        "received_at": now(),
        "via": via,
    }
    with transaction():
        if insert_once(StripeEvent, values) is None:
            return False
        if known is None or not known.is_booked(news.about["payment_intent"]):
            say("stripe.event", key=news.id, event_id=news.id)
        return True


def _check_signature(raw_body: bytes, signature: str) -> None:
    """One of our secrets must fit (two while they are exchanged), and the time must be near.

    https://docs.stripe.com/webhooks#replay-attacks
    """
    import stripe  # noqa: PLC0415 -- only here and in the till; see official.py

    tolerance = settings().stripe_webhook_tolerance_s
    for secret in filter(None, settings().stripe_webhook_secrets.get_secret_value().split(",")):
        try:
            stripe.WebhookSignature.verify_header(raw_body, signature, secret.strip(), tolerance)
        except (stripe.SignatureVerificationError, ValueError):  # ValueError: a body that is no text
            continue
        return
    raise Forged
