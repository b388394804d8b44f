"""Money that is set aside and taken later, or never: the payer's bank holds it until `capture_before` and no longer.

https://docs.stripe.com/payments/place-a-hold-on-a-payment-method
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from marketplace.journal.writing import note
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, let_go, lock, transaction, writing
from marketplace.kit.refusals import Rejected, Unavailable
from marketplace.kit.sheets import sheet
from marketplace.outbox.promising import say
from marketplace.payments import asking
from marketplace.payments.expiring import expire
from marketplace.payments.models import HELD, UNDER_WAY, Ending, Hold, Payment, PaymentState, Way
from marketplace.payments.rules import WARN_BEFORE, HoldEnded
from marketplace.payments.stripe import till
from marketplace.payments.syncing import sync


def ask_hold(
    subject: str,
    yen: int,
    description: str,
    email: str,
    success_url: str,
    cancel_url: str,
    expires_at: datetime,
) -> int:
    """Write down that `yen` are to be held for `subject`: the payment's id, for asking.checkout_url(). NotPayable.

    The one under way, where there is one. A hold that is placed takes the place of the subject's older one, which is
    let go. ⇢ hold.placed{payment_id, subject, capture_before: seconds}, then one of hold.released{payment_id, subject},
    hold.captured{payment_id, subject, yen} and hold.lost{payment_id, subject}, where the bank has ended it by itself.
    """
    page = asking.Page(subject, yen, description, email, success_url, cancel_url, expires_at)
    with transaction() as session:
        n = asking.next_attempt(subject)
        key = f"{subject}:hold:{n}"
        payment_id, new = asking.write_down(page, n, key, Way.HOLD, asking.page_params(page, key, held=True))
        if new:
            session.add(Hold(payment_id=payment_id, ending_reason=""))
        return payment_id


def held(subject: str) -> Payment | None:
    """The payment that is held for `subject` now, the newest."""
    newest = sa.select(Payment).where(Payment.subject == subject, Payment.state == HELD).order_by(Payment.n.desc())
    return db.session.scalar(newest.limit(1))


def promise_release(payment_id: int, key: str, reason: str = "") -> bool:
    """Inside a transaction: nothing of the hold will be taken. A page that is still open is closed.

    False where it is decided that it is taken. Once more is nothing.
    """
    assert writing(), "promise_release() belongs inside transaction()"
    payment, hold = lock(Payment, payment_id), lock(Hold, payment_id)
    if hold.ending is None and payment.state in (*UNDER_WAY, HELD):
        _decide(payment, hold, Ending.RELEASE, None, key, reason)
    return hold.ending != Ending.CAPTURE


def promise_capture(payment_id: int, yen: int, reason: str, key: str) -> None:
    """Inside a transaction: `yen` of the hold will be taken, once for each `key`; the rest is let go.

    HoldEnded where it is not held, is to be let go, or its time is over.
    """
    assert writing(), "promise_capture() belongs inside transaction()"
    payment, hold = lock(Payment, payment_id), lock(Hold, payment_id)
    if hold.ending_key == key:
        return
    over = hold.capture_before is None or hold.capture_before <= now()
    if payment.state != HELD or hold.ending is not None or over or not 0 < yen <= payment.yen:
        raise HoldEnded
    _decide(payment, hold, Ending.CAPTURE, yen, key, reason)


def _decide(payment: Payment, hold: Hold, ending: Ending, yen: int | None, key: str, reason: str) -> None:
    hold.ending, hold.ending_yen, hold.ending_key, hold.ending_reason = ending, yen, key, reason
    note(payment.subject, f"hold.{ending}", why=reason, payment=payment.id, yen=yen or payment.yen)
    say("hold.decided", key=f"{payment.id}", payment_id=payment.id)


def carry_out(payment_id: int) -> PaymentState:
    """Do with the hold what was decided. Dying anywhere in here is harmless: the next try looks at Stripe first.

    Unavailable.
    """
    payment, hold = get(Payment, payment_id), get(Hold, payment_id)
    state, ending, intent, key = payment.state, hold.ending, payment.payment_intent_id, payment.idempotency_key
    yen, capture_before = hold.ending_yen, hold.capture_before
    let_go()
    if ending is None:
        return state
    if state in UNDER_WAY:
        state = expire(payment_id)
        intent = get(Payment, payment_id).payment_intent_id
        let_go()
    if state != HELD or (state := sync(payment_id)) != HELD:
        return state
    assert intent is not None
    refusal = None
    try:
        if ending == Ending.RELEASE:
            till().let_go(intent, f"{key}:release")
        elif yen is not None and capture_before is not None and now() < capture_before:
            till().take(intent, yen, f"{key}:capture")
    except Rejected as no:  # ended by somebody else, or by its bank: the look tells which
        refusal = no
    state = sync(payment_id)
    if state == HELD:
        raise Unavailable(f"the hold {payment_id} is still there: {refusal or 'Stripe has not ended it yet'}")
    return state


def let_older_go(payment_id: int, subject: str) -> None:
    """The hold is there; those that the subject had before it are not needed any more."""
    newest = get(Payment, payment_id).n
    older = sa.select(Payment.id).where(Payment.subject == subject, Payment.n < newest, Payment.state == HELD)
    ids = list(db.session.scalars(older.order_by(Payment.id)))
    let_go()
    for older_id in ids:
        with transaction():
            promise_release(older_id, f"renewed:{payment_id}", "renewed")


@sheet(every=600, name="payments.holds_end_soon")
def warn() -> None:
    """⇢ hold.ends_soon{payment_id, subject, capture_before}, once for each hold that its bank ends within two days."""
    soon = (
        sa.select(Payment.id, Payment.subject, Hold)
        .join(Hold, Hold.payment_id == Payment.id)
        .where(Payment.state == HELD, Hold.ending.is_(None), Hold.capture_before <= now() + WARN_BEFORE)
        .order_by(Hold.capture_before)
    )
    ending = [(payment_id, subject, hold.capture_before) for payment_id, subject, hold in db.session.execute(soon)]
    let_go()
    for payment_id, subject, capture_before in ending:
        assert capture_before is not None  # the query's
        seconds = int(capture_before.timestamp())
        with transaction():
            say("hold.ends_soon", key=str(payment_id), payment_id=payment_id, subject=subject, capture_before=seconds)
