"""A person has their account deleted: everything goes that no law keeps, and every published proof still verifies.

What was published never said who anybody was: draws, auction logs and the journal hold numbers and codes, which stay.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa

from marketplace.accounts.address_models import theirs
from marketplace.accounts.closing import close
from marketplace.accounts.models import Account, StaffRole
from marketplace.accounts.names import names_given
from marketplace.admissions import enclosing
from marketplace.admissions.models import Participation, ParticipationState
from marketplace.holders.giving_up import held_for
from marketplace.holders.models import Gift, GiftState, Wallet, Withdrawal, WithdrawalState
from marketplace.kit import dates
from marketplace.kit.db import db, get, lock, transaction
from marketplace.kit.refusals import Refused
from marketplace.listings.models import Listing, ListingState
from marketplace.lotteries import erasing as lotteries
from marketplace.lotteries.models import Entry, Lottery
from marketplace.lotteries.states import EntryState, LotteryState
from marketplace.notices.models import Notice
from marketplace.notices.sending import send
from marketplace.orders.models import OPEN, Order, OrderState
from marketplace.payments.models import Payment, SavedCard
from marketplace.privacy import exporting
from marketplace.privacy.models import Export
from marketplace.privacy.retention import FAREWELL, GONE, accounts_end, blank
from marketplace.receipts.models import Print
from marketplace.resale import proceeds
from marketplace.resale.models import OfferRequest, RequestState

UNSETTLED = (*OPEN, OrderState.PAID, OrderState.REFUND_PENDING, OrderState.NEEDS_REVIEW)
BEFORE_THE_END = (ListingState.PUBLISHED, ListingState.OPEN, ListingState.CLOSED)


class NotYet(Refused):
    code = "account_in_use"
    message = "まだ終わっていない手続きがあります。画面に書いてあるものを終えてから、もう一度お試しください。"


@dataclass(frozen=True)
class Obstacle:
    """What has to be finished first, in words, and the page where that is done."""

    what: str
    href: str


@dataclass(frozen=True)
class Kept:
    what: str
    why: str
    until: date | None
    """The last day on which it is there."""


def obstacles(account_id: int) -> list[Obstacle]:
    """Everything that is under way for this person; empty where the account can go."""
    found = []
    if _any(StaffRole.account_id == account_id):
        found.append(Obstacle("職員の権限があります。管理の担当者が、先に職員から外します。", "/staff/people"))
    if held_for(account_id):
        found.append(
            Obstacle(
                "町がおあずかりしている権利があります。人に贈るか、ウォレットへ移すか、手放してください。", "/mypage"
            )
        )
    if _any(Order.buyer_id == account_id, Order.state.in_(UNSETTLED)):
        found.append(Obstacle("終わっていない注文があります。", "/mypage"))
    running = sa.select(Lottery.id).where(Lottery.state.not_in((LotteryState.SETTLED, LotteryState.CANCELLED)))
    waits = (EntryState.APPLIED, EntryState.WAITING, EntryState.WON, EntryState.PAY_DUE)
    if _any(Entry.account_id == account_id, Entry.state.in_(waits), Entry.lottery_id.in_(running)):
        found.append(Obstacle("結果の出ていない抽選の応募があります。受付中なら取り下げられます。", "/mypage"))
    live = sa.select(Listing.id).where(Listing.state.in_(BEFORE_THE_END))
    bound = (
        Participation.account_id == account_id,
        Participation.state != ParticipationState.REFUSED,
        Participation.released_at.is_(None),
        Participation.forfeited_at.is_(None),
    )
    if _any(*bound, Participation.listing_id.in_(live)):
        found.append(Obstacle("終わっていないオークション・入札への参加申込があります。", "/mypage"))
    if _any(Gift.giver_id == account_id, Gift.state.in_((GiftState.OFFERED, GiftState.ACCEPTED))):
        found.append(Obstacle("返事を待っている贈り物があります。", "/mypage"))
    moving = (WithdrawalState.COOLING, WithdrawalState.MOVING)
    if _any(Withdrawal.account_id == account_id, Withdrawal.state.in_(moving)):
        found.append(Obstacle("ウォレットへ移している権利があります。", "/mypage"))
    sold = sa.exists().where(OfferRequest.account_id == account_id, OfferRequest.state == RequestState.LISTED)
    if proceeds.owed(account_id) > 0 or db.session.scalar(sa.select(sold)):
        words = "売りに出した権利か、受け取っていない代金があります。取り下げるか、ウォレットで受け取ってください。"
        found.append(Obstacle(words, "/mypage/proceeds"))
    return found


def kept(account_id: int) -> list[Kept]:
    """What stays after the deletion, by which rule and until when (None: for good, without saying who it was)."""
    stays = []
    if (last := _last_payment(account_id)) is not None:
        what = "お支払いの手続きの記録（番号・金額・日付・メールアドレス・カードの種類・領収書の宛名）"
        stays.append(Kept(what, "会計書類（地方自治法、町の文書管理規程）と税の書類", _last_day(last)))
    sales = sa.select(Participation.listing_id).where(_binding(account_id))
    bids = db.session.scalar(sa.select(sa.func.max(Listing.closes_at)).where(Listing.id.in_(sales)))
    if bids is not None:
        stays.append(
            Kept("落札した参加申込（お名前・住所・電話番号）", "契約の書類（地方自治法234条）", _last_day(bids))
        )
    if names_given(account_id):
        stays.append(Kept("職員としてのお名前", "だれが決めたかを示す記録（公文書）", None))
    stays.append(
        Kept(
            "抽選・入札・操作の記録にある番号と日時",
            "だれでも確かめられる証拠。どなたのものかは、わからなくなります",
            None,
        )
    )
    return stays


def _last_payment(account_id: int) -> datetime | None:
    """The newest row of a payment, paid or not, that still says of whom it is: those that buyers.py blanks."""
    mine = exporting.owners(get(Account, account_id))
    ends = (
        (Payment.created_at, mine["payments"], Payment.email != ""),
        (SavedCard.created_at, mine["saved_cards"], SavedCard.email != ""),
        (Print.at, mine["receipt_prints"], Print.addressee != GONE),
    )
    last = [db.session.scalar(sa.select(sa.func.max(at)).where(of, told)) for at, of, told in ends]
    return max((at for at in last if at is not None), default=None)


def _last_day(moment: datetime) -> date:
    return dates.last(accounts_end(moment))[0]


def forget(account_id: int) -> None:
    """Delete the account now; twice is once. NotYet while obstacles() finds any."""
    with transaction() as session:
        account = lock(Account, account_id)
        if account.closed_at is not None:
            return
        if obstacles(account_id):
            raise NotYet
        lotteries.forget(account_id)
        _forget_participations(account_id)
        while enclosing.forget(account_id):
            pass
        _forget_wallets(account_id)
        exporting.delete(Export.account_id == account_id)
        letters = theirs(account, Notice.to_email, Notice.promised_at)
        session.execute(sa.delete(Notice).where(letters))
        address = close(account_id)
        send(FAREWELL, address, key=f"{FAREWELL}:{account.code}")


def _binding(account_id: int) -> sa.ColumnElement[bool]:
    """Participations that became a contract, or a deposit that the town kept."""
    bought = sa.exists().where(Order.listing_id == Participation.listing_id, Order.buyer_id == account_id)
    mine = Participation.account_id == account_id
    return sa.and_(mine, sa.or_(bought, Participation.forfeited_at.is_not(None)))


def _forget_participations(account_id: int) -> None:
    mine = sa.select(Participation).where(Participation.account_id == account_id, Participation.name != "")
    for row in db.session.scalars(mine.where(sa.not_(_binding(account_id))).with_for_update(of=Participation)):
        blank(row)


def _forget_wallets(account_id: int) -> None:
    """Their proofs go; one to which a right was moved stays as the address that the chain shows anyway."""
    used = sa.select(Withdrawal.wallet_id)
    theirs = Wallet.account_id == account_id
    db.session.execute(sa.delete(Wallet).where(theirs, Wallet.id.not_in(used)))
    db.session.execute(sa.update(Wallet).where(theirs).values(message="", signature=""))


def _any(*where: sa.ColumnElement[bool]) -> bool:
    return bool(db.session.scalar(sa.select(sa.exists().where(*where))))
