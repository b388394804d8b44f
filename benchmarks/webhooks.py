"""Stripe's webhooks, on both databases: signed events that nobody sent before, each checked, stored once and promised.

CPU-milliseconds of the web processes for one event, against a bare Flask application that checks the same signature and
inserts a row.
"""

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count
from typing import Any

import sqlalchemy as sa

from benchmarks import Result, bare_shop, compared
from benchmarks.clients import Request
from benchmarks.pages import Page
from benchmarks.places import DATABASES, let_go, town
from benchmarks.serving import served
from marketplace.kit.db import db
from marketplace.payments.stripe_models import StripeEvent

ROUNDS, SECONDS = 7, 1.5
SECRET = "whsec_measured"  # noqa: S105 -- of a town that lives for a minute


def measure() -> Iterator[Result]:
    for name in DATABASES:
        yield from measured(name)


def measured(name: str, rounds: int = ROUNDS, seconds: float = SECONDS) -> Iterator[Result]:
    with town(name, stripe_webhook_secrets=SECRET) as here, ExitStack() as stack:
        bare_shop.make_own_tables(db.engine)
        let_go()
        numbers = count()
        ours = Page(stack.enter_context(served("wsgi:app", here.env, "healthz")), events("/webhooks/stripe", numbers))
        bare = Page(stack.enter_context(served("benchmarks.bare_shop:app", here.env)), events("/webhook", numbers))
        for page in (ours, bare):  # nothing is cold when the rounds begin
            page.round(min(seconds, 0.5))
            page.costs.clear()
        for _ in range(rounds):
            ours.round(seconds)
            bare.round(seconds)
        kept = db.session.scalar(sa.select(sa.func.count()).select_from(StripeEvent))
        theirs = db.session.scalar(sa.select(sa.func.count()).select_from(bare_shop.Event))
        assert (kept or 0) + (theirs or 0) == next(numbers), "an event was answered and not kept"
    yield compared(f"webhooks.{name}", "CPU-ms", ours.costs, "bare Flask", bare.costs)


def events(path: str, numbers: "count[int]") -> Request:
    def written(_client: int) -> bytes:
        body = json.dumps(event(next(numbers))).encode()
        at = int(time.time())
        signature = hmac.new(SECRET.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        signed = f"Stripe-Signature: t={at},v1={signature}\r\nContent-Length: {len(body)}\r\n\r\n"
        return (head + signed).encode() + body

    return written


def event(number: int) -> dict[str, Any]:
    """A payment of a shop that shares the account: as long as ours, and nothing follows from it."""
    intent = {
        "id": f"pi_{number:024}",
        "object": "payment_intent",
        "amount": 3000,
        "amount_received": 3000,
        "currency": "jpy",
        "status": "succeeded",
        "livemode": False,
        "description": "デジタル住民票 第3弾「四季」",
        "latest_charge": f"ch_{number:024}",
        "metadata": {"reference": f"other:{number}", "purpose": "payment"},
        "payment_method_types": ["card"],
    }
    return {
        "id": f"evt_{number:024}",
        "object": "event",
        "api_version": "2026-10-29.dahlia",
        "created": int(time.time()),
        "data": {"object": intent},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": "payment_intent.succeeded",
    }
