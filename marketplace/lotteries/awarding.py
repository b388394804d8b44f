"""After the draw: winners get an order, those who do not pay lose it to the next of the waiting list (繰上当選)."""

from __future__ import annotations

import sqlalchemy as sa

from marketplace.journal.writing import move
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, lock, transaction
from marketplace.listings.models import Listing, ListingState
from marketplace.listings.rules import pay_by
from marketplace.listings.scheduling import complete
from marketplace.lotteries import cards
from marketplace.lotteries.closing import locked
from marketplace.lotteries.models import Entry, EntryState, Lottery, LotteryState
from marketplace.orders.models import LIVE, Order
from marketplace.orders.placing import award
from marketplace.outbox.promising import say

PORTION = 50
"""Winners awarded in one transaction: other writers get their turn in between."""


def award_winners(lottery_id: int) -> None:
    """Give the next portion of winners their orders; then say that there are more ⇢ lottery.awarding."""
    with transaction():
        lottery = lock(Lottery, lottery_id)
        won = list(
            db.session.scalars(
                sa.select(Entry)
                .where(Entry.lottery_id == lottery_id, Entry.state == EntryState.WON)
                .order_by(Entry.rank)
                .limit(PORTION)
            )
        )
        if lottery.state != LotteryState.DRAWN:
            return
        for entry in won:
            _award(lottery, entry)
        if won:
            say("lottery.awarding", key=f"{lottery.code}:{won[-1].rank}", lottery_id=lottery_id)
        else:
            _settle(lottery)


def _award(lottery: Lottery, entry: Entry) -> None:
    listing = get(Listing, lottery.listing_id)
    assert entry.account_id is not None, "nobody is erased while others may win"
    deadline, letter = pay_by(listing, now()), cards.letter(entry)
    entry.order_id = award(entry.account_id, listing.id, listing.price_yen, deadline, "lottery", letter)
    move(entry, "award", order=entry.order_id)
    cards.charge(entry)


def paid(order_id: int) -> None:
    """The money has come, in time or late."""
    with transaction():
        lottery, entry = _of_order(order_id)
        if lottery is None or entry is None or not entry.MOVES.allows(entry.state, "pay"):
            return
        move(entry, "pay")
        _settle(lottery)


def forfeited(order_id: int) -> None:
    """A winner has not paid in time: the next of the waiting list takes the place, with the same draw."""
    with transaction():
        lottery, entry = _of_order(order_id)
        if lottery is None or entry is None or entry.state != EntryState.PAY_DUE:
            return
        if db.session.scalar(sa.select(Order.state).where(Order.id == order_id)) in LIVE:
            return  # the money came after all
        move(entry, "forfeit")
        following = db.session.scalar(
            sa.select(Entry)
            .where(Entry.lottery_id == lottery.id, Entry.state == EntryState.WAITING)
            .order_by(Entry.rank)
            .limit(1)
        )
        if following is not None and lottery.state == LotteryState.DRAWN:
            move(following, "promote", why=f"instead of {entry.no}")
            _award(lottery, following)
        _settle(lottery)


def _of_order(order_id: int) -> tuple[Lottery | None, Entry | None]:
    """The lottery, locked, and the entry that this order was awarded to."""
    order = get(Order, order_id)
    lottery = locked(order.listing_id)
    entry_id = db.session.scalar(sa.select(Entry.id).where(Entry.order_id == order_id))
    return lottery, lock(Entry, entry_id) if entry_id is not None else None


def _settle(lottery: Lottery) -> None:
    """Nobody has to pay any more: the lottery is over."""
    open_entries = sa.select(Entry.id).where(
        Entry.lottery_id == lottery.id, Entry.state.in_((EntryState.WON, EntryState.PAY_DUE))
    )
    if lottery.state != LotteryState.DRAWN or db.session.scalar(open_entries.limit(1)) is not None:
        return
    move(lottery, "settle")
    if get(Listing, lottery.listing_id).state == ListingState.CLOSED:
        complete(lottery.listing_id)
