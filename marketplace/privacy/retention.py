"""What is kept with the accounts goes with them; who only took part in an auction is forgotten a year after it."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from marketplace.admissions.models import Participation
from marketplace.journal.writing import note
from marketplace.kit.clock import JST, jst, now
from marketplace.kit.db import db
from marketplace.kit.erasures import PORTION, erases, papers_before
from marketplace.listings.models import Listing, ListingState
from marketplace.notices.models import Notice
from marketplace.orders.models import Order
from marketplace.privacy import exporting
from marketplace.privacy.models import Export
from marketplace.settings import settings

CONTESTABLE = timedelta(days=365)
"""The time in which a sale of the town can be contested: 地方自治法242条2項 (住民監査請求, one year)."""
BLANK = ("name", "address", "phone", "company", "representative", "corporate_no", "reason")
FAREWELL = "account_forgotten"
GONE = "消去ずみ"
"""Stands where the database wants a word."""


def accounts_end(moment: datetime) -> datetime:
    """Until when papers of an account of `moment` are kept: the end of its fiscal year (March), and the years set."""
    local = jst(moment)
    year = local.year + (local.month >= 4) + settings().accounting_kept_years
    return datetime(year, 4, 1, tzinfo=JST)


def accounts_before(at: datetime) -> datetime:
    """The end of the last fiscal year whose papers need not be kept any more at `at`."""
    return papers_before(at, settings().accounting_kept_years)


def _lost(at: datetime) -> sa.ColumnElement[bool]:
    """Participations, not blank yet, of sales that are over, whose time is over too."""
    ended = (ListingState.COMPLETED, ListingState.CANCELLED)
    bought = sa.exists().where(Order.listing_id == Participation.listing_id, Order.buyer_id == Participation.account_id)
    bound = sa.or_(bought, Participation.forfeited_at.is_not(None))
    of = sa.exists().where(Listing.id == Participation.listing_id, Listing.state.in_(ended))
    free = sa.and_(sa.not_(bound), of.where(Listing.closes_at < at - CONTESTABLE))
    kept = of.where(Listing.closes_at < accounts_before(at))
    return sa.and_(Participation.name != "", sa.or_(free, kept))


def _participants_due(at: datetime) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(Participation).where(_lost(at))) or 0


def _erase_participants() -> int:
    some = sa.select(Participation).where(_lost(now())).limit(PORTION).with_for_update(of=Participation)
    rows = list(db.session.scalars(some))
    for row in rows:
        blank(row)
    return len(rows)


def blank(row: Participation) -> None:
    """Inside a transaction: number, dates and state stay, and nothing that says who it was.

    A refusal keeps a word where its reason was: the database wants one.
    """
    for name in BLANK:
        setattr(row, name, "")
    row.reason = GONE if row.state == "refused" else ""
    note(row.subject, "erase")


def _passing(at: datetime) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    farewell = sa.and_(Notice.template == FAREWELL, Notice.sent_at < at)
    return Export.expires_at < at, farewell


def _passing_due(at: datetime) -> int:
    old, farewell = _passing(at)
    exports = db.session.scalar(sa.select(sa.func.count()).select_from(Export).where(old)) or 0
    return exports + (db.session.scalar(sa.select(sa.func.count()).select_from(Notice).where(farewell)) or 0)


def _erase_passing() -> int:
    old, farewell = _passing(now())
    return exporting.delete(old) + len(db.session.execute(sa.delete(Notice).where(farewell).returning(Notice.id)).all())


erases(
    "privacy.participants",
    "オークション・入札の参加申込",
    "落札しなかった方は出品の終了から1年、落札した方は会計書類とともに",
    _participants_due,
    _erase_participants,
)
erases(
    "privacy.exports",
    "書き出したファイル、削除のお知らせ",
    "書き出しから7日、お知らせは送ったあとすぐ",
    _passing_due,
    _erase_passing,
)
