"""An auction begins when its listing opens."""

from __future__ import annotations

import sqlalchemy as sa

from marketplace.auctions import chaining
from marketplace.auctions.models import Auction, AuctionState
from marketplace.journal.writing import note
from marketplace.kit.db import db, insert_once, lock, transaction
from marketplace.listings.auction_rules import rules_of
from marketplace.listings.models import BY_BIDS, Listing, ListingState, Mode


def start(listing_id: int) -> int | None:
    """Start the auction of an opened listing, once; its id, or None where the listing is sold another way."""
    with transaction():
        listing = lock(Listing, listing_id)  # who cancels it meanwhile finds the auction, or it finds that
        if listing.mode not in BY_BIDS or listing.state == ListingState.CANCELLED:
            return None
        assert listing.closes_at is not None, "a listing of these modes is not approved without its close"
        agreed = rules_of(listing)
        is_sealed = listing.mode == Mode.SEALED
        closes_at = listing.closes_at.replace(microsecond=0)
        auction_id = insert_once(
            Auction,
            {
                "listing_id": listing.id,
                "code": listing.code,
                "sealed": is_sealed,
                "by_admission": agreed.taking_part is not None,
                "state": AuctionState.OPEN,
                "start_yen": listing.price_yen,
                "reserve_yen": listing.reserve_yen,
                "soft_close": None if is_sealed else agreed.soft_close,
                "increments": agreed.increments,
                "outage": agreed.outage,
                "head": chaining.beginning(listing.code).hex(),
                "opens_at": listing.opens_at.replace(microsecond=0),
                "scheduled_close_at": closes_at,
                "closes_at": closes_at,
            },
        )
        if auction_id is not None:
            note(f"auction:{listing.code}", "open")
        return auction_id


def of_listing(listing_id: int) -> Auction | None:
    """The listing's auction; None before it opened, and where it is sold another way."""
    return db.session.scalar(sa.select(Auction).where(Auction.listing_id == listing_id))
