"""After the draw: winners get an order, with the deadline of their wave; money comes, or the deadline passes."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from marketplace.journal.writing import move
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, lock, transaction
from marketplace.listings.models import Listing
from marketplace.listings.rules import pay_by
from marketplace.lotteries import cards, promoting
from marketplace.lotteries.closing import locked
from marketplace.lotteries.models import Entry, Lottery, Wave
from marketplace.lotteries.states import EntryState, LotteryState
from marketplace.orders.models import LIVE, Order
from marketplace.orders.placing import award
from marketplace.outbox.promising import say

PORTION = 50
"""Winners awarded in one transaction: other writers get their turn in between."""
LATE = timedelta(hours=1)
"""An award that comes later after its wave than this has its own deadline: nobody loses time by our delay."""


def award_winners(lottery_id: int) -> None:
    """Give the next portion of winners their orders; then say that there are more ⇢ lottery.awarding."""
    with transaction():
        lottery = lock(Lottery, lottery_id)
        won = list(
            db.session.scalars(
                sa.select(Entry)
                .where(Entry.lottery_id == lottery_id, Entry.state == EntryState.WON)
                .order_by(Entry.wave, Entry.rank, Entry.id)
                .limit(PORTION)
            )
        )
        if lottery.state != LotteryState.DRAWN:
            return
        for entry in won:
            _award(lottery, entry)
        if won:
            say("lottery.awarding", key=f"{lottery.code}:{won[-1].no}", lottery_id=lottery_id)
        else:
            promoting.promote(lottery_id)


def _award(lottery: Lottery, entry: Entry) -> None:
    listing = get(Listing, lottery.listing_id)
    assert entry.account_id is not None, "nobody is erased while others may win"
    deadline, letter = _deadline(lottery, listing, entry.wave or 0), cards.letter(entry)
    entry.order_id = award(entry.account_id, listing.id, listing.price_yen, deadline, "lottery", letter)
    move(entry, "award", order=entry.order_id)
    cards.charge(entry)


def _deadline(lottery: Lottery, listing: Listing, number: int) -> datetime:
    wave = db.session.scalars(sa.select(Wave).where(Wave.lottery_id == lottery.id, Wave.number == number)).one()
    return wave.pay_by if now() < wave.at + LATE else pay_by(listing, now())


def paid(order_id: int) -> None:
    """The money has come, in time or late."""
    with transaction():
        lottery, entry = _of_order(order_id)
        if lottery is None or entry is None or not entry.MOVES.allows(entry.state, "pay"):
            return
        move(entry, "pay")
        promoting.promote(lottery.id)


def forfeited(order_id: int) -> None:
    """A winner has not paid in time: the place is free for whoever waits in the same draw."""
    with transaction():
        lottery, entry = _of_order(order_id)
        if lottery is None or entry is None or entry.state != EntryState.PAY_DUE:
            return
        if db.session.scalar(sa.select(Order.state).where(Order.id == order_id)) in LIVE:
            return  # the money came after all
        move(entry, "forfeit")
        promoting.promote(lottery.id)


def _of_order(order_id: int) -> tuple[Lottery | None, Entry | None]:
    """The lottery, locked, and the entry that this order was awarded to."""
    order = get(Order, order_id)
    lottery = locked(order.listing_id)
    entry_id = db.session.scalar(sa.select(Entry.id).where(Entry.order_id == order_id))
    return lottery, lock(Entry, entry_id) if entry_id is not None else None
