"""Who held what when a block was made: from the logs up to it, whatever has happened since."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa

from marketplace.chain.contract import RIGHTS
from marketplace.chain.models import Block, Cursor, Log
from marketplace.chain.register import contracts, reading_anew
from marketplace.kit.db import db, writing
from marketplace.kit.refusals import Unavailable
from marketplace.settings import settings
from marketplace.tokens.models import NOBODY, Token


@dataclass(frozen=True)
class Snapshot:
    """`holders` is {token: address} of those that somebody held when block `number` was the last one."""

    number: int
    hash: str | None
    holders: dict[int, str]


def snapshot(right_ids: Collection[int] = ()) -> Snapshot:
    """Of these rights (of all, where none is named) at the last block that was read, inside the caller's transaction.

    The follower waits meanwhile. Unavailable until the chain has been read.
    """
    assert writing(), "snapshot() belongs inside transaction()"
    cursor = db.session.get(Cursor, settings().chain_id, with_for_update=True, populate_existing=True)
    if cursor is None or cursor.block < 0 or reading_anew():
        raise Unavailable("chain: not read yet")
    block = db.session.get(Block, (settings().chain_id, cursor.block))
    return Snapshot(cursor.block, block.hash if block else None, holders_at(cursor.block, right_ids))


def holders_at(block: int, right_ids: Collection[int] = ()) -> dict[int, str]:
    """{token: address} after the last movement of each up to that block; neither revoked ones nor those that lie in a
    contract of ours."""
    place = sa.func.row_number().over(
        partition_by=Log.token_id, order_by=(Log.block_number.desc(), Log.log_index.desc())
    )
    moves = sa.select(Log.token_id, Log.args, place.label("place"))
    moves = moves.where(Log.address == contracts().get(RIGHTS), Log.name == "Transfer", Log.block_number <= block)
    if right_ids:
        ours = sa.select(Token.token_id).where(Token.right_id.in_(right_ids))
        moves = moves.where(Log.token_id.in_(ours))
    ranked = moves.subquery()
    nobody = {NOBODY, *contracts().values()}
    rows = db.session.execute(sa.select(ranked.c.token_id, ranked.c.args).where(ranked.c.place == 1))
    return {token_id: args["to"] for token_id, args in rows if args["to"] not in nobody}
