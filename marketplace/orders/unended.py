"""An order whose time is over and that does not end: Stripe is away, or knows nothing of its page. People end that."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from marketplace.kit.clock import now
from marketplace.kit.db import db, get, let_go, lock, transaction
from marketplace.kit.refusals import Refused, Rejected, Unavailable, WrongState
from marketplace.listings.models import Listing, ListingState
from marketplace.orders import expiring, settling
from marketplace.orders.models import Order, OrderState
from marketplace.payments import asking
from marketplace.payments.expiring import expire_by_hand
from marketplace.payments.models import Payment, PaymentState, Way

LATE = timedelta(minutes=10)
"""The clock ends what is over within seconds, and a thousand orders of one moment within minutes."""


class StripeIsAway(Refused):
    code = "stripe_is_away"
    status = 503
    message = "決済会社が、いま答えません。お支払いがあったかもしれないので、まだ終わらせられません。"


def late() -> list[Order]:
    """Orders whose time has been over for a while, or whose sale is cancelled, oldest first."""
    return list(db.session.scalars(sa.select(Order).where(_over()).order_by(Order.pay_by)))


def is_late(order_id: int) -> bool:
    return db.session.scalar(sa.select(Order.id).where(Order.id == order_id, _over())) is not None


def _over() -> sa.ColumnElement[bool]:
    at = now() - LATE
    cancelled = Order.listing.has(sa.and_(Listing.state == ListingState.CANCELLED, Listing.closed_at < at))
    return sa.and_(Order.state == OrderState.AWAITING_PAYMENT, sa.or_(Order.pay_by < at, cancelled))


def without_page() -> list[Order]:
    """Orders with time left for which Stripe has refused to make a page, and no other was asked for since."""
    later = sa.orm.aliased(Payment)
    subject = "order:" + Order.code
    refused = sa.select(Payment.id).where(
        *(Payment.subject == subject, Payment.state == PaymentState.FAILED, Payment.session_id.is_(None)),
        Payment.way == Way.PAGE,  # a saved card has none: where it was refused, its owner pays on a page
        ~sa.exists().where(later.subject == subject, later.n > Payment.n),
    )
    waiting = (Order.state == OrderState.AWAITING_PAYMENT, Order.pay_by > now())
    return list(db.session.scalars(sa.select(Order).where(*waiting, refused.exists()).order_by(Order.id)))


def end(order_id: int, by: str, why: str) -> bool:
    """Ask Stripe once more to close the page, and let its answer decide; False. Where it refuses for good, as of a page
    of another account's, the order ends on the word of `by`; True. StripeIsAway; WrongState where it is not late."""
    if not is_late(order_id):
        raise WrongState
    cancelled = get(Order, order_id).listing.state == ListingState.CANCELLED
    reason = "sale cancelled" if cancelled else "not paid in time"
    let_go()
    try:
        expiring.end(order_id, reason)
    except Unavailable as trouble:
        raise StripeIsAway from trouble
    except Rejected:
        let_go()
    else:
        return False
    with transaction():
        order = lock(Order, order_id)
        payment = asking.open_payment(order.subject)
        if not is_late(order_id) or payment is None:
            raise WrongState
        expire_by_hand(payment.id, by, why)
        settling.expire_if_unpaid(order_id, reason)
        return True
