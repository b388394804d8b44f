"""Counted uses on the chain: written down as they happen, taken back with them; what could not be is put before staff.

The ledger has a line first, and the chain follows: a use that the chain has no room for yet (an undo is on its way
before it) is tried again, and one that it refuses for good stays on the office's list.
"""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from marketplace.chain.models import Call, CallState
from marketplace.kit.clock import now
from marketplace.kit.db import db, let_go, transaction
from marketplace.kit.refusals import Refused
from marketplace.kit.sheets import sheet
from marketplace.perks.holding import holder_at
from marketplace.perks.models import UNDONE, Act, Allowance, Use
from marketplace.tokens import using
from marketplace.tokens.models import Token, TokenState

PATIENCE = timedelta(minutes=10)
"""How long a use may be on its way to the chain before staff hear of it."""
CALLED = sa.select(Call.id).where(Call.key == sa.literal("use:") + Use.chain_ref).exists()
"""A use that the chain was asked to write down."""


def write_down(line: Use, *, afterwards: bool) -> None:
    """Inside the transaction of the use. NothingLeft where the chain knows of none, and it can still be refused.

    An undo that is on its way makes room: then the guest does not wait for the chain, and write_down_late() follows.
    """
    assert line.chain_ref is not None
    try:
        using.write_down(line.token_id, line.chain_ref)
    except Refused:
        if not (afterwards or _undo_on_its_way(line.token_id)):
            raise


def take_back(line: Use) -> None:
    """Inside the transaction of the undo: only what was written is taken back. Another use may have waited for it."""
    if line.chain_ref is not None and _call(f"use:{line.chain_ref}") is not None:
        using.take_back(line.chain_ref)


@sheet(every=30, name="perks.write_down")
def write_down_late() -> None:
    """Uses that stand in their allowance and are not on the chain yet, as far as the chain has room for them."""
    ids = [line.id for line in _unwritten()]
    let_go()
    for use_id in ids:
        with transaction() as session:
            line = session.get(Use, use_id, populate_existing=True)
            assert line is not None
            locked = sa.select(Token).where(Token.token_id == line.token_id).with_for_update(of=Token)
            token = session.scalars(locked.execution_options(populate_existing=True)).one()
            if use_id not in {each.id for each in _unwritten()}:
                continue  # it was taken back while this waited for the token
            same_holder = holder_at(token.token_id, line.used_at) == token.holder_address
            if token.state == TokenState.HELD and same_holder:  # a buyer saw the number without it: for staff
                write_down(line, afterwards=True)


def unresolved() -> list[Use]:
    """Counted uses that the chain has not taken though they are older than PATIENCE, oldest first."""
    late = [line for line in _unwritten() if line.recorded_at < now() - PATIENCE]
    parked = sa.select(Call.key).where(Call.state == CallState.PARKED, Call.key.startswith("use:"))
    refs = {key.removeprefix("use:").removesuffix(":undo") for key in db.session.scalars(parked)}
    refused = db.session.scalars(sa.select(Use).where(Use.chain_ref.in_(refs)))
    return sorted({line.id: line for line in (*late, *refused)}.values(), key=lambda line: line.id)


def _unwritten() -> list[Use]:
    """Standing uses without a call, within what is allowed: the first ones where some are over."""
    query = sa.select(Use).where(Use.chain_ref.is_not(None), Use.act == Act.USE, Use.id.not_in(UNDONE), ~CALLED)
    lines = [line for line in db.session.scalars(query.order_by(Use.id)) if line.standing]
    room: dict[tuple[int, str, str], int] = {}
    for line in lines:
        key = (line.token_id, line.plan_id, line.period)
        if key not in room:
            room[key] = _room(*key)
    due = []
    for line in lines:
        key = (line.token_id, line.plan_id, line.period)
        if room[key] > 0:
            room[key] -= 1
            due.append(line)
    return due


def _room(token_id: int, plan_id: str, period: str) -> int:
    """How many of the uses that count have no call yet."""
    used = db.session.scalar(sa.select(Allowance.used).filter_by(token_id=token_id, plan_id=plan_id, period=period))
    written = sa.select(sa.func.count()).where(
        Use.token_id == token_id, Use.plan_id == plan_id, Use.period == period, Use.id.not_in(UNDONE), CALLED
    )
    return (used or 0) - (db.session.scalar(written) or 0)


def _undo_on_its_way(token_id: int) -> bool:
    undone = sa.literal("use:") + Use.chain_ref + sa.literal(":undo")
    of_token = sa.select(undone).where(Use.token_id == token_id, Use.chain_ref.is_not(None))
    waiting = sa.select(Call.id).where(Call.key.in_(of_token), Call.state != CallState.MINED)
    return db.session.scalar(waiting.limit(1)) is not None


def _call(key: str) -> Call | None:
    return db.session.scalar(sa.select(Call).where(Call.key == key))
