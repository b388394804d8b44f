"""Close a page: only Stripe can say that nobody will pay on it any more."""

from __future__ import annotations

from marketplace.journal.writing import move
from marketplace.kit.db import get, let_go, lock, transaction, writing
from marketplace.kit.refusals import Unavailable
from marketplace.payments import asking
from marketplace.payments.models import ASKED, FAILED, OPEN, Payment, PaymentState, Way
from marketplace.payments.stripe import till
from marketplace.payments.syncing import follow
from marketplace.payments.telling import tell


def expire(payment_id: int) -> PaymentState:
    """The state after asking Stripe to close the page: expired, or what it had become before. Unavailable.

    A payment whose session we do not know is asked for it under its own key first: whether an earlier call got
    through or is still on its way, that gives the same session, and that one is closed.
    """
    payment = get(Payment, payment_id)
    state, session_id, way = payment.state, payment.session_id, payment.way
    let_go()
    if state not in (ASKED, OPEN):
        return state
    if way == Way.CARD:
        return _call_off(payment_id)
    if session_id is None:
        try:
            session_id = asking.open_page(payment_id).id
        except Unavailable:
            state = get(Payment, payment_id).state
            let_go()
            if state == FAILED:  # Stripe will never make the page
                return state
            raise
    return follow(payment_id, till().close(session_id))


def expire_by_hand(payment_id: int, by: str, why: str) -> None:
    """Inside a transaction: staff say that nobody can pay on it, of a page of which Stripe knows nothing. Money that
    comes all the same wins, as it does over every end."""
    assert writing(), "expire_by_hand() belongs inside transaction()"
    payment = lock(Payment, payment_id)
    move(payment, "payment.expire", by=by, why=why)
    tell("payment.expired", payment)


def _call_off(payment_id: int) -> PaymentState:
    """A charge of a saved card that nobody has begun, charging.py marks its beginning, is not begun any more."""
    with transaction():
        payment = lock(Payment, payment_id)
        if payment.state == ASKED:
            move(payment, "payment.expire")
            tell("payment.expired", payment)
        return payment.state
