"""What the sales ask of the desk: to draw, to open envelopes, to decide, to approve, to report."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager, selectinload

from marketplace.admissions.deciding import WAITS
from marketplace.admissions.models import Participation
from marketplace.auctions.models import Auction, AuctionState
from marketplace.kit.clock import now
from marketplace.kit.db import db
from marketplace.kit.shown import until, when
from marketplace.listings.decisions import AmendmentState as SaleAmendmentState
from marketplace.listings.decisions import Cancellation, CancellationState, SaleAmendment
from marketplace.listings.models import Listing, ListingState
from marketplace.lotteries.models import Lottery
from marketplace.lotteries.states import LotteryState
from marketplace.metadata.models import Amendment, AmendmentState
from marketplace.staff.announcing import announced
from marketplace.staff.tasks import Task

SALES = ("drafter", "approver")
WEEK = timedelta(days=7)


def draws() -> list[Task]:
    """Closed lotteries: those whose hour has come are drawn before witnesses, or by the beacon."""
    closed = (
        sa.select(Lottery)
        .options(selectinload(Lottery.listing))
        .where(Lottery.state == LotteryState.CLOSED)
        .order_by(Lottery.draw_at)
    )
    return [
        Task(
            *("抽選", "warn" if lottery.draw_at <= now() else "plain", lottery.listing.right.title_ja),
            *(f"抽選の日時 {when(lottery.draw_at)}", f"/staff/lotteries/{lottery.code}", "抽選の画面を開く"),
            roles=SALES,
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
    found = (
        sa.select(Auction).options(selectinload(Auction.listing)).where(Auction.state.in_(waiting)).order_by(Auction.id)
    )
    tasks = []
    for auction in db.session.scalars(found):
        badge, more, button = waiting[auction.state]
        where = f"/staff/auctions/{auction.code}"
        tasks.append(Task(badge, "warn", auction.listing.right.title_ja, more, where, button, roles=SALES))
    return tasks


def admissions() -> list[Task]:
    """Applications to take part in an auction, the one whose sale opens first on top."""
    waiting = sa.select(Participation).join(Listing, Listing.id == Participation.listing_id)
    waiting = waiting.options(contains_eager(Participation.listing))
    waiting = waiting.where(WAITS)
    return [
        Task(
            *(
                "参加申込",
                "warn",
                f"{row.listing.right.title_ja} 参加申込の審査",
                f"受付 {when(row.applied_at)}　{row.code}",
            ),
            *(f"/staff/admissions/{row.code}", "審査の画面を開く"),
            roles=SALES,
        )
        for row in db.session.scalars(waiting.order_by(Listing.opens_at, Participation.id))
    ]


def not_published() -> list[Task]:
    """Approved and due, but its metadata has no CIDs yet."""
    due = now() - timedelta(minutes=5)
    late = _listings(ListingState.APPROVED, Listing.publish_at < due, Listing.approved_at < due)
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


def corrections(account_id: int) -> list[Task]:
    """Corrections of published documents that somebody else proposed."""
    waiting = sa.select(Amendment).where(Amendment.state == AmendmentState.PROPOSED, Amendment.drafted_by != account_id)
    return [
        Task(
            *("承認待ち", "warn", f"{each.right.title_ja} の{'訂正の停止' if each.freezes else '訂正'}", each.why),
            *(f"/staff/metadata/{each.right.code}", "内容を確かめる"),
            roles=("approver",),
        )
        for each in db.session.scalars(waiting.order_by(Amendment.id))
    ]


def stopped(account_id: int) -> list[Task]:
    """Ends of sales that wait for a second person, and sales that stand still."""
    asked = sa.select(Listing, Cancellation).join(Cancellation, Cancellation.listing_id == Listing.id)
    asked = asked.where(Cancellation.state == CancellationState.REQUESTED, Cancellation.requested_by != account_id)
    return [
        *(
            Task(
                "中止の承認",
                "warn",
                listing.right.title_ja,
                row.why,
                f"/staff/listings/{listing.code}/stop",
                "確かめる",
            )
            for listing, row in db.session.execute(asked.order_by(Cancellation.id))
        ),
        *(
            Task(
                *("停止中", "warn", listing.right.title_ja, listing.suspended_reason),
                *(f"/staff/listings/{listing.code}/stop", "画面を開く"),
            )
            for listing in _listings(ListingState.SUSPENDED)
        ),
    ]


def amendments(account_id: int) -> list[Task]:
    """Changes of announced sales that somebody else proposed."""
    waiting = sa.select(Listing, SaleAmendment).join(SaleAmendment, SaleAmendment.listing_id == Listing.id)
    waiting = waiting.where(SaleAmendment.state == SaleAmendmentState.PROPOSED, SaleAmendment.drafted_by != account_id)
    return [
        Task(
            *("変更の承認", "warn", listing.right.title_ja, row.why),
            *(f"/staff/listings/{listing.code}/amendments", "確かめる"),
        )
        for listing, row in db.session.execute(waiting.order_by(SaleAmendment.id))
    ]


def awaiting_approval(account_id: int) -> list[Task]:
    return [
        Task(
            *("承認待ち", "warn", listing.right.title_ja, f"公開の予定 {announced(listing)}"),
            *(f"/staff/listings/{listing.code}/review", "内容を確かめる"),
            roles=("approver",),
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


def to_report() -> list[Task]:
    """Sales that ended within the week: the result is told to the council, the winner and the files."""
    found = _listings((ListingState.CLOSED, ListingState.COMPLETED), Listing.closed_at > now() - WEEK)
    return [
        Task(
            *("結果", "plain", f"{listing.right.title_ja}の結果を報告してください"),
            _ended(listing.closed_at, listing.closes_at),
            *(_look(listing)[0], "報告の画面を開く"),
        )
        for listing in found
        if listing.closed_at
    ]


def _ended(closed_at: datetime, planned: datetime | None) -> str:
    sooner = planned is not None and closed_at < planned.replace(microsecond=0)
    return f"終了 {until(closed_at)}{'　予定より早く終わりました' if sooner else ''}"


def _listings(state: ListingState | tuple[ListingState, ...], *also: sa.ColumnElement[bool]) -> list[Listing]:
    states = state if isinstance(state, tuple) else (state,)
    query = sa.select(Listing).where(Listing.state.in_(states), *also).order_by(Listing.opens_at, Listing.id)
    return list(db.session.scalars(query))


def _look(listing: Listing) -> tuple[str, str]:
    return f"/staff/listings/{listing.code}/preview", "見る"
