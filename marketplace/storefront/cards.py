"""What a card says of a listing: made for a whole page of them with a handful of queries, never one for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager, load_only

from marketplace.auctions.models import Auction, AuctionState
from marketplace.kit.clock import now
from marketplace.kit.db import db
from marketplace.kit.languages import _
from marketplace.kit.shown import until, when
from marketplace.listings.models import BY_BIDS, Listing, ListingState, Mode, UnitState
from marketplace.listings.taking import counts
from marketplace.lotteries.models import IN_THE_DRAW, Entry, Lottery
from marketplace.metadata.pictures import url as picture_url
from marketplace.rights.models import Right

SOON = timedelta(days=3)
NOBODY_WON = (AuctionState.TO_OPEN, AuctionState.TIED, AuctionState.UNSOLD)
"""For good, or not yet."""
SHOWN = (
    load_only(
        *(Listing.code, Listing.right_id, Listing.mode, Listing.state, Listing.price_yen, Listing.quantity),
        *(Listing.opens_at, Listing.closes_at),
    ),
    contains_eager(Listing.right).load_only(
        *(Right.code, Right.kind, Right.title_ja, Right.title_en, Right.picture_id, Right.picture_alt)
    ),
)
"""Options for a query of listings joined with their rights: the columns that a card shows, a third of all."""
_auctions = Auction.__table__.c
_STANDING = sa.select(
    *(_auctions.listing_id, _auctions.sealed, _auctions.price_yen, _auctions.bid_count, _auctions.winner_yen),
    *(_auctions.closes_at, _auctions.state),
).where(_auctions.listing_id.in_(sa.bindparam("listings", expanding=True)))
_WANTED = (
    sa.select(Lottery.listing_id, sa.func.count())
    .join(Entry, Entry.lottery_id == Lottery.id)
    .where(Lottery.listing_id.in_(sa.bindparam("listings", expanding=True)), IN_THE_DRAW)
    .group_by(Lottery.listing_id)
)
"""Built once, since every card of a page goes by them."""


@dataclass
class About:
    """`yen` under `label`; `sold` of the quantity (None where units are not counted); facts as (words, soon?).

    `stopped`: nothing is taken for a while, be it of the sale or of the bids.
    """

    picture: str
    yen: int | None
    label: str
    remaining: int
    sold: int | None = None
    facts: list[tuple[str, bool]] = field(default_factory=list)
    stopped: bool = False


def about(listings: Sequence[Listing]) -> dict[int, About]:
    """{listing id: what its card says}."""

    def sold_by(*modes: Mode) -> list[int]:
        return [listing.id for listing in listings if listing.mode in modes]

    units = counts(sold_by(Mode.FIXED))
    auctions = _standing(sold_by(*BY_BIDS))
    wanted = units_wanted(sold_by(Mode.LOTTERY))
    return {
        listing.id: _about(listing, units.get(listing.id, {}), auctions.get(listing.id), wanted.get(listing.id, 0))
        for listing in listings
    }


def _standing(listing_ids: Sequence[int]) -> dict[int, sa.Row[*tuple[Any, ...]]]:
    """Of the listings that are auctions, how they stand."""
    if not listing_ids:
        return {}
    return {row.listing_id: row for row in db.session.execute(_STANDING, {"listings": listing_ids})}


def units_wanted(listing_ids: Sequence[int]) -> dict[int, int]:
    """Entries to each lottery that count."""
    if not listing_ids:
        return {}
    return dict(db.session.execute(_WANTED, {"listings": listing_ids}).all())


def _about(
    listing: Listing, units: dict[UnitState, int], auction: sa.Row[*tuple[Any, ...]] | None, wanted: int
) -> About:
    free = units.get(UnitState.FREE, 0)
    card = About(picture_url(listing.right, 480), listing.price_yen, "価格(税込)", free)
    if listing.mode == Mode.FIXED:
        if units:
            card.sold = units.get(UnitState.SOLD, 0)
        if listing.state == ListingState.OPEN:
            card.facts.append((_("のこり %(free)s点", free=free) if free else "ただいま在庫なし", False))
        elif units and card.sold == listing.quantity:
            card.facts.append(("売り切れ", False))
    elif listing.mode == Mode.LOTTERY:
        card.facts.append((_("当選 %(quantity)s名", quantity=listing.quantity), False))
        if wanted:
            card.facts.append((_("応募 %(wanted)s件", wanted=f"{wanted:,}"), False))
    elif listing.mode == Mode.GRANT:
        card.yen = None
        card.facts.append(("町がお渡しするものです", False))
    else:
        card.label = "開始価格"
        if auction is not None and auction.price_yen is not None and not auction.sealed:
            card.yen, card.label = auction.price_yen, "現在の価格" if auction.state.goes_on else "終了時の価格"
            card.facts.append((_("入札 %(bid_count)s件", bid_count=auction.bid_count), False))
        if auction is not None and auction.winner_yen is not None:
            card.yen, card.label = auction.winner_yen, "落札価格"
        elif auction is not None and auction.state in NOBODY_WON:
            card.facts.append((auction.state.ja, False))
    card.stopped = listing.state == ListingState.SUSPENDED or bool(auction and auction.state == AuctionState.SUSPENDED)
    times = _times(listing, auction.closes_at if auction else listing.closes_at)
    card.facts.extend([("受付を一時停止しています", False)] if card.stopped else times)
    return card


def _times(listing: Listing, closes_at: datetime | None) -> list[tuple[str, bool]]:
    if listing.state == ListingState.PUBLISHED:
        return [(_("%(opens_at)s 開始", opens_at=when(listing.opens_at)), False)]
    if listing.state == ListingState.OPEN and closes_at:
        return [(_("%(closes_at)s まで", closes_at=until(closes_at)), closes_at - now() < SOON)]
    if listing.state == ListingState.CANCELLED:
        return [("中止になりました", False)]
    if listing.state in (ListingState.CLOSED, ListingState.COMPLETED):
        return [("受付は終わりました", False)]
    return []
