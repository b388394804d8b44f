"""What an auction publishes: the log that anyone can replay, after the close; before it, what all may see."""

from __future__ import annotations

import sqlalchemy as sa

from marketplace.auctions import sealed
from marketplace.auctions.models import MAXIMA_PUBLIC, Auction, AuctionState, Bid, BidStatus
from marketplace.auctions.replay import replay
from marketplace.kit.db import db
from marketplace.kit.published import Record


def bids_in_order(auction: Auction) -> list[Bid]:
    return list(db.session.scalars(sa.select(Bid).where(Bid.auction_id == auction.id).order_by(Bid.seq)))


def envelopes(auction: Auction) -> list[tuple[sealed.Bid, BidStatus]]:
    return [(sealed.Bid(bid.t, bid.bidder_no, bid.no, bid.max_yen), bid.status) for bid in bids_in_order(auction)]


def log_of(auction: Auction) -> Record:
    """The whole log in the form of docs/auction-v1.md, maxima too: only for after the close."""
    terms: Record = {
        "start": auction.start_yen,
        "reserve": auction.reserve_yen,
        "close": auction.seconds(auction.scheduled_close_at),
    }
    if auction.sealed:
        bids = [{"t": bid.t, "bidder": bid.bidder, "no": bid.no, "amount": bid.amount} for bid, _ in envelopes(auction)]
        return {"version": "sealed-v1", **terms, "seed": auction.seed, "bids": bids}
    return {
        "version": "auction-v1",
        **terms,
        "soft_close": auction.soft_close,
        "increments": auction.increments,
        "bids": [{"t": bid.t, "bidder": bid.bidder_no, "max": bid.max_yen} for bid in bids_in_order(auction)],
    }


def history(auction: Auction) -> list[Bid]:
    """What everybody may see, newest first: bids that changed price or leader. Nothing of sealed bids."""
    if auction.sealed:
        return []
    changes = sa.select(Bid).where(Bid.auction_id == auction.id, Bid.changed).order_by(Bid.seq.desc())
    return list(db.session.scalars(changes))


def bids_of(listing_code: str) -> Record | None:
    """For the API: after the decision the log itself with its result; before it, the public history.

    None where the listing has no auction (yet). `code`, `state` and `result` stand beside the keys of the log.
    """
    auction = db.session.scalar(sa.select(Auction).where(Auction.code == listing_code))
    if auction is None:
        return None
    about: Record = {"code": auction.code, "state": str(auction.state)}
    if auction.state in MAXIMA_PUBLIC:
        log = log_of(auction)
        return {**log, **about, "result": replay(log)}
    public: Record = {
        "version": "sealed-v1" if auction.sealed else "auction-v1",
        "start": auction.start_yen,
        "close": auction.seconds(auction.closes_at),
        "opens_at": auction.opens_at.isoformat(),
        "closes_at": auction.closes_at.isoformat(),
        **about,
        "result": None,
    }
    if auction.state == AuctionState.TIED:
        public["tie_root"] = auction.tie_root
    if not auction.sealed:
        public |= {"price": auction.price_yen, "leader": auction.leader_no, "minimum": auction.minimum_yen}
    public["bids"] = [
        {"t": bid.t, "bidder": bid.bidder_no, "price": bid.price_yen, "leader": bid.leader_no, "close": bid.close}
        for bid in reversed(history(auction))
    ]
    return public
