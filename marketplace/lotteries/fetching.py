"""The worker fetches the beacon when the time of a draw has come, and draws. What it meets outside is told honestly."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from marketplace.journal.writing import note
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, let_go, lock, transaction
from marketplace.kit.refusals import Unavailable
from marketplace.kit.sheets import sheet
from marketplace.lotteries import draw
from marketplace.lotteries.drand import drand
from marketplace.lotteries.drawing import draw_with_beacon, source
from marketplace.lotteries.models import Lottery
from marketplace.lotteries.refusals import NotClosed, WrongSource
from marketplace.lotteries.states import LotteryState
from marketplace.outbox.promising import handles, say

LONGEST_WAIT = timedelta(minutes=10)


@sheet(every=1, name="lotteries.beacon_due")
def beacon_due() -> None:
    """Promise to ask for each lottery whose beacon should have spoken ⇢ lottery.beacon_due."""
    due = (
        sa.select(Lottery.id)
        .where(Lottery.state == LotteryState.CLOSED, Lottery.chain != draw.DICE, Lottery.draw_at <= now())
        .where(sa.or_(Lottery.ask_at.is_(None), Lottery.ask_at <= now()))
    )
    ids = list(db.session.scalars(due))
    let_go()
    for lottery_id in ids:
        with transaction():
            lottery = get(Lottery, lottery_id)
            if source(lottery, now()) != draw.DICE:
                say("lottery.beacon_due", key=f"{lottery.code}:{lottery.asked}", lottery_id=lottery_id)


@handles("lottery.beacon_due")
def fetch(lottery_id: int) -> None:
    """Ask once; draw, or write down what was in the way and when it is tried again."""
    lottery = get(Lottery, lottery_id)
    state, round_number, asked = lottery.state, lottery.round, lottery.asked
    let_go()
    if state != LotteryState.CLOSED:
        return
    try:
        signature = drand().signature(round_number)
    except Unavailable as trouble:
        _silent(lottery_id, asked, str(trouble))
        return
    try:
        draw_with_beacon(lottery_id, signature.hex())
    except (NotClosed, WrongSource):
        return  # drawn or cancelled in the meantime, or its day of silence is over


def _silent(lottery_id: int, asked: int, trouble: str) -> None:
    with transaction():
        lottery = lock(Lottery, lottery_id)
        if lottery.state != LotteryState.CLOSED or lottery.asked != asked:
            return
        if not asked:
            note(lottery.subject, "beacon_missed", why=trouble)
        lottery.asked += 1
        lottery.ask_at = now() + min(timedelta(seconds=2.0 ** min(lottery.asked, 16)), LONGEST_WAIT)
        lottery.trouble = trouble
