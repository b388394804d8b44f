"""A lottery whose sale was amended while it is open: later times, and everybody who applied hears it."""

from __future__ import annotations

import sqlalchemy as sa

from marketplace.journal.writing import note
from marketplace.kit.db import db, get, transaction
from marketplace.listings import amending
from marketplace.listings.models import Listing
from marketplace.lotteries.closing import locked, of_listing
from marketplace.lotteries.drand import drand
from marketplace.lotteries.draw import DICE
from marketplace.lotteries.models import IN_THE_DRAW, Entry
from marketplace.lotteries.states import LotteryState
from marketplace.outbox.promising import say

PORTION = 200
"""Letters written in one transaction."""


def follow(listing_id: int) -> None:
    """Take close, draw and the round of the beacon from the sale, as long as the lottery is open. Twice is nothing."""
    with transaction():
        lottery = locked(listing_id)
        listing = get(Listing, listing_id)
        if lottery is None or lottery.state != LotteryState.OPEN:
            return
        assert listing.closes_at is not None, "an amended lottery has its close"
        assert listing.draw_at is not None, "and the time of its draw"
        if (lottery.closes_at, lottery.draw_at) == (listing.closes_at, listing.draw_at):
            return
        lottery.promote_until += listing.draw_at - lottery.draw_at
        lottery.closes_at, lottery.draw_at = listing.closes_at, listing.draw_at
        if lottery.chain != DICE:
            lottery.round = drand().chain.round_at(listing.draw_at)
        note(lottery.subject, "amend", round=lottery.round, draw_at=listing.draw_at.isoformat())


def tell(listing_id: int, amendment_id: int, past: int = 0) -> None:
    """Write the letters of one portion ⇢ lottery.amended for the rest."""
    with transaction():
        lottery = of_listing(listing_id)
        if lottery is None:
            return
        query = sa.select(Entry.seq, Entry.account_id).where(Entry.lottery_id == lottery.id, IN_THE_DRAW)
        rows = db.session.execute(query.where(Entry.seq > past).order_by(Entry.seq).limit(PORTION)).all()
        amending.tell(amendment_id, [account_id for _, account_id in rows if account_id is not None])
        if len(rows) == PORTION:
            last = rows[-1].seq
            key = f"{amendment_id}:{last}"
            say("lottery.amended", key=key, listing_id=listing_id, amendment_id=amendment_id, past=last)
