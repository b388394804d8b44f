"""What the tests of cards say often."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from marketplace.chain.models import Call, CallState, Lane, Tx, TxState
from marketplace.collections import swapping
from marketplace.collections.models import Swap
from marketplace.kit.db import db, get, transaction
from marketplace.outbox import keeping
from tests.chainlogs import Chain, digest
from tests.resale.stage import custody, heard


@dataclass(frozen=True)
class Cards:
    """Listings and rights of two kinds; a token of the first that Hana holds, two of the second that Ken holds."""

    first_listing: int
    second_listing: int
    first: int
    second: int
    hers: int
    his: int
    another: int


def an_offer(cards: Cards, giver_id: int, serial: int | None = None, email: str | None = None) -> int:
    """Hana's card for one of the second kind."""
    return swapping.offer(cards.hers, giver_id, cards.second, serial, email, 14)


def swap(swap_id: int) -> Swap:
    db.session.rollback()
    return get(Swap, swap_id)


def mined(swap_id: int) -> None:
    """The chain has taken the call of this swap."""
    with transaction() as session:
        lane = Lane(chain_id=1, role="custodian", signer=digest("lane")[:42], next_nonce=1)
        session.add(lane)
        session.flush()
        fees = {"max_fee": 0, "tip": 0, "bid_at": 0.0}
        done = {**fees, "state": TxState.MINED, "block_number": 5, "block_hash": digest("block")}
        tx = Tx(lane_id=lane.id, nonce=0, raw=b"", hash=digest("tx"), **done)
        session.add(tx)
        session.flush()
        ours = sa.update(Call).where(Call.key == get(Swap, swap_id).call_key)
        session.execute(ours.values(state=CallState.MINED, tx_id=tx.id))


def exchanged(chain: Chain, swap_id: int, block: int = 5) -> None:
    """Both cards moved in one transaction, and everybody has heard."""
    found = swap(swap_id)
    assert found.taker_id is not None
    assert found.take_token_id is not None
    giver, taker = custody(found.giver_id), custody(found.taker_id)
    chain.transfer(found.give_token_id, giver, taker, block, 0, tx=f"swap {found.code}")
    chain.transfer(found.take_token_id, taker, giver, block, 1, tx=f"swap {found.code}")
    heard(chain, found.give_token_id, found.take_token_id)
    keeping.drain()
