"""Figures of the resale market for the public page, and the history of a token: few queries, however many rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from marketplace.chain.register import contracts
from marketplace.kit.clock import now
from marketplace.kit.db import db
from marketplace.kit.kept import kept
from marketplace.kit.money import Yen
from marketplace.resale.models import Flag, Offer, OfferState, Trade
from marketplace.rights.models import Right
from marketplace.tokens.models import NOBODY, Token, TokenState, Transfer


@dataclass(frozen=True)
class Figures:
    """What was sold, but for the sales that washing.py leaves out: `excluded` says how many for each reason.

    `royalties` is what all sales, those too, really brought the fund; `expected` what the rights' own rate asks of
    them. `floor` is the lowest live price, `median` that of the sales (both None of none); `holders` counts addresses.
    """

    count: int
    volume: Yen
    royalties: Yen
    median: Yen | None
    floor: Yen | None
    offered: int
    issued: int
    holders: int
    expected: Yen = 0
    excluded: Mapping[Flag, int] = field(default_factory=dict)


NOTHING = Figures(0, 0, 0, None, None, 0, 0, 0)


def figures() -> Figures:
    """Of the whole town."""
    return added_up(by_right=False).get(0, NOTHING)


def figures_lately() -> Figures:
    """The same for a page that everybody reads: FIGURES_KEPT_S old at most."""
    return kept(added_up, by_right=False).get(0, NOTHING)


def figures_by_right() -> list[tuple[Right, Figures]]:
    """Of each right with tokens, the largest volume first."""
    return _with_rights(added_up(by_right=True))


def figures_by_right_lately() -> list[tuple[Right, Figures]]:
    return _with_rights(kept(added_up, by_right=True))


def _with_rights(found: Mapping[int, Figures]) -> list[tuple[Right, Figures]]:
    rights = db.session.scalars(sa.select(Right).where(Right.id.in_(found)))
    return sorted(((right, found[right.id]) for right in rights), key=lambda pair: (-pair[1].volume, pair[0].id))


@dataclass(frozen=True)
class Step:
    """One line of a token's history. `kind` is issue, sale, transfer or revocation; money only of a sale."""

    kind: str
    from_address: str
    to_address: str
    price_yen: Yen | None
    royalty_yen: Yen | None
    tx_hash: str
    log_index: int
    block_number: int
    at: datetime


STEP_JA = {"issue": "発行", "sale": "売買", "transfer": "ゆずりわたし", "revocation": "取り消し"}


def histories(token_ids: Collection[int]) -> dict[int, list[Step]]:
    """{token: its steps, oldest first}, in two queries. A movement in the transaction of a sale is that sale."""
    trades = db.session.scalars(sa.select(Trade).where(Trade.token_id.in_(token_ids)))
    sold = {(trade.token_id, trade.tx_hash, trade.seller, trade.buyer): trade for trade in trades}
    transfers = db.session.scalars(
        sa.select(Transfer)
        .where(Transfer.token_id.in_(token_ids))
        .order_by(Transfer.token_id, Transfer.block_number, Transfer.log_index)
    )
    found: dict[int, list[Step]] = {}
    for move in transfers:
        trade = sold.get((move.token_id, move.tx_hash, move.from_address, move.to_address))
        found.setdefault(move.token_id, []).append(
            Step(
                kind=_kind(move, trade),
                from_address=move.from_address,
                to_address=move.to_address,
                price_yen=trade.price_yen if trade else None,
                royalty_yen=trade.royalty_yen if trade else None,
                tx_hash=move.tx_hash,
                log_index=move.log_index,
                block_number=move.block_number,
                at=move.at,
            )
        )
    return found


def history(token_id: int) -> list[Step]:
    return histories([token_id]).get(token_id, [])


def live_offers(limit: int = 50) -> list[tuple[Offer, Token]]:
    """What can be bought now, the cheapest first, in one query."""
    live = sa.select(Offer, Token).join(Token, Token.token_id == Offer.token_id)
    query = live.where(Offer.state == OfferState.LIVE, Offer.expires_at > now())
    return [
        (offer, token) for offer, token in db.session.execute(query.order_by(Offer.price_yen, Offer.id).limit(limit))
    ]


def live_offers_of(token_ids: Collection[int]) -> dict[int, Offer]:
    """{token: the offer that could be bought now}."""
    live = (Offer.token_id.in_(token_ids), Offer.state == OfferState.LIVE, Offer.expires_at > now())
    return {offer.token_id: offer for offer in db.session.scalars(sa.select(Offer).where(*live).order_by(Offer.id))}


def _kind(move: Transfer, trade: Trade | None) -> str:
    if move.from_address == NOBODY:
        return "issue"
    if move.to_address == NOBODY:
        return "revocation"
    return "sale" if trade else "transfer"


def added_up(*, by_right: bool) -> dict[int, Figures]:
    """{right, or 0 for the town: figures}: a handful of queries, the database adds up."""
    group: sa.ColumnElement[int] = (
        Token.__table__.c.right_id if by_right else sa.literal_column("CAST(0 AS INTEGER)", sa.Integer())
    )
    issued = {
        key: (count, holders)
        for key, count, holders in db.session.execute(
            sa.select(group, sa.func.count(), sa.func.count(_somebody().distinct()))
            .where(Token.state.in_((TokenState.HELD, TokenState.REVOKED)))
            .group_by(group)
        )
    }
    sums = {
        key: (count, volume, royalties, expected)
        for key, count, volume, royalties, expected in db.session.execute(
            sa.select(
                group,
                sa.func.count().filter(Trade.flag.is_(None)),
                sa.func.coalesce(sa.func.sum(Trade.price_yen).filter(Trade.flag.is_(None)), 0),
                sa.func.sum(Trade.royalty_yen),
                sa.func.sum(Trade.price_yen * Right.royalty_bps // 10_000),
            )
            .select_from(Trade)
            .join(Token, Token.token_id == Trade.token_id)
            .join(Right, Right.id == Token.right_id)
            .group_by(group)
        )
    }
    excluded = _excluded(group)
    floors = {
        key: (count, floor)
        for key, count, floor in db.session.execute(
            sa.select(group, sa.func.count(), sa.func.min(Offer.price_yen))
            .select_from(Offer)
            .join(Token, Token.token_id == Offer.token_id)
            .where(Offer.state == OfferState.LIVE, Offer.expires_at > now())
            .group_by(group)
        )
    }
    medians = _medians(group)
    found = {}
    for key in issued.keys() | sums.keys() | floors.keys():
        count, volume, royalties, expected = sums.get(key, (0, 0, 0, 0))
        offered, floor = floors.get(key, (0, None))
        tokens, holders = issued.get(key, (0, 0))
        found[key] = Figures(
            count=int(count),
            volume=int(volume),
            royalties=int(royalties),
            median=medians.get(key),
            floor=floor,
            offered=int(offered),
            issued=int(tokens),
            holders=int(holders),
            expected=int(expected),
            excluded=excluded.get(key, {}),
        )
    return found


def _excluded(group: sa.ColumnElement[int]) -> dict[int, dict[Flag, int]]:
    """{group: {reason: sales}} of those that are left out."""
    rows = (
        sa.select(group, Trade.flag, sa.func.count())
        .select_from(Trade)
        .join(Token, Token.token_id == Trade.token_id)
        .where(Trade.flag.is_not(None))
        .group_by(group, Trade.flag)
        .order_by(Trade.flag)
    )
    found: dict[int, dict[Flag, int]] = {}
    for key, flag, count in db.session.execute(rows):
        if flag is not None:
            found.setdefault(key, {})[flag] = count
    return found


def _somebody() -> sa.ColumnElement[str | None]:
    """The holder's address, but for a contract of ours: what was sent there has no holder any more."""
    return sa.case((Token.holder_address.in_(list(contracts().values())), None), else_=Token.holder_address)


def _medians(group: sa.ColumnElement[int]) -> dict[int, Yen]:
    """{group: the middle price, half a yen rounded up}: the database ranks, only the middle rows travel."""
    ranked = (
        sa.select(
            group.label("key"),
            Trade.price_yen.label("price"),
            sa.func.row_number().over(partition_by=group, order_by=(Trade.price_yen, Trade.id)).label("place"),
            sa.func.count().over(partition_by=group).label("among"),
        )
        .select_from(Trade)
        .join(Token, Token.token_id == Trade.token_id)
        .where(Trade.flag.is_(None))
        .subquery()
    )
    middle = ranked.c.place.in_([(ranked.c.among + 1) // 2, (ranked.c.among + 2) // 2])
    rows = db.session.execute(
        sa.select(ranked.c.key, sa.func.min(ranked.c.price), sa.func.max(ranked.c.price))
        .where(middle)
        .group_by(ranked.c.key)
    )
    return {key: (int(low) + int(high) + 1) // 2 for key, low, high in rows}
