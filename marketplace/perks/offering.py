"""What a partner takes: the perks that name it as their place, and what its tablets need to know of them."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa

from marketplace.kit.clock import jst, now
from marketplace.kit.db import db
from marketplace.perks import certifying, days, keys
from marketplace.perks.holding import token_of
from marketplace.perks.models import Allowance, Partner
from marketplace.perks.refusals import NotHere
from marketplace.perks.slips import OLDEST as REMEMBERED
from marketplace.perks.standing import standings
from marketplace.rights.models import SERIAL_SPACE, Right, RightState
from marketplace.rights.plans import EVER, Plan, PlanKind, last_day, period_of, read_all
from marketplace.tokens.ending import ENDS
from marketplace.tokens.models import Token


def offered(partner: Partner) -> list[tuple[Right, Plan]]:
    """Perks of approved rights that can be used at this place without a booking.

    Not those that were over for everybody before REMEMBERED: of ten years of them, nobody comes with one.
    """
    rights = sa.select(Right).where(Right.state == RightState.APPROVED).order_by(Right.id)
    found = [
        (right, plan)
        for right in db.session.scalars(rights)
        for plan in read_all(right.perk_plans)
        if plan.offered_by(partner.code) and plan.kind is not PlanKind.RSVP
    ]
    newest, since = _newest({right.id for right, _ in found}), jst(now() - REMEMBERED).date()
    return [(right, plan) for right, plan in found if not _over(plan, newest.get(right.id, []), since)]


def _over(plan: Plan, newest: list[Token], day: date) -> bool:
    """Was it over before that day, for each of these tokens? Of none of them: by the plan's own days."""
    ends = [days.last_day(plan, token) for token in newest] or [last_day(plan, now())]
    return all(end is not None and end < day for end in ends)


def _newest(right_ids: set[int]) -> dict[int, list[Token]]:
    """Of each right the tokens whose term ends last: those issued last, or all where each has a term of its own."""
    last = sa.select(Token.right_id, sa.func.max(Token.minted_at).label("at")).where(Token.right_id.in_(right_ids))
    of_right = last.group_by(Token.right_id).subquery()
    tokens = sa.select(Token).join(of_right, of_right.c.right_id == Token.right_id).join(Token.right)
    found: dict[int, list[Token]] = {}
    for token in db.session.scalars(tokens.where(sa.or_(Token.minted_at == of_right.c.at, Right.kind.in_(ENDS)))):
        found.setdefault(token.right_id, []).append(token)
    return found


def plan_choices(partner: Partner) -> list[tuple[str, str]]:
    """For a form: ('<right>:<plan>', words), with that which the numbers of its guests begin with."""
    return [
        (f"{right.id}:{plan.id}", f"{plan.name}（{right.id}-　{right.title_ja}）") for right, plan in offered(partner)
    ]


def usable(token_id: int, partner: Partner) -> list[dict[str, str]]:
    """Perks of this token here: those that can be used now, or all where none can, so that one refusal says why.

    NotHere where it has none; LookupError.
    """
    here = [
        each
        for each in standings(token_of(token_id))
        if each.plan.offered_by(partner.code) and each.plan.kind is not PlanKind.RSVP
    ]
    if not here:
        raise NotHere
    good = [each for each in here if not each.why_not and each.left != 0]
    return [{"id": each.plan.id, "name": each.plan.name, "said": each.said} for each in good or here[:1]]


def snapshot(partner: Partner) -> dict[str, Any]:
    """{"partner", "code", "now", "keys", "plans": {right: […]}, "used": […], "ended": [cid]}.

    `used` has [token, plan, period, times] of periods that are not over: no names, no holders.
    """
    plans: dict[str, list[dict[str, Any]]] = {}
    periods: set[str] = {EVER}
    found = offered(partner)
    for right, plan in found:
        kept = plan.as_json()
        names = ("id", "name", "kind", "per", "begins", "ends", "closed")
        plans.setdefault(str(right.id), []).append({name: kept[name] for name in names} | {"allowed": plan.allowed})
        periods.add(period_of(plan, jst(now()).date()))
    return {
        "partner": partner.name,
        "code": partner.code,
        "now": now().timestamp(),
        "keys": {name.hex(): key.hex() for name, key in keys.public_keys().items()},
        "plans": plans,
        "used": _used({right.id for right, _ in found}, periods),
        "ended": certifying.ended_ones(),
    }


def _used(rights: set[int], periods: set[str]) -> list[list[Any]]:
    of_rights = sa.or_(
        *(Allowance.token_id.between(right * SERIAL_SPACE, (right + 1) * SERIAL_SPACE - 1) for right in rights),
        sa.false(),
    )
    rows = sa.select(Allowance.token_id, Allowance.plan_id, Allowance.period, Allowance.used).where(
        of_rights, Allowance.period.in_(periods), Allowance.used > 0
    )
    return [list(row) for row in db.session.execute(rows.order_by(Allowance.id))]
