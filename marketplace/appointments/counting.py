"""How many uses a token has left, how many of them open appointments will take, and the counting itself.

A right whose perks have a plan that counts is counted in that plan's ledger, and by it on chain; one without is counted
on chain by this office. Never both.
"""

from __future__ import annotations

import secrets
from datetime import datetime

import sqlalchemy as sa

from marketplace.appointments.models import OPEN, Appointment, Count
from marketplace.appointments.rules import NotEnoughLeft
from marketplace.kit.clock import jst
from marketplace.kit.dates import full_day
from marketplace.kit.db import db, writing
from marketplace.perks.days import why_not_on as why_not_on_day
from marketplace.perks.models import Allowance, Channel
from marketplace.perks.using import Asked, use
from marketplace.rights.plans import EVER, Plan, PlanKind, read_all
from marketplace.tokens import ending
from marketplace.tokens.models import Token
from marketplace.tokens.using import uses_left, write_down


def counted_plan(token: Token) -> Plan | None:
    """The plan by which the uses of its right are counted."""
    return next((plan for plan in read_all(token.right.perk_plans) if plan.kind is PlanKind.COUNTED), None)


def left(token: Token) -> int | None:
    """By our books, which know more than the chain until it is mined; None where uses are not counted."""
    if (plan := counted_plan(token)) is not None:
        assert plan.allowed is not None, "a counted plan has a number"
        used = sa.select(Allowance.used).filter_by(token_id=token.token_id, plan_id=plan.id, period=EVER)
        return plan.allowed - (db.session.scalar(used) or 0)
    on_chain, whole = uses_left(token.token_id), token.right.uses_per_token
    if on_chain is None or whole is None:
        return None
    counted = sa.select(sa.func.count()).select_from(Count).where(Count.token_id == token.token_id)
    return max(0, min(on_chain, whole - (db.session.scalar(counted) or 0)))


def pledged(token_id: int, *, but: int | None = None) -> int:
    """Uses that open appointments of the token will take; `but` one of them."""
    asked = sa.select(sa.func.coalesce(sa.func.sum(Appointment.uses), 0)).where(
        Appointment.token_id == token_id, Appointment.state.in_(OPEN), Appointment.id.is_distinct_from(but)
    )
    return int(db.session.scalar(asked) or 0)


def why_not_on(token: Token, starts_at: datetime) -> str:
    """Why the right can't be used on that day; '' where it can: its plan's days, and its term."""
    if (plan := counted_plan(token)) is not None:
        return why_not_on_day(plan, token, jst(starts_at).date())
    end, last = ending.ends_at(token), ending.last_day(token)
    return f"この権利を使える期間は{full_day(last)}までです。" if end and last and starts_at >= end else ""


def check_room(token: Token, uses: int, *, but: int | None = None) -> None:
    """NotEnoughLeft where open appointments and this one would take more than there is. Hold the token's row."""
    have = left(token)
    if have is not None and pledged(token.token_id, but=but) + uses > have:
        free = max(0, have - pledged(token.token_id, but=but))
        raise NotEnoughLeft(f"のこりは{have}回で、日程を決められるのはあと{free}回です。", field="uses")


def count(row: Appointment) -> None:
    """Count the uses of an appointment that was held, inside the transaction that settles it."""
    assert writing(), "count() belongs inside transaction()"
    assert row.starts_at is not None, "what was held had a beginning"
    plan = counted_plan(row.token)
    for no in range(1, row.done_uses + 1):
        if plan is not None:
            # it has taken place: what does not fit any more is flagged for the office, not refused
            use(Asked(f"{row.code}-{no}", row.token_id, plan.id, Channel.OFFICE, row.starts_at, afterwards=True))
        elif row.token.right.uses_per_token is not None:
            ref = "0x" + secrets.token_hex(32)
            db.session.add(Count(appointment_id=row.id, token_id=row.token_id, no=no, ref=ref))
            db.session.flush()
            write_down(row.token_id, ref)
