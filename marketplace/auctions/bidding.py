"""A bid: judged by the rules under the auction's lock, written down whatever becomes of it."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from marketplace.auctions import rules, sealed
from marketplace.auctions.models import Auction, AuctionState, Bid, Bidder, BidStatus
from marketplace.auctions.refusals import (
    AuctionClosed,
    BelowMinimum,
    BidRefused,
    NotAboveOwnMaximum,
    NotOpenYet,
    SecondEnvelope,
)
from marketplace.kit.clock import database_now
from marketplace.kit.db import db, lock, transaction
from marketplace.kit.money import LARGEST_CHARGE, yen
from marketplace.kit.refusals import Invalid
from marketplace.outbox.promising import say


class Placed(NamedTuple):
    """What the bidder is told. `price_yen` is None for a sealed bid."""

    bid_id: int
    bidder_no: str
    leads: bool
    price_yen: int | None
    closes_at: datetime


def place_bid(auction_id: int, bidder_id: int, max_yen: int) -> Placed:
    """Bid up to `max_yen` yen (or, sealed, exactly that) for the account `bidder_id`.

    Raises a BidRefused after writing the refused bid down, Invalid for a sum that nobody could pay,
    LookupError where there is no such auction. A bid after the auction was closed is not written down any more.
    """
    if max_yen > LARGEST_CHARGE:
        raise Invalid(f"{yen(LARGEST_CHARGE)}以下の金額を入力してください。", field="max_yen")
    with transaction():
        auction = lock(Auction, auction_id)
        if auction.state != AuctionState.OPEN:
            raise AuctionClosed
        at, bidder = _moment_and_bidder(auction, bidder_id)
        bid = rules.Bid(auction.seconds(at), bidder.no, max_yen)
        row = _envelope(auction, bid) if auction.sealed else _contest(auction, bid, bidder_id)
        row.at, row.bidder_id = at, bidder.id
        refusal = _refusal(row, auction)
        _count(auction, row)
        db.session.add(row)
        db.session.flush()
        placed = Placed(row.id, bidder.no, auction.leader_no == bidder.no, auction.price_yen, auction.closes_at)
    if refusal is not None:
        raise refusal
    return placed


def _moment_and_bidder(auction: Auction, account_id: int) -> tuple[datetime, Bidder]:
    """The database's time now that the lock is ours, and the person's number, given with the first bid."""
    found = sa.select(Bidder).where(Bidder.auction_id == auction.id, Bidder.account_id == account_id)
    at: datetime = db.session.execute(sa.select(database_now())).scalar_one()
    bidder = db.session.scalar(found)
    if bidder is None:
        auction.numbers += 1
        bidder = Bidder(auction_id=auction.id, account_id=account_id, no=f"{auction.numbers:02}")
        db.session.add(bidder)
        db.session.flush()
    return at, bidder


def _contest(auction: Auction, bid: rules.Bid, account_id: int) -> Bid:
    """Put the bid to the rules of auction-v1 and let the auction stand as they say."""
    before = auction.standing
    outcome = rules.accept(auction.terms, before, bid)
    after = outcome.standing
    beaten = auction.leader_id if after.leader != before.leader else None
    if outcome.accepted:
        auction.price_yen, auction.leader_no, auction.leader_max_yen = after.price, after.leader, after.leader_max
        if after.leader == bid.bidder:
            auction.leader_id = account_id
        auction.closes_at = auction.moment(after.close)
        auction.extensions += outcome.extended
    row = _row(auction, bid, outcome.reason or "")
    row.changed = (after.price, after.leader) != (before.price, before.leader)
    row.price_yen, row.leader_no = after.price, after.leader
    if beaten is not None:
        say("auction.outbid", key=f"{auction.code}:{row.seq}", auction_id=auction.id, account_id=beaten, seq=row.seq)
    return row


def _envelope(auction: Auction, bid: rules.Bid) -> Bid:
    """Put a sealed bid to the rules of sealed-v1. Nothing of the auction changes: nobody may see."""
    earlier = sa.select(Bid.id).where(
        Bid.auction_id == auction.id, Bid.bidder_no == bid.bidder, Bid.status == BidStatus.ACCEPTED
    )
    has_bid = db.session.scalar(earlier.limit(1)) is not None
    envelope = sealed.Bid(bid.t, bid.bidder, "", bid.max)
    return _row(auction, bid, sealed.refusal(auction.sealed_terms, has_bid, envelope) or "")


def _row(auction: Auction, bid: rules.Bid, reason: str) -> Bid:
    auction.arrivals += 1
    return Bid(
        auction_id=auction.id,
        seq=auction.arrivals,
        sealed=auction.sealed,
        bidder_no=bid.bidder,
        t=int(bid.t),
        max_yen=bid.max,
        status=BidStatus.REFUSED if reason else BidStatus.ACCEPTED,
        reason=str(reason),
        close=auction.seconds(auction.closes_at),
        changed=False,
    )


def _count(auction: Auction, row: Bid) -> None:
    if row.status != BidStatus.ACCEPTED:
        return
    first = sa.select(Bid.id).where(Bid.bidder_id == row.bidder_id, Bid.status == BidStatus.ACCEPTED).limit(1)
    with db.session.no_autoflush:
        auction.bidder_count += db.session.scalar(first) is None
    auction.bid_count += 1


def _refusal(row: Bid, auction: Auction) -> BidRefused | None:
    """The refusal that the person sees, for the reason in the log."""
    match row.reason:
        case "":
            return None
        case rules.Reason.NOT_OPEN:
            return NotOpenYet()
        case rules.Reason.CLOSED:
            return AuctionClosed()
        case rules.Reason.NOT_ABOVE_OWN_MAX:
            return NotAboveOwnMaximum()
        case sealed.Reason.SECOND_BID:
            return SecondEnvelope()
        case _:
            return BelowMinimum(auction.minimum_yen)
