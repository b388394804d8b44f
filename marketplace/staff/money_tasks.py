"""What the money asks of the desk: payments in doubt, refunds that failed, disputes, deposits, unpaid winners."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from marketplace.kit.clock import now
from marketplace.kit.dates import when
from marketplace.kit.db import db
from marketplace.kit.money import yen
from marketplace.listings.models import Listing, ListingState
from marketplace.orders.models import Order, OrderState, Origin
from marketplace.payments.models import Hold, Payment, PaymentState, Refund, RefundState
from marketplace.payments.rules import WARN_BEFORE
from marketplace.staff.tasks import Task


def in_question() -> list[Task]:
    orders = db.session.scalars(sa.select(Order).where(Order.state == OrderState.NEEDS_REVIEW).order_by(Order.id))
    return [
        Task(
            "確認",
            "warn",
            f"お支払いの内容を確かめてください {order.code}",
            yen(order.yen),
            "/staff/orders",
            "注文を見る",
        )
        for order in orders
    ]


def not_given_back() -> list[Task]:
    """Refunds that Stripe could not carry out: the town pays them by bank."""
    failed = sa.select(Refund).where(Refund.state == RefundState.FAILED).order_by(Refund.id)
    return [
        Task(
            *(
                "返金できません",
                "bad",
                f"{yen(refund.yen)}の返金がカード会社に届きませんでした",
                refund.payment.subject,
            ),
            *(f"/staff/journal?subject={refund.payment.subject}", "記録を見る"),
        )
        for refund in db.session.scalars(failed)
    ]


def disputed() -> list[Task]:
    """Payments that a card's holder disputes and that are not decided."""
    open_ = sa.select(Payment).where(Payment.dispute.is_not(None), Payment.dispute.not_in(("won", "lost")))
    return [
        Task(
            *("異議", "warn", f"{yen(payment.yen)}のお支払いに、カード会社から異議が出ています", payment.subject),
            *(f"/staff/journal?subject={payment.subject}", "記録を見る"),
        )
        for payment in db.session.scalars(open_.order_by(Payment.id))
    ]


def deposits_ending() -> list[Task]:
    """Deposits that the bidder's bank ends within two days: taken in time, or never."""
    soon = sa.select(Hold).join(Payment).where(Payment.state == PaymentState.HELD, Hold.ending.is_(None))
    soon = soon.where(Hold.capture_before <= now() + WARN_BEFORE).order_by(Hold.capture_before)
    return [
        Task(
            *("期限", "warn", f"保証金{yen(hold.payment.yen)}の、カード会社の期限が近づいています"),
            *(when(hold.capture_before) if hold.capture_before else "", "/staff/deposits", "保証金を見る"),
        )
        for hold in db.session.scalars(soon)
    ]


def unpaid_winners() -> list[Task]:
    """Winners of draws and auctions whose time to pay ends within a day: a telephone call may help."""
    soon = now() + timedelta(days=1)
    orders = db.session.scalars(
        sa.select(Order)
        .where(
            Order.state == OrderState.AWAITING_PAYMENT,
            Order.origin.in_((Origin.LOTTERY, Origin.AUCTION)),
            Order.pay_by < soon,
        )
        .order_by(Order.pay_by)
    ).all()
    if not orders:
        return []
    what = f"支払い期限が近い当選・落札 {len(orders)}件"
    return [
        Task("支払い待ち", "warn", what, f"いちばん早い期限 {when(orders[0].pay_by)}", "/staff/orders", "注文を見る")
    ]


def _listings(state: ListingState | tuple[ListingState, ...], *also: sa.ColumnElement[bool]) -> list[Listing]:
    states = state if isinstance(state, tuple) else (state,)
    query = sa.select(Listing).where(Listing.state.in_(states), *also).order_by(Listing.opens_at, Listing.id)
    return list(db.session.scalars(query))


def _look(listing: Listing) -> tuple[str, str]:
    return f"/staff/listings/{listing.code}/preview", "見る"
