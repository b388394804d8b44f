"""What is left of each perk of a token, and the lines of the ledger that explain it."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from marketplace.kit.clock import jst, now
from marketplace.kit.db import db
from marketplace.kit.languages import _, said
from marketplace.perks.days import last_day, why_not_on
from marketplace.perks.holding import first_holder
from marketplace.perks.models import Act, Allowance, Flag, Use
from marketplace.rights.plans import (
    EVER,
    OnResale,
    Per,
    Plan,
    PlanKind,
    period_of,
    read_all,
    words,
)
from marketplace.tokens.models import Token

SPAN = {"day": "本日", "month": "今月", "fiscal_year": "今年度", "": ""}


@dataclass(frozen=True)
class Standing:
    """One perk of one token today. `left` and `allowed` are None where there is no end; `why_not` is '' where it can
    be used today; `passes_on` says what somebody who buys the token gets of it."""

    plan: Plan
    lines: list[str]
    used: int
    over: int
    allowed: int | None
    why_not: str
    passes_on: bool

    @property
    def left(self) -> int | None:
        return None if self.allowed is None else self.allowed - self.used

    @property
    def said(self) -> str:
        """'のこり 5回（全12回）', '本日 あと1回', '何度でも'."""
        span = said(SPAN[str(self.plan.per or "")])
        if self.plan.kind is PlanKind.RSVP:
            return "予約して参加"
        if self.allowed is None:
            return _("何度でも（本日%(used)s回）", used=self.used) if self.used else "何度でも"
        if span:
            return (
                _("%(span)s あと%(left)s回", span=span, left=self.left)
                if self.left
                else _("%(span)sは利用ずみ", span=span)
            )
        return _("のこり %(left)s回（全%(allowed)s回）", left=self.left, allowed=self.allowed)

    @property
    def told_to_all(self) -> bool:
        """May strangers know what is left, such as somebody who thinks of buying? A day's or a month's visits are
        nobody's business, and begin anew; a year's, and what never comes back, a buyer must know."""
        return self.plan.kind is not PlanKind.MEMBERSHIP and self.plan.per not in (Per.DAY, Per.MONTH)

    @property
    def said_to_all(self) -> str:
        """The same for strangers."""
        return self.said if self.told_to_all else self.lines[0]


def standings(token: Token) -> list[Standing]:
    """In the order of the plans."""
    plans, today = read_all(token.right.perk_plans), jst(now()).date()
    if not plans:
        return []
    rows = db.session.scalars(sa.select(Allowance).where(Allowance.token_id == token.token_id))
    counted = {(row.plan_id, row.period): row for row in rows}
    first = not any(plan.on_resale is OnResale.NOTHING for plan in plans) or first_holder(token)
    found = []
    for plan in plans:
        row = counted.get((plan.id, period_of(plan, today)))
        why = why_not_on(plan, token, today)
        if plan.on_resale is OnResale.NOTHING and not first:
            why = why or "はじめの持ち主だけの特典です。"
        found.append(
            Standing(
                plan=plan,
                lines=words(plan),
                used=row.used if row else 0,
                over=row.over if row else 0,
                allowed=plan.allowed,
                why_not=why,
                passes_on=plan.on_resale is OnResale.REST and not _over(plan, token, row),
            )
        )
    return found


def _over(plan: Plan, token: Token, row: Allowance | None) -> bool:
    """Is nothing left of it for ever?"""
    last = last_day(plan, token)
    spent = period_of(plan, jst(now()).date()) == EVER and row is not None and row.left == 0
    return spent or (last is not None and jst(now()).date() > last)


def ledger_of(token_id: int) -> list[Use]:
    """Its lines, newest first."""
    return list(db.session.scalars(sa.select(Use).where(Use.token_id == token_id).order_by(Use.id.desc())))


def unexplained() -> list[tuple[int, str, str]]:
    """(token, plan, period) of each count that the ledger does not add up to: none, ever."""
    one = sa.case((Use.act == Act.USE, 1), else_=-1)
    names = (Use.token_id, Use.plan_id, Use.period)
    standing = sa.or_(Use.flag.is_(None), Use.flag == Flag.DOUBLE)
    told = sa.select(*names, sa.func.sum(one).label("times")).where(standing).group_by(*names).subquery()
    same = sa.and_(*(getattr(Allowance, name.key) == told.c[name.key] for name in names))
    counted = sa.select(Allowance.token_id, Allowance.plan_id, Allowance.period).outerjoin(told, same)
    wrong = counted.where(Allowance.used + Allowance.over != sa.func.coalesce(told.c.times, 0))
    uncounted = sa.select(told.c.token_id, told.c.plan_id, told.c.period).outerjoin(Allowance, same)
    wrong_too = uncounted.where(Allowance.id.is_(None), told.c.times != 0)
    return [(row[0], row[1], row[2]) for query in (wrong, wrong_too) for row in db.session.execute(query)]
