"""The draw: chance comes in, every entry gets its place, in one transaction; what follows is told in portions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa

from marketplace.accounts.models import Account
from marketplace.journal.writing import move, note
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, lock, transaction
from marketplace.kit.published import Malformed
from marketplace.kit.refusals import Invalid
from marketplace.lotteries import beacon, draw
from marketplace.lotteries.closing import applied
from marketplace.lotteries.models import Draw, Entry, EntryState, Lottery, LotteryState
from marketplace.lotteries.refusals import NotClosed, TooEarly, WrongSource
from marketplace.outbox.promising import say

SILENCE = timedelta(hours=24)
"""How long the beacon must have been silent before dice may be thrown instead."""


def draw_with_dice(lottery_id: int, digits: str, witnesses: Sequence[str], actor_id: int) -> int:
    """Draw by twenty ten-sided dice thrown before two witnesses; the number of winners ⇢ lottery.drawn.

    TooEarly before the draw's time; WrongSource where the notice names the beacon and it may still speak; NotClosed;
    Invalid for other digits or witnesses.
    """
    names = [name.strip() for name in witnesses if name.strip()]
    if len(set(names)) < 2:
        raise Invalid("立会人は2人以上の、べつべつの名前を入力してください。", field="witnesses")
    try:
        randomness = draw.dice_randomness(digits)
    except Malformed:
        raise Invalid("さいころの目は、数字20けたで入力してください。", field="digits") from None
    with transaction():
        lottery, fixed = _ready(lottery_id)
        if fixed.chain != draw.DICE:
            if now() < lottery.draw_at + SILENCE:
                raise WrongSource
            fixed.chain, fixed.round = draw.DICE, 0
            note(lottery.subject, "beacon_silent", by=_staff(actor_id), why="24 hours without a beacon")
        fixed.witnesses = names
        return _draw(lottery, fixed, randomness, _staff(actor_id))


def draw_with_beacon(lottery_id: int, signature: str, actor_id: int) -> int:
    """Draw by the beacon's signature (hex) of the round that the notice fixed; the number of winners ⇢ lottery.drawn.

    The signature is checked against the beacon's key first, so it does not matter who brings it or from where.
    """
    try:
        signed = bytes.fromhex(signature.strip())
    except ValueError:
        raise Invalid("署名は16進数で入力してください。", field="signature") from None
    if not beacon.genuine(get(Lottery, lottery_id).round, signed):
        raise Invalid("この署名は、公告で決めた回の公開乱数のものではありません。", field="signature")
    with transaction():
        lottery, fixed = _ready(lottery_id)
        if fixed.chain != beacon.CHAIN:
            raise WrongSource
        fixed.signature = signed.hex()
        return _draw(lottery, fixed, beacon.randomness(signed), _staff(actor_id))


def _ready(lottery_id: int) -> tuple[Lottery, Draw]:
    lottery = lock(Lottery, lottery_id)
    if lottery.state != LotteryState.CLOSED:
        raise NotClosed
    if now() < lottery.draw_at:
        raise TooEarly
    return lottery, db.session.execute(sa.select(Draw).where(Draw.lottery_id == lottery.id)).scalar_one()


def _draw(lottery: Lottery, fixed: Draw, randomness: bytes, by: str) -> int:
    entries = applied(lottery.id)
    assert (len(entries), draw.root(entries).hex()) == (fixed.n, fixed.root), "the list is what was published"
    result = draw.draw(fixed.commit, randomness, entries)
    fixed.randomness, fixed.seed, fixed.cutoff = randomness.hex(), result.seed.hex(), result.cutoff
    fixed.drawn_at = now()
    _rank(lottery.id, draw.Hat(result.seed), entries, [*result.winners, *result.waiting], len(result.winners))
    move(lottery, "draw", by=by, seed=fixed.seed, cutoff=fixed.cutoff, winners=len(result.winners))
    say("lottery.drawn", key=lottery.code, lottery_id=lottery.id)
    return len(result.winners)


def _rank(lottery_id: int, hat: draw.Hat, entries: list[draw.Entry], order: list[str], winners: int) -> None:
    """Give every entry its ticket and place. The one journal row of the draw stands for all of these moves: they
    follow from it by the published rules."""
    lots = {entry.no: entry.lots for entry in entries}
    place = sa.bindparam("place", type_=sa.Integer())
    statement = (
        sa.update(Entry.__table__)  # type: ignore[arg-type] # a Table, though typed as FromClause
        .where(Entry.no == sa.bindparam("drawn"), Entry.lottery_id == lottery_id)
        .values(ticket=sa.bindparam("ticket"), rank=place, state=sa.bindparam("becomes", type_=Entry.state.type))
    )
    rows = [
        {
            "drawn": no,
            "ticket": hat.ticket(no, lots[no]),
            "place": rank,
            "becomes": EntryState.WON if rank <= winners else EntryState.WAITING,
        }
        for rank, no in enumerate(order, start=1)
    ]
    if rows:
        db.session.execute(statement, rows)
        db.session.expire_all()


def _staff(actor_id: int) -> str:
    return f"staff:{get(Account, actor_id).code}"
