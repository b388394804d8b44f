"""Three years after a month, nobody needs to know any more who came: numbers stay, and the rows about people go.

A month goes at once, so that its people are counted before they are forgotten.
"""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime

import sqlalchemy as sa

from marketplace.gatherings.models import Gathering, Rsvp, RsvpState
from marketplace.gatherings.visits import PastMonth, Visit
from marketplace.kit.clock import jst, midnight, now
from marketplace.kit.db import db, insert_once, lock
from marketplace.kit.erasures import erases

YEARS = 3


def due(at: datetime) -> int:
    """Visits and bookings of months that are over so long."""
    until = _until(at)
    visits = sa.select(sa.func.count()).select_from(Visit).where(Visit.day < until)
    bookings = sa.select(sa.func.count()).select_from(Rsvp).join(Gathering).where(Gathering.ends_at < midnight(until))
    return (db.session.scalar(visits) or 0) + (db.session.scalar(bookings) or 0)


def erase() -> int:
    """The oldest month that is due; how many rows."""
    until = _until(now())
    days = [
        db.session.scalar(sa.select(sa.func.min(Visit.day)).where(Visit.day < until)),
        _day(db.session.scalar(sa.select(sa.func.min(Gathering.ends_at)).join(Rsvp))),
    ]
    months = [day.replace(day=1) for day in days if day is not None and day < until]
    return _erase_visits(min(months)) + _erase_bookings(min(months)) if months else 0


def _erase_visits(first: date) -> int:
    month = _month(first)
    rows = (Visit.day >= first, Visit.day < _next(first))
    people, again = Visit.account_id.distinct(), sa.case((Visit.again, Visit.account_id)).distinct()
    counts = sa.select(sa.func.count(), sa.func.count(people), sa.func.count(again)).where(*rows)
    visits, visitors, came_again = db.session.execute(counts).one()
    if visits:
        month.visits, month.visitors, month.came_again = visits, visitors, came_again
        db.session.execute(sa.delete(Visit).where(*rows))
    return int(visits)


def _erase_bookings(first: date) -> int:
    """Those of events that ended in the month; whoever came is counted in the month of the stamp."""
    over = (Gathering.ends_at >= midnight(first), Gathering.ends_at < midnight(_next(first)))
    gone = 0
    for gathering_id in db.session.scalars(sa.select(Gathering.id).where(*over).order_by(Gathering.id)).all():
        gathering = lock(Gathering, gathering_id)
        stamped = sa.select(Rsvp.attended_at).where(
            Rsvp.gathering_id == gathering_id, Rsvp.state == RsvpState.ATTENDED, Rsvp.attended_at.is_not(None)
        )
        months = Counter(day.replace(day=1) for at in db.session.scalars(stamped) if (day := _day(at)))
        for when, came in months.items():
            _month(when).attended += came
        rows = db.session.execute(sa.delete(Rsvp).where(Rsvp.gathering_id == gathering_id).returning(Rsvp.id)).all()
        if rows:
            gathering.came = sum(months.values())
        gone += len(rows)
    return gone


def _month(first: date) -> PastMonth:
    """Its row, locked: whoever erases at the same time waits, and finds nothing left."""
    insert_once(PastMonth, {"first": first, "visits": 0, "visitors": 0, "came_again": 0, "attended": 0})
    found = sa.select(PastMonth).where(PastMonth.first == first).with_for_update()
    return db.session.scalars(found.execution_options(populate_existing=True)).one()


def _until(at: datetime) -> date:
    """The first day of the month before which nobody is known any more."""
    today = jst(at).date()
    return today.replace(year=today.year - YEARS, day=1)


def _next(first: date) -> date:
    return date(first.year + first.month // 12, first.month % 12 + 1, 1)


def _day(at: datetime | None) -> date | None:
    return jst(at).date() if at else None


erases(
    "gatherings.guests",
    "来町スタンプと催しの予約（月ごとの人数は残します）",
    "その月の終わりから3年",
    due,
    erase,
)
