"""What was used, proposed and talked about goes some years after it, with the papers of its fiscal year.

Of a perk that begins anew each day, month or year the lines and the count of a period go together, so that the ledger
adds up; of uses that never come back the lines stay, as their number does on the chain, and lead to no device. Names
that were announced, and the public part of their screening, stay public.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from marketplace.appointments.models import Absence, Appointment, AppointmentState
from marketplace.kit.clock import now
from marketplace.kit.db import Base, db
from marketplace.kit.erasures import PORTION, erases
from marketplace.naming.models import (
    Appeal,
    Naming,
    NamingState,
    ProposedName,
    Revocation,
    Screening,
    ShownName,
    Verdict,
)
from marketplace.perks.models import Allowance, Card, Certificate, Look, Use
from marketplace.perks.syncing import OLDEST
from marketplace.privacy.retention import GONE, accounts_before
from marketplace.rights.plans import EVER

Which = tuple[type[Base], sa.ColumnElement[bool]]
OVER = (AppointmentState.SETTLED, AppointmentState.CANCELLED, AppointmentState.REFUSED)


def _count(*which: Which) -> int:
    found = (db.session.scalar(sa.select(sa.func.count()).select_from(kind).where(old)) for kind, old in which)
    return sum(count or 0 for count in found)


def _some(kind: type[Base], old: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    (key,) = kind.__table__.primary_key
    return key.in_(sa.select(key).where(old).limit(PORTION))


def _delete(kind: type[Base], old: sa.ColumnElement[bool]) -> int:
    (key,) = kind.__table__.primary_key
    return len(db.session.execute(sa.delete(kind).where(_some(kind, old)).returning(key)).all())


def _blank(kind: type[Base], old: sa.ColumnElement[bool], **values: Any) -> int:
    (key,) = kind.__table__.primary_key
    return len(db.session.execute(sa.update(kind).where(_some(kind, old)).values(**values).returning(key)).all())


def _periods(at: datetime) -> sa.Select[int, str, str, int]:
    """(token, plan, period, lines) of each count that begins anew and of which every line is old enough."""
    names = (Use.token_id, Use.plan_id, Use.period)
    counted = sa.select(*names, sa.func.count().label("lines")).where(Use.period != EVER).group_by(*names)
    return counted.having(sa.func.max(Use.recorded_at) < accounts_before(at)).order_by(*names)


def _devices(at: datetime) -> tuple[Which, ...]:
    """What no counter can send any more; and of old lines that stay, which device they were read from."""
    read = sa.and_(Use.proof.is_not(None), Use.period == EVER, Use.recorded_at < accounts_before(at))
    return (Certificate, Certificate.expires_at < at - OLDEST), (Card, Card.ended_at < at - OLDEST), (Use, read)


def _uses_due(at: datetime) -> int:
    lines = db.session.scalar(sa.select(sa.func.sum(_periods(at).subquery().c.lines)))
    return int(lines or 0) + _count(*_devices(at))


def _erase_uses() -> int:
    certificates, cards, read = _devices(now())
    gone = _delete(*certificates) + _delete(*cards) + _blank(*read, proof=None)
    for token_id, plan_id, period, _lines in db.session.execute(_periods(now()).limit(PORTION)).all():
        names = {"token_id": token_id, "plan_id": plan_id, "period": period}
        lines = sa.select(Use.id).filter_by(**names)
        db.session.execute(sa.delete(Look).where(Look.use_id.in_(lines)))
        for old in (Use.undoes.is_not(None), sa.true()):  # what was taken back is named by what took it back
            gone += len(db.session.execute(sa.delete(Use).filter_by(**names).where(old).returning(Use.id)).all())
        db.session.execute(sa.delete(Allowance).filter_by(**names))
    return gone


def _namings(at: datetime) -> dict[str, Which]:
    """Of namings that were over before the years that are kept: what goes, by the way it goes."""
    ended = sa.and_(Naming.state.in_((NamingState.ENDED, NamingState.REVOKED)), Naming.ended_at < accounts_before(at))
    lapsed = sa.and_(Naming.state == NamingState.LAPSED, Naming.answer_by < accounts_before(at))
    over = sa.select(Naming.id).where(sa.or_(ended, lapsed))
    stood = sa.select(Naming.id).where(ended, Naming.state == NamingState.ENDED)
    tokens = sa.select(Naming.token_id).where(ended)
    kept = sa.and_(ProposedName.naming_id.in_(stood), ProposedName.verdict == Verdict.APPROVED)
    said = sa.and_(Naming.name != "", Naming.state == NamingState.REVOKED)
    return {
        "names": (ProposedName, sa.and_(ProposedName.naming_id.in_(over), sa.not_(sa.func.coalesce(kept, sa.false())))),
        "appeals": (Appeal, Appeal.naming_id.in_(over)),
        "shown": (ShownName, ShownName.token_id.in_(tokens)),
        "minutes": (Screening, sa.and_(Screening.naming_id.in_(over), Screening.minutes != "")),
        "reasons": (Revocation, sa.and_(Revocation.naming_id.in_(over), Revocation.reason != GONE)),
        "revoked": (Naming, sa.and_(Naming.id.in_(over), said)),
        "talks": (Naming, sa.and_(Naming.id.in_(over), Naming.renewal != "")),
    }


def _namings_due(at: datetime) -> int:
    return _count(*_namings(at).values())


def _erase_namings() -> int:
    which = _namings(now())
    gone = _delete(*which["names"]) + _delete(*which["appeals"]) + _delete(*which["shown"])
    gone += _blank(*which["minutes"], minutes="", members=[], results=[]) + _blank(*which["reasons"], reason=GONE)
    return gone + _blank(*which["revoked"], name="", reading="", meaning="") + _blank(*which["talks"], renewal="")


def _hours(at: datetime) -> tuple[Which, Which]:
    day = sa.func.coalesce(Appointment.starts_at, Appointment.changed_at)
    held = sa.and_(Appointment.state.in_(OVER), Appointment.topic != GONE, day < accounts_before(at))
    return (Appointment, held), (Absence, Absence.ends_at < accounts_before(at))


def _hours_due(at: datetime) -> int:
    return _count(*_hours(at))


def _erase_hours() -> int:
    """Dates and counts stay; a place and a refusal keep a word where the database wants one."""
    (kind, held), absences = _hours(now())
    place = sa.case((Appointment.online, ""), else_=GONE)
    reason = sa.case((Appointment.state == AppointmentState.REFUSED, GONE), else_="")
    return _blank(kind, held, topic=GONE, place=place, reason=reason, objection="", entrance="") + _delete(*absences)


erases(
    "privacy.uses",
    "特典の利用の記録、端末の鍵と印刷したカード",
    "会計年度の終わりから{accounting}年。端末の鍵とカードは、使えなくなってから1か月",
    _uses_due,
    _erase_uses,
)
erases(
    "privacy.namings",
    "愛称の案と審査の記録（公開したものをのぞく）",
    "協定の期間が終わった会計年度の終わりから{accounting}年",
    _namings_due,
    _erase_namings,
)
erases(
    "privacy.hours",
    "講演・相談でうかがった内容",
    "実施した会計年度の終わりから{accounting}年",
    _hours_due,
    _erase_hours,
)
