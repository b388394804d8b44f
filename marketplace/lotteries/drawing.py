"""The draw: chance comes in, every entry gets its place, in one transaction; what follows is told in portions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from marketplace.accounts.models import Account
from marketplace.journal.writing import SYSTEM, move, note
from marketplace.kit.batches import batched
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, lock, transaction
from marketplace.kit.published import Malformed
from marketplace.kit.refusals import Invalid
from marketplace.listings.models import Listing
from marketplace.listings.rules import pay_by
from marketplace.listings.witnesses import witnessed
from marketplace.lotteries import beacon, draw
from marketplace.lotteries.closing import draws, entered
from marketplace.lotteries.drand import drand
from marketplace.lotteries.groups import waiting_places
from marketplace.lotteries.models import Draw, Entry, Lottery, Wave
from marketplace.lotteries.refusals import ListChanged, NotClosed, TooEarly, WrongSource
from marketplace.lotteries.states import EntryState, LotteryState
from marketplace.outbox.promising import say

SILENCE = timedelta(hours=24)
"""How long the beacon must have been silent before dice are thrown instead."""
AT_ONCE = 1000
"""Entries that get their places with one statement."""


def draw_with_dice(lottery_id: int, digits: str, witnesses: Sequence[str], actor_id: int) -> int:
    """Draw by twenty ten-sided dice thrown before two witnesses; the number of winners ⇢ lottery.drawn.

    TooEarly before the draw's time; WrongSource where the notice names the beacon and it may still speak; NotClosed;
    Invalid for other digits or witnesses.
    """
    names = witnessed(witnesses)
    randomness = thrown(digits)
    with transaction():
        lottery, fixed = _ready(lottery_id)
        if source(lottery, now()) != draw.DICE:
            raise WrongSource
        if lottery.chain != draw.DICE:
            note(lottery.subject, "beacon_silent", by=_staff(actor_id), why="24 hours without a beacon")
        for each in fixed:
            each.chain, each.round, each.witnesses = draw.DICE, 0, names
        lottery.drawn_by = actor_id
        return _draw(lottery, fixed, randomness, _staff(actor_id))


def thrown(digits: str) -> bytes:
    """The randomness of twenty digits as a person types them; Invalid for anything else."""
    try:
        return draw.dice_randomness(digits)
    except Malformed:
        raise Invalid("さいころの目は、数字20けたで入力してください。", field="digits") from None


def draw_with_beacon(lottery_id: int, signature: str, actor_id: int | None = None) -> int:
    """Draw by the beacon's signature (hex) of the round that the notice fixed; the number of winners ⇢ lottery.drawn.

    The signature is checked against the beacon's key first, so it does not matter who brings it or from where: the
    worker, or staff who copied it from another machine. WrongSource once the beacon was silent for too long.
    """
    try:
        signed = bytes.fromhex(signature.strip())
    except ValueError:
        raise Invalid("署名は16進数で入力してください。", field="signature") from None
    if not drand().chain.genuine(get(Lottery, lottery_id).round, signed):
        raise Invalid("この署名は、公告で決めた回の公開乱数のものではありません。", field="signature")
    with transaction():
        lottery, fixed = _ready(lottery_id)
        if source(lottery, now()) != lottery.chain:
            raise WrongSource
        for each in fixed:
            each.signature = signed.hex()
        lottery.drawn_by, lottery.trouble = actor_id, ""
        return _draw(lottery, fixed, beacon.randomness(signed), SYSTEM if actor_id is None else _staff(actor_id))


def source(lottery: Lottery, at: datetime) -> str:
    """The one source of chance that counts at this moment: by the notice, dice once the beacon was silent for a day.

    Never two at a time: whoever could choose between two known chances could choose the winners.
    """
    return draw.DICE if at >= lottery.draw_at + SILENCE else lottery.chain


def _ready(lottery_id: int) -> tuple[Lottery, list[Draw]]:
    lottery = lock(Lottery, lottery_id)
    if lottery.state != LotteryState.CLOSED:
        raise NotClosed
    if now() < lottery.draw_at:
        raise TooEarly
    return lottery, draws(lottery.id)


def _draw(lottery: Lottery, fixed: list[Draw], randomness: bytes, by: str) -> int:
    listing, won = get(Listing, lottery.listing_id), 0
    waiting = waiting_places(listing.auction_rules)
    at = now()
    for each in fixed:
        found = draw.places(each.commit, randomness, entered(lottery.id, each.group))
        if (len(found.order), found.root.hex()) != (each.n, each.root):
            raise ListChanged
        each.randomness, each.seed, each.cutoff = randomness.hex(), found.seed.hex(), found.cutoff(each.units)
        each.drawn_at = at
        _rank(lottery.id, found.order, each.units, waiting)
        winners = min(each.units, each.n)
        won += winners
        name = {"group": each.group} if each.group else {}
        note(lottery.subject, "recompute", seed=each.seed, cutoff=each.cutoff, winners=winners, **name)
    db.session.add(Wave(lottery_id=lottery.id, number=0, persons=won, at=at, pay_by=pay_by(listing, at)))
    move(lottery, "draw", by=by, winners=won)
    say("lottery.drawn", key=lottery.code, lottery_id=lottery.id)
    db.session.flush()
    db.session.expire_all()
    return won


def _rank(lottery_id: int, order: list[bytes], units: int, waiting: int | None) -> None:
    """Give every entry its ticket and place. The journal rows of the draw stand for all of these moves: they follow
    from it by the published rules."""
    statement = (
        sa.update(Entry.__table__)  # type: ignore[arg-type] # a Table, though typed as FromClause
        .where(Entry.no == sa.bindparam("drawn"), Entry.lottery_id == lottery_id)
        .values(
            ticket=sa.bindparam("ticket"),
            rank=sa.bindparam("place", type_=sa.Integer()),
            state=sa.bindparam("becomes", type_=Entry.state.type),
            wave=sa.bindparam("by", type_=sa.Integer()),
        )
    )
    last_waiting = None if waiting is None else units + waiting
    places = enumerate(order, start=1)
    for batch in batched(places, AT_ONCE):
        rows = [
            {
                "drawn": place[32:].decode(),
                "ticket": place[:32].hex(),
                "place": rank,
                "becomes": _becomes(rank, units, last_waiting),
                "by": 0 if rank <= units else None,
            }
            for rank, place in batch
        ]
        db.session.execute(statement, rows)


def _becomes(rank: int, units: int, last_waiting: int | None) -> EntryState:
    if rank <= units:
        return EntryState.WON
    return EntryState.WAITING if last_waiting is None or rank <= last_waiting else EntryState.LOST


def _staff(actor_id: int) -> str:
    return f"staff:{get(Account, actor_id).code}"
