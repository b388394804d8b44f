"""The sign-off: a second person has compared what was drawn with what the witnesses saw."""

from __future__ import annotations

from marketplace.accounts.models import Account
from marketplace.journal.writing import note
from marketplace.kit.clock import now
from marketplace.kit.db import get, lock, transaction
from marketplace.lotteries import draw
from marketplace.lotteries.closing import draws, entered
from marketplace.lotteries.models import Draw, Lottery
from marketplace.lotteries.refusals import ListChanged, NotDrawn, SameHand
from marketplace.lotteries.states import LotteryState


def sign_off(lottery_id: int, actor_id: int) -> None:
    """Sign the draw off, once, by another person than the one who brought chance in.

    NotDrawn; SameHand; ListChanged where the register is not what its own record gives.
    """
    with transaction():
        lottery = lock(Lottery, lottery_id)
        if lottery.state not in (LotteryState.DRAWN, LotteryState.SETTLED):
            raise NotDrawn
        if lottery.signed_off_by is not None:
            return
        if lottery.drawn_by == actor_id:
            raise SameHand
        if not all(recomputes(fixed) for fixed in draws(lottery.id)):
            raise ListChanged
        lottery.signed_off_by, lottery.signed_off_at = actor_id, now()
        note(lottery.subject, "sign_off", by=f"staff:{get(Account, actor_id).code}")


def recomputes(fixed: Draw) -> bool:
    """Does the draw come out again, from the list as it is now and the randomness as it was?"""
    found = draw.places(fixed.commit, bytes.fromhex(fixed.randomness or ""), entered(fixed.lottery_id, fixed.group))
    return (len(found.order), found.root.hex(), found.seed.hex(), found.cutoff(fixed.units)) == (
        fixed.n,
        fixed.root,
        fixed.seed,
        fixed.cutoff,
    )
