"""The figures of the board: one small question to the books each."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

import sqlalchemy as sa

from marketplace.accounts.models import Account
from marketplace.journal.models import Entry
from marketplace.kit.clock import jst, now
from marketplace.kit.db import db
from marketplace.listings.models import Listing
from marketplace.lotteries.demand import Past, past
from marketplace.orders.models import Order
from marketplace.reports.periods import Period, today
from marketplace.resale.distribution import FEW
from marketplace.resale.models import Trade
from marketplace.resale.statements import Figures, figures_by_right
from marketplace.rights.models import Right

WEEKS, MONTHS, SALES = 12, 12, 8
STAFF_DAYS = 28


class Buyers(NamedTuple):
    people: int
    again: int
    """Of them, those who bought more than once."""


def by_week() -> list[tuple[date, int]]:
    """(Monday, yen that were paid) of the last twelve weeks, this one included, oldest first."""
    monday = today() - timedelta(days=today().weekday())
    weeks = [monday - timedelta(weeks=n) for n in reversed(range(WEEKS))]
    sums = dict.fromkeys(weeks, 0)
    query = sa.select(Order.paid_at, Order.yen).where(Order.paid_at >= now() - timedelta(weeks=WEEKS + 1))
    for at, yen in db.session.execute(query):
        assert at is not None  # the query asks for what was paid
        day = jst(at).date()
        begins = day - timedelta(days=day.weekday())
        if begins in sums:
            sums[begins] += yen
    return list(sums.items())


def royalties_by_month() -> list[tuple[date, int]]:
    """(first of the month, yen to the fund) of the last twelve months, oldest first."""
    months = [today().replace(day=1)]
    while len(months) < MONTHS:
        months.append((months[-1] - timedelta(days=1)).replace(day=1))
    sums = dict.fromkeys(reversed(months), 0)
    since = Period(months[-1], today()).start
    for at, yen in db.session.execute(sa.select(Trade.at, Trade.royalty_yen).where(Trade.at >= since)):
        begins = jst(at).date().replace(day=1)
        if begins in sums:
            sums[begins] += int(yen)
    return list(sums.items())


def lotteries() -> list[Past]:
    """The last ones that were drawn, newest first."""
    return past()[:SALES]


def resales() -> list[tuple[Right, Figures, int]]:
    """(right, its resales, its price at the town) of what was resold or is offered, the largest volume first."""
    paid = sa.select(Listing.right_id, sa.func.min(Order.yen)).join(Order, Order.listing_id == Listing.id)
    rows = db.session.execute(paid.where(Order.paid_at.is_not(None), Order.yen > 0).group_by(Listing.right_id))
    price = {right_id: int(yen) for right_id, yen in rows}
    found = [(right, its, price.get(right.id, 0)) for right, its in figures_by_right()]
    return [row for row in found if row[1].median is not None or row[1].floor is not None][:SALES]


def prefectures() -> list[tuple[str, int | None]]:
    """(where buyers say they live, how many persons), most first; None below FEW, and those come last."""
    query = (
        sa.select(Account.prefecture, sa.func.count(sa.distinct(Account.id)))
        .join(Order, Order.buyer_id == Account.id)
        .where(Order.paid_at.is_not(None), Account.prefecture != "")
        .group_by(Account.prefecture)
    )
    rows = [(name, int(people)) for name, people in db.session.execute(query)]
    found = sorted(rows, key=lambda pair: (-pair[1], pair[0]))
    return [(name, count if count >= FEW else None) for name, count in found]


def buyers() -> Buyers:
    orders = sa.select(sa.func.count().label("n")).where(Order.paid_at.is_not(None)).group_by(Order.buyer_id).subquery()
    counted = sa.select(sa.func.count(), sa.func.count().filter(orders.c.n > 1)).select_from(orders)
    people, again = db.session.execute(counted).one()
    return Buyers(people, again)


def staff_acts() -> int:
    """What members of staff did by hand in the last four weeks, by the journal."""
    since = now() - timedelta(days=STAFF_DAYS)
    query = sa.select(sa.func.count()).select_from(Entry).where(Entry.by.startswith("staff:"), Entry.at >= since)
    return db.session.scalar(query) or 0
