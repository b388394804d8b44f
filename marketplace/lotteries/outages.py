"""Time in which the town's machine could promote nobody is given back to those who wait."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from marketplace.journal.writing import note
from marketplace.kit.db import db, lock, writing
from marketplace.lotteries.models import Lottery
from marketplace.lotteries.states import LotteryState

GOING_ON = (LotteryState.OPEN, LotteryState.CLOSED, LotteryState.DRAWN)


def promote_longer(since: datetime, until: datetime) -> int:
    """Inside a transaction: move the end of each lottery's promoting by what fell between these two; how many."""
    assert writing(), "promote_longer() belongs inside transaction()"
    begun = (Lottery.state.in_(GOING_ON), Lottery.promote_until > since, Lottery.draw_at < until)
    moved = 0
    for lottery_id in list(db.session.scalars(sa.select(Lottery.id).where(*begun).order_by(Lottery.id))):
        lottery = lock(Lottery, lottery_id)
        lost = until - max(since, lottery.draw_at)
        if lottery.state in GOING_ON and lost > timedelta(0):
            lottery.promote_until += lost
            note(lottery.subject, "more_promoting", promote_until=lottery.promote_until.isoformat())
            moved += 1
    return moved
