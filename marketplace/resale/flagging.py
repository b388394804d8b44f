"""Mark the sales that the figures leave out, in the transaction that records them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from marketplace.chain.contract import YEN
from marketplace.chain.models import Log
from marketplace.chain.register import contracts
from marketplace.kit.db import db, writing
from marketplace.resale import washing
from marketplace.resale.models import Trade
from marketplace.resale.rules import Told
from marketplace.resale.washing import WINDOW, Deal, Hand, Payment
from marketplace.tokens.models import NOBODY


def mark(told: Mapping[int, Sequence[Told]]) -> None:
    """Flag all sales of these tokens anew: a token that comes back makes an older sale look different.

    Args:
        told: {token: its logs}, movements included.
    """
    assert writing(), "mark() belongs inside transaction()"
    rows: dict[int, list[Trade]] = {}
    for row in db.session.scalars(sa.select(Trade).where(Trade.token_id.in_(told.keys()))):
        rows.setdefault(row.token_id, []).append(row)
    _look_at_the_money([row for trades in rows.values() for row in trades if row.funded is None])
    for token_id, trades in rows.items():
        _mark(trades, told[token_id])


def _mark(trades: Sequence[Trade], logs: Sequence[Told]) -> None:
    listed = {log.args["listingId"]: log.at for log in logs if log.name == "Listed"}
    numbers = {log.place: log.args["listingId"] for log in logs if log.name == "Sold"}
    hands = [Hand(log.place, log.args["to"], log.at) for log in logs if log.name == "Transfer"]
    paid = {_place(row) for row in trades if row.funded}
    found = washing.flags([_deal(row) for row in trades], hands, paid)
    for row in trades:
        row.flag = found.get(_place(row))
        row.listed_at = listed.get(numbers.get(_place(row)))


def _look_at_the_money(new: Sequence[Trade]) -> None:
    if not new:
        return
    earliest, latest = min(row.at for row in new) - WINDOW, max(row.at for row in new)
    floor = sa.select(Trade.block_number).where(Trade.at < earliest).order_by(Trade.block_number.desc()).limit(1)
    since = db.session.scalar(floor) or 0
    moved = (Log.name == "YenTransfer", Log.address == contracts().get(YEN), Log.block_number >= since)
    logs = db.session.execute(sa.select(Log.args, Log.at).where(*moved, Log.at >= earliest, Log.at <= latest))
    payments = [Payment(args["from"], args["to"], at) for args, at in logs]
    nobodys = {NOBODY, *contracts().values()}
    for row in new:
        row.funded = washing.funded(_deal(row), payments, nobodys)


def _deal(row: Trade) -> Deal:
    return Deal(_place(row), row.seller, row.buyer, row.at)


def _place(row: Trade) -> tuple[int, int]:
    return row.block_number, row.log_index
