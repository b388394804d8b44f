"""What watchers of an auction see, read from the database at most four times a second by each process."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from marketplace.auctions.models import Auction, AuctionState
from marketplace.kit.db import db

FRESH_S = 0.25


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The public standing; `leader_id` and `winner_no` only serve to tell a visitor "that is you"."""

    code: str
    sealed: bool
    state: AuctionState
    price_yen: int | None
    start_yen: int
    minimum_yen: int
    reserve_met: bool | None
    """None where there is no reserve."""
    bid_count: int
    bidder_count: int
    scheduled_close_at: datetime
    closes_at: datetime
    leader_id: int | None
    leader_no: str | None
    winner_no: str | None
    winner_yen: int | None

    @property
    def extended(self) -> bool:
        return self.closes_at > self.scheduled_close_at


_lock = threading.Lock()
_kept: dict[tuple[str, str], tuple[float, Snapshot | None]] = {}
_MOST = 1000  # listings kept in memory; a town has far fewer open at once


def snapshot(code: str) -> Snapshot | None:
    """The standing of the auction of listing `code`, not older than a quarter of a second; None without an auction."""
    key = (str(db.engine.url), code)
    with _lock:
        kept = _kept.get(key)
        if kept is not None and time.monotonic() - kept[0] < FRESH_S:
            return kept[1]
        if len(_kept) >= _MOST:
            _kept.clear()
        read_at = time.monotonic()
        auction = db.session.scalar(sa.select(Auction).where(Auction.code == code))
        fresh = snapshot_of(auction) if auction is not None else None
        _kept[key] = (read_at, fresh)
        return fresh


def snapshot_of(auction: Auction) -> Snapshot:
    reserve = auction.reserve_yen
    return Snapshot(
        code=auction.code,
        sealed=auction.sealed,
        state=auction.state,
        price_yen=auction.price_yen,
        start_yen=auction.start_yen,
        minimum_yen=auction.minimum_yen,
        reserve_met=None if reserve is None or auction.sealed else (auction.price_yen or 0) >= reserve,
        bid_count=auction.bid_count,
        bidder_count=auction.bidder_count,
        scheduled_close_at=auction.scheduled_close_at,
        closes_at=auction.closes_at,
        leader_id=auction.leader_id,
        leader_no=auction.leader_no,
        winner_no=auction.winner_no,
        winner_yen=auction.winner_yen,
    )
