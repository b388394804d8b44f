"""繰上当選: places that nobody paid for go to those who wait, in waves, until the day that the notice names.

All of it follows from the one draw and the clock. Nobody on the staff chooses whom, when or how many.
"""

from __future__ import annotations

import sqlalchemy as sa

from marketplace.journal.writing import move, note
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, let_go, lock, transaction
from marketplace.kit.sheets import sheet
from marketplace.listings.models import Listing, ListingState, UnitState
from marketplace.listings.rules import pay_by
from marketplace.listings.scheduling import complete
from marketplace.listings.taking import counts
from marketplace.lotteries.closing import draws
from marketplace.lotteries.models import Entry, Lottery, Wave
from marketplace.lotteries.states import EntryState, LotteryState
from marketplace.orders.models import LIVE, Order, OrderState
from marketplace.outbox.promising import say

HOLDING = (EntryState.WON, EntryState.PAY_DUE, EntryState.PAID)


@sheet(every=5, name="lotteries.promote_due")
def promote_due() -> None:
    """Look at each lottery that is being paid: a wave may be due, or its last day be over."""
    ids = list(db.session.scalars(sa.select(Lottery.id).where(Lottery.state == LotteryState.DRAWN)))
    let_go()
    for lottery_id in ids:
        promote(lottery_id)


def promote(lottery_id: int) -> int:
    """Promote one wave, if places are free; how many persons ⇢ lottery.awarding. Or settle it ⇢ lottery.settled.

    A wave waits until every order whose time has passed has ended: a thousand deadlines of one moment end within
    minutes, and their places are one wave with one new deadline.
    """
    with transaction():
        lottery = lock(Lottery, lottery_id)
        if lottery.state != LotteryState.DRAWN or _ending(lottery):
            return 0
        places = _free(lottery)
        chosen = _next(lottery, places) if now() < lottery.promote_until else []
        if chosen:
            _wave(lottery, chosen)
        elif not _unsettled(lottery):
            _settle(lottery)
        return len(chosen)


def _ending(lottery: Lottery) -> bool:
    """Is there a place whose order is past its deadline, or has ended, and we have not heard yet?"""
    gone = sa.or_(Order.state.not_in(LIVE), sa.and_(Order.state == OrderState.AWAITING_PAYMENT, Order.pay_by < now()))
    due = sa.select(Entry.id).join(Order, Order.id == Entry.order_id)
    due = due.where(Entry.lottery_id == lottery.id, Entry.state == EntryState.PAY_DUE, gone)
    return db.session.scalar(due.limit(1)) is not None


def _free(lottery: Lottery) -> dict[str, int]:
    """{group: places that nobody holds}, never more than there are units to give."""
    holding = sa.select(Entry.group, sa.func.count()).where(Entry.lottery_id == lottery.id, Entry.state.in_(HOLDING))
    held = dict(db.session.execute(holding.group_by(Entry.group)).all())
    promised = sa.select(sa.func.count()).where(Entry.lottery_id == lottery.id, Entry.state == EntryState.WON)
    left = counts([lottery.listing_id]).get(lottery.listing_id, {}).get(UnitState.FREE, 0)
    left -= db.session.scalar(promised) or 0
    free: dict[str, int] = {}
    for fixed in draws(lottery.id):
        free[fixed.group] = max(min(fixed.units - held.get(fixed.group, 0), left), 0)
        left -= free[fixed.group]
    return free


def _next(lottery: Lottery, free: dict[str, int]) -> list[Entry]:
    """Who is next: of the group whose place it is; where nobody of it waits, of the others in the notice's order."""
    chosen: list[Entry] = []
    left = 0
    for group, places in free.items():
        found = _waiting(lottery, group, 0, places)
        chosen += found
        left += places - len(found)
    for group, places in free.items():
        if left:
            found = _waiting(lottery, group, places, left)
            chosen += found
            left -= len(found)
    return chosen


def _waiting(lottery: Lottery, group: str, past: int, most: int) -> list[Entry]:
    queue = sa.select(Entry).where(
        Entry.lottery_id == lottery.id, Entry.group == group, Entry.state == EntryState.WAITING
    )
    return list(db.session.scalars(queue.order_by(Entry.rank).offset(past).limit(most)))


def _wave(lottery: Lottery, chosen: list[Entry]) -> None:
    lottery.wave += 1
    wave = Wave(
        lottery_id=lottery.id,
        number=lottery.wave,
        persons=len(chosen),
        at=now(),
        pay_by=pay_by(get(Listing, lottery.listing_id), now()),
    )
    db.session.add(wave)
    note(lottery.subject, "wave", number=wave.number, persons=wave.persons, pay_by=wave.pay_by.isoformat())
    for entry in chosen:
        entry.wave = wave.number
        move(entry, "promote", wave=wave.number, rank=entry.rank)
    say("lottery.awarding", key=f"{lottery.code}:wave:{wave.number}", lottery_id=lottery.id)


def _unsettled(lottery: Lottery) -> bool:
    """Does anybody still have a place that is not paid?"""
    due = sa.select(Entry.id).where(
        Entry.lottery_id == lottery.id, Entry.state.in_((EntryState.WON, EntryState.PAY_DUE))
    )
    return db.session.scalar(due.limit(1)) is not None


def _settle(lottery: Lottery) -> None:
    """Nobody has to pay any more and nobody can be promoted: who waited has lost, and the sale is complete."""
    waited = sa.update(Entry).where(Entry.lottery_id == lottery.id, Entry.state == EntryState.WAITING)
    ended = list(db.session.scalars(waited.values(state=EntryState.LOST).returning(Entry.id)))
    move(lottery, "settle", lost=len(ended))
    say("lottery.settled", key=lottery.code, lottery_id=lottery.id)
    if get(Listing, lottery.listing_id).state == ListingState.CLOSED:
        complete(lottery.listing_id)
