"""What an auction publishes: the log that anyone can replay, after the close; before it, what all may see."""

from __future__ import annotations

import sqlalchemy as sa

from marketplace.auctions import chaining, sealed, secrecy
from marketplace.auctions.models import MAXIMA_PUBLIC, Auction, AuctionState, Bid, BidStatus
from marketplace.auctions.replay import replay
from marketplace.kit.db import db, get, writing
from marketplace.kit.published import Record
from marketplace.listings.models import Listing


def bids_in_order(auction: Auction) -> list[Bid]:
    return list(db.session.scalars(sa.select(Bid).where(Bid.auction_id == auction.id).order_by(Bid.seq)))


def leaves(auction: Auction) -> list[bytes]:
    """One leaf for each bid, in order; they need no secret to be opened."""
    found = db.session.scalars(sa.select(Bid.leaf).where(Bid.auction_id == auction.id).order_by(Bid.seq))
    return [bytes.fromhex(leaf) for leaf in found]


def disclose(auction: Auction) -> None:
    """Open the secrets of all bids, for good: from the close on."""
    assert writing(), "disclose() belongs inside transaction()"
    for bid in bids_in_order(auction):
        if bid.max_yen is None:
            bid.max_yen, bid.salt = secrecy.opened(bid.secret, auction.code, bid.seq)


def maximum(auction: Auction, bid: Bid) -> int:
    """What was bid: for its own bidder, at any time."""
    return bid.max_yen if bid.max_yen is not None else secrecy.opened(bid.secret, auction.code, bid.seq).yen


def envelopes(auction: Auction) -> list[tuple[sealed.Bid, BidStatus]]:
    """The envelopes, opened."""
    return [
        (sealed.Bid(bid.t, bid.bidder_no, bid.no, maximum(auction, bid)), bid.status) for bid in bids_in_order(auction)
    ]


def log_of(auction: Auction) -> Record:
    """The whole log in the form of docs/auction-v1.md, maxima too: only for after the close, of disclosed bids."""
    terms: Record = {
        "listing": auction.code,
        "start": auction.start_yen,
        "reserve": auction.reserve_yen,
        "close": auction.seconds(auction.scheduled_close_at),
        "outage": auction.outage,
        "outages": auction.outages,
    }
    lines = [
        chaining.line(auction.sealed, bid.t, bid.bidder_no, bid.seq, bid.max_yen or 0, bid.salt or "")
        for bid in bids_in_order(auction)
    ]
    if auction.sealed:
        rules = get(Listing, auction.listing_id).text_hash
        form: Record = {"version": "sealed-v1", "seed": auction.seed, "dice": auction.tie_digits, "rules": rules}
    else:
        form = {"version": "auction-v1", "soft_close": auction.soft_close, "increments": auction.increments}
    return {**form, **terms, "bids": lines, "head": auction.head}


def newest(auction: Auction, limit: int, offset: int = 0) -> list[Bid]:
    """What everybody may read now, newest first: the public history, from the decision on every bid."""
    bids = sa.select(Bid).where(_public(auction)).order_by(Bid.seq.desc())
    return list(db.session.scalars(bids.limit(limit).offset(offset)))


def count_of(auction: Auction) -> int:
    """How many bids newest() has in all."""
    return db.session.scalars(sa.select(sa.func.count()).select_from(Bid).where(_public(auction))).one()


def price_steps(auction: Auction) -> list[tuple[int, int]]:
    """(seconds from the opening, the price in yen from then on), as bids arrived; none where they are sealed."""
    made = sa.select(Bid.t, Bid.price_yen).where(Bid.auction_id == auction.id, Bid.changed).order_by(Bid.seq)
    return [(t, yen) for t, yen in db.session.execute(made) if yen is not None]


def _public(auction: Auction) -> sa.ColumnElement[bool]:
    if auction.state in MAXIMA_PUBLIC:
        return Bid.auction_id == auction.id
    return sa.false() if auction.sealed else sa.and_(Bid.auction_id == auction.id, Bid.changed)


def history(auction: Auction, limit: int | None = None) -> list[Bid]:
    """What everybody may see, newest first: bids that changed price or leader. Nothing of sealed bids."""
    if auction.sealed:
        return []
    changes = sa.select(Bid).where(Bid.auction_id == auction.id, Bid.changed).order_by(Bid.seq.desc())
    return list(db.session.scalars(changes.limit(limit)))


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
        "arrivals": auction.arrivals,
        "head": auction.head,
        "outages": auction.outages,
        "result": None,
    }
    if auction.state == AuctionState.TIED:
        public["tie_root"] = auction.tie_root
    if not auction.sealed:
        least = auction.minimum_yen if auction.state.goes_on else None
        public |= {"price": auction.price_yen, "leader": auction.leader_no, "minimum": least}
    public["bids"] = [
        {"t": bid.t, "bidder": bid.bidder_no, "price": bid.price_yen, "leader": bid.leader_no, "close": bid.close}
        for bid in reversed(history(auction))
    ]
    return public
