"""Cards moved: where both of an exchange did, in one transaction of the chain, it is done."""

from __future__ import annotations

import sqlalchemy as sa

from marketplace.accounts.models import Account
from marketplace.accounts.readdressing import bring_along
from marketplace.collections.models import Swap, SwapState
from marketplace.collections.telling import tell
from marketplace.holders.leaving import locked
from marketplace.journal.writing import move
from marketplace.kit.db import db, get, lock, transaction
from marketplace.outbox.promising import handles
from marketplace.tokens.custody import custody_of
from marketplace.tokens.models import Transfer


@handles("token.changed_hands")
def on_movement(token_id: int, tx_hash: str, **_more: object) -> None:
    """Heard for each of the two cards; whichever is heard second finds both."""
    with transaction():
        either = sa.or_(Swap.give_token_id == token_id, Swap.take_token_id == token_id)
        swap_id = db.session.scalar(sa.select(Swap.id).where(either, Swap.state == SwapState.ACCEPTED))
        if swap_id is None:
            return
        swap = get(Swap, swap_id)
        assert swap.take_token_id is not None, "an accepted swap has both"
        for each in sorted((swap.give_token_id, swap.take_token_id)):
            locked(each)
        swap = lock(Swap, swap_id)
        if swap.state != SwapState.ACCEPTED or swap.taker_id is None or swap.take_token_id is None:
            return
        giver, taker = custody_of(swap.giver_id), custody_of(swap.taker_id)
        there = _moved(swap.give_token_id, giver, taker, tx_hash)
        back = _moved(swap.take_token_id, taker, giver, tx_hash)
        if there and back:
            move(swap, "complete_swap", tx=tx_hash)
            for account_id in (swap.giver_id, swap.taker_id):
                tell("swap_done", swap, get(Account, account_id).email)


def _moved(token_id: int, sender: str, to: str, tx_hash: str) -> bool:
    step = sa.select(Transfer.id).filter_by(token_id=token_id, from_address=sender, to_address=to, tx_hash=tx_hash)
    return db.session.scalar(step.limit(1)) is not None


@handles("account.readdressed")
def on_new_address(change_id: int) -> None:
    """An exchange that was offered to the old mailbox before is still for the same person."""
    bring_along(change_id, Swap.to_email, Swap.offered_at)
