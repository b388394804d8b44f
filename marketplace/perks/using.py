"""A perk is used, and a use is taken back: one line of the ledger each, and the count of its period under a lock.

Other offices that let somebody use a perk (a lecture held, an event attended) call use() too.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from marketplace.kit.clock import jst, now
from marketplace.kit.db import db, insert_once, transaction, writing
from marketplace.kit.refusals import Invalid
from marketplace.perks import chaining
from marketplace.perks.days import why_not_on
from marketplace.perks.holding import first_holder, held_token, holder_at
from marketplace.perks.models import Act, Allowance, Channel, Flag, Partner, Use
from marketplace.perks.passes import TOLERANCE_S, WINDOW_S, holder_tag
from marketplace.perks.refusals import (
    ChangedHands,
    FirstHolderOnly,
    NeedsABooking,
    NotHere,
    NotNow,
    ReadAgain,
    TooLateToUndo,
    UndoneAlready,
    UsedUp,
)
from marketplace.rights.plans import OnResale, Plan, PlanKind, period_of, read_all
from marketplace.tokens.freezing import check_usable
from marketplace.tokens.models import Token, TokenState

UNDO = timedelta(minutes=5)


@dataclass(frozen=True)
class Asked:
    """A use as somebody asks for it.

    `ref` is made by whoever asks and makes asking again harmless. `holder` is the tag of the holder for whom the pass
    was certified, `proof` the pass's own. `occasion` is the event of an RSVP. `afterwards`: it has happened already,
    at a counter without network; what does not fit the plan is flagged for the office instead of refused.
    """

    ref: str
    token_id: int
    plan_id: str
    channel: Channel
    used_at: datetime
    partner_id: int | None = None
    counter_id: int | None = None
    holder: bytes | None = None
    proof: str | None = None
    occasion: str = ""
    afterwards: bool = False


@dataclass(frozen=True)
class Outcome:
    """`nth`: which use of its period it is; `left`: how many there are after it, None where there is no end."""

    ref: str
    token_id: int
    plan: Plan
    period: str
    nth: int
    left: int | None
    flag: Flag | None


def use(asked: Asked) -> Outcome:
    """Write a use down. Asked again with its ref: the same.

    UsedUp, NotNow, NotHere, NotHeld, ChangedHands, FirstHolderOnly, NeedsABooking, ReadAgain; LookupError.
    """
    with transaction() as session:
        token = held_token(asked.token_id, or_revoked=asked.afterwards)
        plan = plan_of(token, asked.plan_id)
        if (known := line_of(asked.ref)) is not None:
            if (known.token_id, known.plan_id, known.act) != (asked.token_id, asked.plan_id, Act.USE):
                raise Invalid
            return outcome(known, plan)
        proof = asked.proof
        while proof is not None and (same := _read_for(plan, proof)) is not None:
            if not asked.afterwards:
                raise ReadAgain
            if same.partner_id == asked.partner_id and undoing(same) is None:
                return outcome(same, plan)
            # a picture of it at another place, or what was taken back here and read once more: a use of its own
            proof = hashlib.sha256(f"{proof} beside {same.id}".encode()).hexdigest()
        flag = _fits(asked, token, plan)
        period = period_of(plan, jst(asked.used_at).date(), asked.occasion)
        if flag is None:
            flag = _take(allowance(token.token_id, plan, period), plan, afterwards=asked.afterwards)
        line = Use(
            ref=asked.ref,
            act=Act.USE,
            token_id=token.token_id,
            plan_id=plan.id,
            plan_name=plan.name,
            period=period,
            partner_id=asked.partner_id,
            counter_id=asked.counter_id,
            channel=asked.channel,
            proof=proof,
            used_at=asked.used_at,
            recorded_at=now(),
            flag=flag,
            pay_yen=plan.pay_yen if asked.partner_id else 0,
            chain_ref="0x" + secrets.token_hex(32) if plan.kind is PlanKind.COUNTED else None,
        )
        session.add(line)
        session.flush()
        if line.chain_ref and flag is None:
            chaining.write_down(line, afterwards=asked.afterwards)
        return outcome(line, plan)


def undo(use_ref: str, ref: str, at: datetime, partner_id: int | None = None) -> Outcome:
    """Take a use back within five minutes of it. Asked again with its ref: nothing new.

    `at`: when the counter did it, which may have been without network. TooLateToUndo, UndoneAlready; LookupError.
    """
    with transaction() as session:
        used = line_of(use_ref)
        if used is None or used.act != Act.USE or used.partner_id != partner_id:
            raise LookupError(f"use {use_ref}")
        token = _locked(used.token_id)
        plan = plan_of(token, used.plan_id)
        if (undone := undoing(used)) is not None:
            if undone.ref == ref:
                return outcome(used, plan)
            raise UndoneAlready
        if not undoable(used, at):
            raise TooLateToUndo
        kept = ("token_id", "plan_id", "plan_name", "period", "partner_id", "counter_id", "channel", "flag", "pay_yen")
        same = {name: getattr(used, name) for name in kept}
        session.add(Use(ref=ref, act=Act.UNDO, undoes=used.id, used_at=at, recorded_at=now(), **same))
        if used.standing:
            row = allowance(used.token_id, plan, used.period)
            row.over, row.used = (row.over - 1, row.used) if row.over else (row.over, row.used - 1)
        session.flush()
        chaining.take_back(used)
        return outcome(used, plan)


def undoable(used: Use, at: datetime | None = None) -> bool:
    """Is it within five minutes of it at that moment, by default now?"""
    began = used.used_at if used.channel is Channel.OFFLINE else used.recorded_at
    return began - UNDO <= (at or now()) <= began + UNDO


def plan_of(token: Token, plan_id: str) -> Plan:
    """LookupError where the right has no such plan."""
    for plan in read_all(token.right.perk_plans):
        if plan.id == plan_id:
            return plan
    raise LookupError(f"plan {plan_id} of {token.subject}")


def line_of(ref: str) -> Use | None:
    return db.session.scalar(sa.select(Use).where(Use.ref == ref))


def allowance(token_id: int, plan: Plan, period: str) -> Allowance:
    """The row that counts this period, locked; made on the first use."""
    assert writing(), "allowance() belongs inside transaction()"
    names = {"token_id": token_id, "plan_id": plan.id, "period": period}
    insert_once(Allowance, {**names, "allowed": plan.allowed, "used": 0, "over": 0})
    found = sa.select(Allowance).filter_by(**names).with_for_update().execution_options(populate_existing=True)
    return db.session.scalars(found).one()


def outcome(line: Use, plan: Plan) -> Outcome:
    """What the counter shows of a use, as the ledger stands now."""
    row = db.session.scalar(
        sa.select(Allowance).filter_by(token_id=line.token_id, plan_id=line.plan_id, period=line.period)
    )
    nth, left = (row.used + row.over, row.left) if row else (0, plan.allowed)
    return Outcome(line.ref, line.token_id, plan, line.period, nth, left, line.flag)


def _fits(asked: Asked, token: Token, plan: Plan) -> Flag | None:
    """None where the plan allows it to this holder, on this day, at this place; refused or flagged where not."""
    if not asked.afterwards:
        check_usable(token)
    if plan.kind is PlanKind.RSVP and not asked.occasion:
        raise NeedsABooking
    if asked.partner_id is not None:
        code = db.session.scalar(sa.select(Partner.code).where(Partner.id == asked.partner_id))
        if not plan.offered_by(code or ""):
            raise NotHere
    if token.state == TokenState.REVOKED:
        return Flag.OUTSIDE
    wrong = _wrong_hands(asked, token, plan)
    if wrong is not None:
        if not asked.afterwards:
            raise wrong
        return Flag.SOLD
    why = why_not_on(plan, token, jst(asked.used_at).date())
    if why and not asked.afterwards:
        raise NotNow(why)
    return Flag.OUTSIDE if why else None


def _wrong_hands(asked: Asked, token: Token, plan: Plan) -> ChangedHands | FirstHolderOnly | None:
    """A count passes on with its token at once, since its buyer saw the number; a day's use counts for that day's
    holder, whoever has it now."""
    if asked.holder is not None:
        assert token.holder_address is not None, "a held token has a holder"
        past = asked.afterwards and plan.kind is not PlanKind.COUNTED
        if asked.holder not in (_held_about(token.token_id, asked.used_at) if past else {_tag(token.holder_address)}):
            return ChangedHands()
    if plan.on_resale is OnResale.NOTHING and not first_holder(token):
        return FirstHolderOnly()
    return None


def _held_about(token_id: int, at: datetime) -> set[bytes]:
    """Tags of who held it then, by clocks of which each may be off by what a pass allows."""
    moments = (at, at + timedelta(seconds=WINDOW_S + TOLERANCE_S))
    return {_tag(holder_at(token_id, moment)) for moment in moments}


def _tag(address: str | None) -> bytes:
    return holder_tag(address) if address else b""


def _take(row: Allowance, plan: Plan, *, afterwards: bool) -> Flag | None:
    if row.allowed is None or row.used < row.allowed:
        row.used += 1
        return None
    if not afterwards:
        raise UsedUp(_used_up(plan))
    row.over += 1
    return Flag.DOUBLE


def _used_up(plan: Plan) -> str:
    span = {"day": "本日", "month": "今月", "fiscal_year": "今年度"}.get(str(plan.per or ""), "")
    if span:
        return f"{span}すでに利用されています。"
    return "すべて使い終わっています。"


def _read_for(plan: Plan, proof: str) -> Use | None:
    """The use that this very pass, this half minute of this device, was read for."""
    return db.session.scalar(sa.select(Use).where(Use.plan_id == plan.id, Use.proof == proof))


def undoing(used: Use) -> Use | None:
    """The line that took it back."""
    return db.session.scalar(sa.select(Use).where(Use.undoes == used.id))


def _locked(token_id: int) -> Token:
    query = sa.select(Token).where(Token.token_id == token_id).with_for_update(of=Token)
    return db.session.scalars(query.execution_options(populate_existing=True)).one()
