"""Ask Stripe for a page to pay on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from marketplace.journal.writing import move
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, insert_once, let_go, lock, transaction
from marketplace.kit.languages import language
from marketplace.kit.refusals import Rejected, Unavailable, WrongState
from marketplace.payments import rules
from marketplace.payments.models import ASKED, NEEDS_REVIEW, OPEN, PROCESSING, SUCCEEDED, UNDER_WAY, Payment, Way
from marketplace.payments.stripe import Session, till
from marketplace.payments.telling import tell

_OF_SUBJECT = sa.select(Payment).where(Payment.subject == sa.bindparam("subject")).order_by(Payment.n.desc())
_OPEN = _OF_SUBJECT.where(Payment.state.in_((*UNDER_WAY, NEEDS_REVIEW))).limit(1)
_UNDER_WAY = _OF_SUBJECT.where(Payment.state.in_(UNDER_WAY)).limit(1)
_LAST = sa.select(sa.func.max(Payment.n)).where(Payment.subject == sa.bindparam("subject"))


@dataclass(frozen=True)
class Page:
    """What Stripe's page for `subject` is to say, and where it leads."""

    subject: str
    yen: int
    description: str
    email: str
    success_url: str
    cancel_url: str
    expires_at: datetime


def ask(
    subject: str,
    yen: int,
    description: str,
    email: str,
    success_url: str,
    cancel_url: str,
    expires_at: datetime,
    allow_konbini: bool = False,
    last: int | None = None,
) -> int:
    """Write down a payment of `yen` for `subject`: its id. The one under way, where there is one. NotPayable.

    `last`: the number of the attempt before, 0 for none, by who has just looked under a lock of the subject's own.
    """
    page = Page(subject, yen, description, email, success_url, cancel_url, expires_at)
    with transaction():
        n = next_attempt(subject) if last is None else last + 1
        key = f"{subject}:checkout:{n}"
        return write_down(page, n, key, Way.PAGE, page_params(page, key, konbini=allow_konbini))[0]


def next_attempt(subject: str) -> int:
    return (db.session.scalar(_LAST, {"subject": subject}) or 0) + 1


def write_down(
    page: Page, n: int, key: str, way: Way, params: dict[str, Any], saved_card_id: int | None = None
) -> tuple[int, bool]:
    """Inside a transaction: (the payment's id, True); where one is under way, that one's and False."""
    rules.check_payable(page.yen)
    payment_id = insert_once(
        Payment,
        {
            "subject": page.subject,
            "n": n,
            "yen": page.yen,
            "description": page.description,
            "email": page.email,
            "state": ASKED,
            "way": way,
            "saved_card_id": saved_card_id,
            "params": params,
            "idempotency_key": key,
            "created_at": now(),
            "expires_at": page.expires_at,
            "refunded_yen": 0,
        },
    )
    if payment_id is not None:
        return payment_id, True
    under_way = db.session.scalar(_UNDER_WAY, {"subject": page.subject})
    if under_way is None:  # another one was asked and ended between our two looks
        raise Unavailable(f"{page.subject} is being asked by another process")
    return under_way.id, False


def page_params(page: Page, key: str, *, konbini: bool = False, held: bool = False) -> dict[str, Any]:
    """https://docs.stripe.com/api/checkout/sessions/create"""
    konbini = konbini and page.yen in rules.KONBINI_YEN and not held
    options: dict[str, Any] = {}
    if held or page.yen >= rules.THREE_DS_FROM_YEN:
        options["card"] = {"request_three_d_secure": "any"}
    if konbini:
        options["konbini"] = {"expires_after_days": rules.KONBINI_DAYS}
    return {
        "mode": "payment",
        "locale": rules.locale(language().html),
        "client_reference_id": key,
        "metadata": {"reference": key},
        "customer_email": page.email,
        "line_items": [
            {
                "quantity": 1,
                "price_data": {"currency": "jpy", "unit_amount": page.yen, "product_data": {"name": page.description}},
            }
        ],
        "payment_intent_data": {
            "description": page.description,
            "metadata": {"reference": key, "purpose": "deposit" if held else "payment"},
            # not automatic_async: that one has no balance transaction at first
            "capture_method": "manual" if held else "automatic",
        },
        "allowed_payment_method_types": ["card", "konbini"] if konbini else ["card"],
        **({"payment_method_options": options} if options else {}),
        "adaptive_pricing": {"enabled": False},
        "expires_at": int(page.expires_at.timestamp()),
        "success_url": page.success_url,
        "cancel_url": page.cancel_url,
    }


def checkout_url(payment_id: int) -> str:
    """The address of Stripe's page. UnderReview, BeingCharged, Unavailable; WrongState where nothing can be paid."""
    payment = get(Payment, payment_id)
    state, url, way = payment.state, payment.url, payment.way
    if state == NEEDS_REVIEW:
        raise rules.UnderReview
    if way == Way.CARD and state in UNDER_WAY:
        raise rules.BeingCharged
    if state not in (ASKED, OPEN):
        raise WrongState
    if state == ASKED:
        url = open_page(payment_id).url
    let_go()
    if url is None:
        raise Unavailable("Stripe shows no page for this payment now")
    return url


def open_page(payment_id: int) -> Session:
    """The payment's session: the one that is there, else a new one. Unavailable.

    However often and from wherever it is called, there is one: Stripe remembers the key for a day, and after a day
    refuses the parameters, whose expires_at has come too near.
    """
    payment = get(Payment, payment_id)
    key, params, made, session_id = (
        payment.idempotency_key,
        dict(payment.params),
        payment.created_at,
        payment.session_id,
    )
    let_go()
    if session_id is not None:
        return till().session(session_id)
    session: Session | None
    try:
        session = till().create(params, key)
    except Rejected as refusal:
        session = till().session_of(key, int(made.timestamp()))
        if session is None:
            give_up(payment_id, str(refusal))
            raise Unavailable(str(refusal)) from refusal
    if not remember(payment_id, session):  # ended while we were asking: nobody may pay on this page
        return till().close(session.id)
    return session


def remember(payment_id: int, session: Session) -> bool:
    """Write down which session is ours. False where the payment has ended without one."""
    with transaction():
        payment = lock(Payment, payment_id)
        if payment.session_id is None:
            payment.session_id, payment.url = session.id, session.url
        if payment.state == ASKED:
            move(payment, "payment.open")
        return payment.state in (OPEN, PROCESSING, SUCCEEDED)


def give_up(payment_id: int, why: str) -> None:
    """Stripe will make no page of these parameters, for instance because their expires_at is too near by now."""
    with transaction():
        payment = lock(Payment, payment_id)
        if payment.state == ASKED:
            move(payment, "payment.fail", why=why)
            tell("payment.failed", payment)


def payments_of(subject: str) -> tuple[Payment | None, Payment | None]:
    """The payment under way, or under review, for `subject`, and the one that has come: both in one look."""
    under_way, paid, _last = attempts_of(subject)
    return under_way, paid


def attempts_of(subject: str) -> tuple[Payment | None, Payment | None, int]:
    """The same, and the number of the last attempt, 0 for none."""
    found = db.session.scalars(_OF_SUBJECT, {"subject": subject}).all()
    under_way = next((each for each in found if each.state in (*UNDER_WAY, NEEDS_REVIEW)), None)
    paid = next((each for each in found if each.state == SUCCEEDED), None)
    return under_way, paid, found[0].n if found else 0


def open_payment(subject: str) -> Payment | None:
    """The payment under way, or under review, for `subject`."""
    return db.session.scalar(_OPEN, {"subject": subject})
