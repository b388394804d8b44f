"""What is on the desk today: small questions to the offices below, each with the one button that answers it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from marketplace.admissions.models import Participation, ParticipationState
from marketplace.auctions.models import Auction, AuctionState
from marketplace.chain import alarms, register
from marketplace.chain.models import Call, CallState
from marketplace.kit.clock import jst, now
from marketplace.kit.dates import when
from marketplace.kit.db import db
from marketplace.kit.money import yen
from marketplace.listings.models import Listing, ListingState
from marketplace.lotteries.models import Lottery, LotteryState
from marketplace.metadata.models import Amendment, AmendmentState, Pin
from marketplace.orders.models import Order, OrderState, Origin
from marketplace.outbox import keeping
from marketplace.outbox.models import Message
from marketplace.payments.models import Hold, Payment, PaymentState, Refund, RefundState
from marketplace.payments.rules import WARN_BEFORE


@dataclass(frozen=True)
class Task:
    """One line of the sheet. `send` makes the button a form that posts to `href`."""

    badge: str
    tone: str
    what: str
    more: str
    href: str
    button: str
    send: bool = False


def day_of(moment: datetime) -> tuple[datetime, datetime]:
    """The first moment of that day in Japan, and of the next."""
    start = jst(moment).replace(hour=0, minute=0, second=0, microsecond=0)
    return start, start + timedelta(days=1)


def today(account_id: int) -> list[Task]:
    """Everything that waits for a member of staff, the most pressing first."""
    return [
        *chain_alarms(),
        *parked(),
        *parked_calls(),
        *draws(),
        *auctions(),
        *admissions(),
        *in_question(),
        *not_given_back(),
        *disputed(),
        *deposits_ending(),
        *not_published(),
        *lost_blocks(),
        *corrections(account_id),
        *awaiting_approval(account_id),
        *sent_back(account_id),
        *unpaid_winners(),
        *opening(),
        *closing(),
    ]


def chain_alarms() -> list[Task]:
    """Trouble with the chain that lasts: people cannot mend it here, but must know, and call whoever can."""
    return [
        Task("警報", "bad", alarm.trouble.ja, f"{when(alarm.since)}から　{alarm.what}", "/staff/outbox", "状態を見る")
        for alarm in alarms.standing()
    ]


def parked() -> list[Task]:
    return [
        Task(
            *("届いていません", "bad", f"自動の処理が止まっています（{message.topic}）", message.error or ""),
            *(f"/staff/outbox/{message.id}/retry", "もう一度ためす"),
            send=True,
        )
        for message in keeping.late()
        if message.parked_at is not None
    ]


def parked_calls() -> list[Task]:
    return [
        Task(
            *(
                "届いていません",
                "bad",
                f"ブロックチェーンへの記録が止まっています（{call.function}）",
                call.error or "",
            ),
            *(f"/staff/chain/{call.id}/retry", "もう一度ためす"),
            send=True,
        )
        for call in register.parked()
    ]


def draws() -> list[Task]:
    """Closed lotteries: those whose hour has come are drawn before witnesses, or by the beacon."""
    closed = sa.select(Lottery).where(Lottery.state == LotteryState.CLOSED).order_by(Lottery.draw_at)
    return [
        Task(
            *("抽選", "warn" if lottery.draw_at <= now() else "plain", lottery.listing.right.title_ja),
            *(f"抽選の日時 {when(lottery.draw_at)}", f"/staff/lotteries/{lottery.code}", "抽選の画面を開く"),
        )
        for lottery in db.session.scalars(closed)
    ]


def auctions() -> list[Task]:
    """Sealed bids to be opened, ties to be drawn (地方自治法施行令 167条の9), and auctions that were stopped."""
    waiting = {
        AuctionState.TO_OPEN: ("開札", "受付が終わりました。立会人の前で開いてください", "開札の画面を開く"),
        AuctionState.TIED: ("くじ", "いちばん高い入札が同じ額です", "くじの画面を開く"),
        AuctionState.SUSPENDED: ("停止中", "受付を一時止めています", "画面を開く"),
    }
    found = sa.select(Auction).where(Auction.state.in_(waiting)).order_by(Auction.id)
    tasks = []
    for auction in db.session.scalars(found):
        badge, more, button = waiting[auction.state]
        where = f"/staff/auctions/{auction.code}"
        tasks.append(Task(badge, "warn", auction.listing.right.title_ja, more, where, button))
    return tasks


def admissions() -> list[Task]:
    """Applications to take part in an auction, the one whose sale opens first on top."""
    waiting = sa.select(Participation).join(Listing, Listing.id == Participation.listing_id)
    waiting = waiting.where(Participation.state == ParticipationState.APPLIED)
    return [
        Task(
            *("参加申込", "warn", f"{row.listing.right.title_ja} 参加申込の審査", f"受付 {when(row.applied_at)}"),
            *(f"/staff/admissions/{row.code}", "審査の画面を開く"),
        )
        for row in db.session.scalars(waiting.order_by(Listing.opens_at, Participation.id))
    ]


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


def not_published() -> list[Task]:
    """Approved and due, but its metadata has no CIDs yet."""
    late = _listings(ListingState.APPROVED, Listing.publish_at < now() - timedelta(minutes=5))
    return [
        Task(
            "確認",
            "warn",
            f"{listing.right.title_ja} がまだ公開されていません",
            "内容の控えを待っています",
            *_look(listing),
        )
        for listing in late
    ]


def lost_blocks() -> list[Task]:
    """Trees with blocks that neither a node nor our own facts could give back: somebody may have a CAR."""
    broken = sa.select(Pin).where(Pin.missing > 0).order_by(Pin.id)
    return [
        Task(
            *("確認", "bad", f"{pin.right.title_ja} の内容の控えが欠けています", f"{pin.missing}個を戻せません"),
            *("/staff/metadata", "控えの画面を開く"),
        )
        for pin in db.session.scalars(broken)
    ]


def corrections(account_id: int) -> list[Task]:
    """Corrections of published documents that somebody else proposed."""
    waiting = sa.select(Amendment).where(Amendment.state == AmendmentState.PROPOSED, Amendment.drafted_by != account_id)
    return [
        Task(
            *("承認待ち", "warn", f"{each.right.title_ja} の{'訂正の停止' if each.freezes else '訂正'}", each.why),
            *(f"/staff/metadata/{each.right.code}", "内容を確かめる"),
        )
        for each in db.session.scalars(waiting.order_by(Amendment.id))
    ]


def awaiting_approval(account_id: int) -> list[Task]:
    return [
        Task(
            *("承認待ち", "warn", listing.right.title_ja, f"公開の予定 {when(listing.publish_at)}"),
            *(f"/staff/listings/{listing.code}/review", "内容を確かめる"),
        )
        for listing in _listings(ListingState.SUBMITTED, Listing.drafted_by != account_id)
    ]


def sent_back(account_id: int) -> list[Task]:
    mine = _listings(ListingState.DRAFT, Listing.drafted_by == account_id)
    return [
        Task(
            *("差し戻し" if listing.returned_note else "下書き", "warn" if listing.returned_note else "plain"),
            *(listing.right.title_ja, listing.returned_note or "まだ承認に出していません"),
            *(f"/staff/listings/{listing.code}/edit", "直す"),
        )
        for listing in mine
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


def opening() -> list[Task]:
    start, end = day_of(now())
    states = (ListingState.APPROVED, ListingState.PUBLISHED, ListingState.OPEN)
    found = _listings(states, Listing.opens_at >= start, Listing.opens_at < end)
    return [
        Task("きょう開始", "good", listing.right.title_ja, when(listing.opens_at), *_look(listing)) for listing in found
    ]


def closing() -> list[Task]:
    start, end = day_of(now())
    found = _listings((ListingState.OPEN, ListingState.CLOSED), Listing.closes_at >= start, Listing.closes_at < end)
    return [
        Task("きょう終了", "good", listing.right.title_ja, when(listing.closes_at), *_look(listing))
        for listing in found
        if listing.closes_at
    ]


def waiting() -> dict[str, int]:
    """How many wait, for the side menu: {"approvals", "admissions", "works"}."""
    applied = sa.select(sa.func.count()).where(Participation.state == ParticipationState.APPLIED)
    submitted = sa.select(sa.func.count()).select_from(Listing).where(Listing.state == ListingState.SUBMITTED)
    stuck = (
        sa.select(sa.func.count()).select_from(Message).where(Message.parked_at.is_not(None), Message.done_at.is_(None))
    )
    calls = sa.select(sa.func.count()).select_from(Call).where(Call.state == CallState.PARKED)
    works = (db.session.scalar(stuck) or 0) + (db.session.scalar(calls) or 0) + len(alarms.standing())
    return {
        "approvals": db.session.scalar(submitted) or 0,
        "admissions": db.session.scalar(applied) or 0,
        "works": works,
    }


def figures() -> dict[str, int]:
    """{"open": sales now, "orders": orders of today, "paid_yen": paid since April, "paid": orders paid since April}."""
    start, _ = day_of(now())
    april = start.replace(year=start.year - (start.month < 4), month=4, day=1)
    paid = (OrderState.PAID, OrderState.ISSUED)
    count, total = db.session.execute(
        sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(Order.yen), 0)).where(
            Order.state.in_(paid), Order.paid_at >= april
        )
    ).one()
    open_sales = sa.select(sa.func.count()).select_from(Listing).where(Listing.state == ListingState.OPEN)
    orders = sa.select(sa.func.count()).select_from(Order).where(Order.created_at >= start)
    return {
        "open": db.session.scalar(open_sales) or 0,
        "orders": db.session.scalar(orders) or 0,
        "paid_yen": int(total),
        "paid": count,
    }


def _listings(state: ListingState | tuple[ListingState, ...], *also: sa.ColumnElement[bool]) -> list[Listing]:
    states = state if isinstance(state, tuple) else (state,)
    query = sa.select(Listing).where(Listing.state.in_(states), *also).order_by(Listing.opens_at, Listing.id)
    return list(db.session.scalars(query))


def _look(listing: Listing) -> tuple[str, str]:
    return f"/staff/listings/{listing.code}/preview", "見る"
