"""What is known of those who bought goes with the papers of the account: it is needed as long as these are kept.

Numbers, sums and dates stay: the books, receipts without a gap and the draws are added up from them.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from marketplace.kit.clock import now
from marketplace.kit.db import db
from marketplace.kit.erasures import PORTION, erases
from marketplace.lotteries.applicants import Applicant
from marketplace.lotteries.models import Entry, Lottery
from marketplace.lotteries.states import EntryState
from marketplace.payments.models import CardState, Payment, SavedCard
from marketplace.privacy.retention import GONE, accounts_before
from marketplace.receipts.models import Print

AT_STRIPE = (CardState.SAVED, CardState.CHARGING, CardState.USED, CardState.DECLINED)
"""What is needed to have Stripe forget them stays until it has."""


def _emails(at: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(Payment.email != "", Payment.created_at < accounts_before(at))


def _cards(at: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(SavedCard.email != "", SavedCard.created_at < accounts_before(at), SavedCard.state.not_in(AT_STRIPE))


def _payments_due(at: datetime) -> int:
    emails = db.session.scalar(sa.select(sa.func.count()).select_from(Payment).where(_emails(at))) or 0
    return emails + (db.session.scalar(sa.select(sa.func.count()).select_from(SavedCard).where(_cards(at))) or 0)


def _erase_payments() -> int:
    some = sa.select(Payment.id).where(_emails(now())).limit(PORTION)
    gone = sa.update(Payment).where(Payment.id.in_(some)).values(email="", params={}).returning(Payment.id)
    count = len(db.session.execute(gone).all())
    cards = sa.select(SavedCard.id).where(_cards(now())).limit(PORTION)
    nothing = dict.fromkeys(("fingerprint", "brand", "last4", "url", "customer_id", "method_id"))
    blank = sa.update(SavedCard).where(SavedCard.id.in_(cards)).values(email="", params={}, **nothing)
    return count + len(db.session.execute(blank.returning(SavedCard.id)).all())


def _addressees(at: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(Print.addressee != GONE, Print.at < accounts_before(at))


def _receipts_due(at: datetime) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(Print).where(_addressees(at))) or 0


def _erase_receipts() -> int:
    some = sa.select(Print.id).where(_addressees(now())).limit(PORTION)
    gone = sa.update(Print).where(Print.id.in_(some)).values(addressee=GONE).returning(Print.id)
    return len(db.session.execute(gone).all())


def _winners(at: datetime) -> sa.Select[int]:
    """Entries that became a purchase and still say more than their number."""
    told = sa.exists().where(Applicant.entry_id == Entry.id)
    keys = sa.or_(Entry.person_key.is_not(None), Entry.phone_key.is_not(None), Entry.card_key.is_not(None))
    paid = sa.select(Entry.id).join(Lottery, Lottery.id == Entry.lottery_id).where(Entry.state == EntryState.PAID)
    return paid.where(Lottery.promote_until < accounts_before(at), sa.or_(told, keys))


def _winners_due(at: datetime) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(_winners(at).subquery())) or 0


def _erase_winners() -> int:
    ids = list(db.session.scalars(_winners(now()).order_by(Entry.id).limit(PORTION).with_for_update(of=Entry)))
    db.session.execute(sa.delete(Applicant).where(Applicant.entry_id.in_(ids)))
    nothing = dict.fromkeys(("person_key", "phone_key", "card_key"))
    db.session.execute(sa.update(Entry).where(Entry.id.in_(ids)).values(**nothing))
    return len(ids)


ACCOUNTS = "会計年度の終わりから{accounting}年"
erases("privacy.payments", "お支払いのメールアドレス、登録したカードの種類", ACCOUNTS, _payments_due, _erase_payments)
erases("privacy.receipts", "領収書の宛名", ACCOUNTS, _receipts_due, _erase_receipts)
erases("privacy.winners", "抽選の応募のうち、購入した方のお名前とご住所", ACCOUNTS, _winners_due, _erase_winners)
