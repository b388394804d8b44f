"""What the money asks of the desk: payments in doubt, refunds that failed, disputes, deposits, unpaid winners."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from marketplace.fund import deciding
from marketplace.fund.differences import open_differences
from marketplace.fund.models import Period, PeriodState
from marketplace.journal.words import subject_in_words
from marketplace.kit.clock import now
from marketplace.kit.db import db, get
from marketplace.kit.money import yen
from marketplace.kit.shown import when
from marketplace.listings.models import Listing
from marketplace.orders import unended
from marketplace.orders.models import Order, OrderState, Origin, RefundRequest, RefundRequestState, code_of
from marketplace.payments.models import Hold, Payment, PaymentState
from marketplace.payments.refund_models import Refund, RefundState
from marketplace.payments.refunding import card_closed, twice_by_bank
from marketplace.payments.rules import WARN_BEFORE
from marketplace.payments.stripe_models import Dispute
from marketplace.staff.tasks import Task

MONEY = ("treasury", "approver")


def in_question() -> list[Task]:
    orders = db.session.scalars(sa.select(Order).where(Order.state == OrderState.NEEDS_REVIEW).order_by(Order.id))
    return [
        Task(
            "確認",
            "warn",
            f"お支払いの内容を確かめてください {order.code}",
            yen(order.yen),
            f"/staff/orders/{order.code}",
            "注文を開く",
            roles=MONEY,
        )
        for order in orders
    ]


def not_ended() -> list[Task]:
    """Orders that Stripe keeps from ending: one line, since Stripe may be away while a thousand are over."""
    late = unended.late()
    if not late:
        return []
    what = f"期限を過ぎた注文が{len(late):,}件、終わらずに残っています"
    more = f"決済会社が答えないか、支払いページを知らないと答えています。いちばん古い期限 {when(late[0].pay_by)}"
    return [Task("確認", "warn", what, more, f"/staff/orders/{late[0].code}", "いちばん古い注文を開く", roles=MONEY)]


def without_page() -> list[Task]:
    """Orders for which Stripe refuses to make a page: their buyers can't pay."""
    shut_out = unended.without_page()
    if not shut_out:
        return []
    what = f"決済会社が支払いページを作らず、払えない注文が{len(shut_out):,}件あります"
    more = "決済会社の答えは、注文の「操作の記録」にあります。システムの担当に知らせてください"
    return [Task("確認", "bad", what, more, f"/staff/orders/{shut_out[-1].code}", "注文を開く", roles=MONEY)]


def not_given_back() -> list[Task]:
    """Refunds that Stripe could not carry out: tried again, or paid by the bank, or left until a dispute is decided."""
    failed = sa.select(Refund).where(Refund.state == RefundState.FAILED).order_by(Refund.id)
    return [_not_given_back(refund) for refund in db.session.scalars(failed).all()]


def _not_given_back(refund: Refund) -> Task:
    what, more = f"{yen(refund.yen)}の返金がカード会社に届きませんでした", subject_in_words(refund.payment.subject)
    badge, tone = "返金できません", "bad"
    if card_closed(refund) and twice_by_bank(refund):
        badge, tone, what = "返金待ち", "plain", f"{yen(refund.yen)}の返金は、カードの異議の決着を待っています"
    return Task(badge, tone, what, more, *_where(refund.payment.subject), roles=MONEY)


def refunds_to_approve(account_id: int) -> list[Task]:
    """Refunds after the issue that somebody else has asked for; those of one sale and one reason are one line."""
    first, number = sa.func.min(RefundRequest.id), sa.func.count()
    asked = (
        sa.select(RefundRequest.why, Order.listing_id, first, number, sa.func.sum(Order.yen))
        .join(Order, Order.id == RefundRequest.order_id)
        .where(RefundRequest.state == RefundRequestState.ASKED, RefundRequest.asked_by != account_id)
        .group_by(RefundRequest.asked_by, RefundRequest.why, Order.listing_id)
        .order_by(first)
    )
    tasks = []
    for why, listing_id, request_id, orders, total in db.session.execute(asked).all():
        order = get(RefundRequest, request_id).order
        what, where = f"{yen(order.back_yen)}の返金が承認を待っています", f"/staff/orders/{order.code}"
        if orders > 1:
            what = f"{orders:,}件、{yen(int(total))}の返金が承認を待っています"
            where = f"/staff/listings/{get(Listing, listing_id).code}/returns"
        tasks.append(Task("返金", "warn", what, why, where, "確かめる", roles=MONEY))
    return tasks


def disputed() -> list[Task]:
    """Disputes that are not decided; the bank reads one answer, until a day."""
    return [
        Task(
            *("異議", "warn", f"{yen(each.yen)}のお支払いに、カード会社から異議が出ています"),
            _until(each),
            *(f"/staff/disputes/{each.id}", "資料を見る" if each.submitted_at else "答える"),
            roles=MONEY,
        )
        for each in db.session.scalars(sa.select(Dispute).order_by(Dispute.due_by))
        if each.is_open
    ]


def _until(dispute: Dispute) -> str:
    """What the payment was for, and until when the bank reads an answer."""
    what = subject_in_words(dispute.payment.subject)
    if dispute.due_by is None or dispute.submitted_at is not None:
        return what
    return f"{what}　答える期限 {when(dispute.due_by)}"


def not_agreeing() -> list[Task]:
    """What the books, Stripe and the bank do not say alike, but for what has a line of its own above."""
    left = [each for each in open_differences() if each.kind != "refund_failed"]
    if not left:
        return []
    return [
        Task(
            "照合",
            "warn",
            f"帳簿の差異が{len(left)}件あります",
            left[0].what,
            "/staff/money",
            "照合を見る",
            roles=MONEY,
        )
    ]


def to_decide(account_id: int) -> list[Task]:
    """Decisions on the fund and closes of the books that wait for a second person."""
    tasks = [
        Task(
            "基金",
            "warn",
            f"「{each.kind.ja}」{yen(each.yen)}が承認を待っています",
            each.document,
            "/staff/fund",
            "確かめる",
            roles=MONEY,
        )
        for each in deciding.waiting()
        if each.asked_by != account_id
    ]
    waiting = (PeriodState.CLOSING, PeriodState.REOPENING)
    for period in db.session.scalars(sa.select(Period).where(Period.state.in_(waiting)).order_by(Period.name)):
        if period.asked_by != account_id:
            what = "締め" if period.state == PeriodState.CLOSING else "締めを開くこと"
            where = (f"/staff/books/{period.name}", "確かめる")
            more = f"{period.name}の{what}が承認を待っています"
            tasks.append(Task("締め", "warn", more, period.why, *where, roles=MONEY))
    return tasks


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
        Task(
            *("支払い待ち", "warn", what, f"いちばん早い期限 {when(orders[0].pay_by)}"),
            *(f"/staff/orders?state={OrderState.AWAITING_PAYMENT}", "払っていない方を見る"),
        )
    ]


def _where(subject: str) -> tuple[str, str]:
    """Where a payment is settled: on the page of its order, else in the history of what it is for."""
    code = code_of(subject)
    return (f"/staff/orders/{code}", "注文を開く") if code else (f"/staff/subjects/{subject}", "あゆみを見る")
