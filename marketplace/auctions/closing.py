"""The end of an auction: who has won, exactly once, whoever looks first."""

from __future__ import annotations

import sqlalchemy as sa

from marketplace.auctions import rules, watch
from marketplace.auctions.awarding import BELOW_RESERVE, NO_BID, award, fail
from marketplace.auctions.logs import disclose, leaves
from marketplace.auctions.models import Auction, AuctionState
from marketplace.chain.anchoring import anchor
from marketplace.journal.writing import move
from marketplace.kit import merkle
from marketplace.kit.clock import database_now
from marketplace.kit.db import db, let_go, lock, transaction
from marketplace.kit.sheets import sheet
from marketplace.listings.models import Listing, ListingState
from marketplace.listings.scheduling import close_sale
from marketplace.outbox.promising import say
from marketplace.settings import settings


@sheet(every=1, name="auctions.close_due")
def close_due() -> None:
    """Close every auction whose time is over."""
    due = sa.select(Auction.id).where(Auction.state == AuctionState.OPEN, Auction.closes_at <= database_now())
    ids = list(db.session.scalars(due))
    let_go()
    for auction_id in ids:
        close(auction_id)


def close(auction_id: int) -> bool:
    """End an auction whose time is over ⇢ auction.closed; False where it is not, or another was first.

    An open one is decided at once; the envelopes of a sealed one stay closed until witnesses are there: unsealing.py.
    """
    with transaction():
        auction = lock(Auction, auction_id)
        at = db.session.execute(sa.select(database_now())).scalar_one()
        if auction.state != AuctionState.OPEN or at < auction.closes_at or at < watch.consider(auction.id, at):
            return False
        listing = lock(Listing, auction.listing_id)
        if listing.state == ListingState.CANCELLED:
            return False  # heard on its own, see stopping.follow()
        auction.closed_at = at
        if listing.state == ListingState.OPEN:
            close_sale(listing.id, at=auction.closes_at)
        root = merkle.root(leaves(auction)).hex()
        anchor(f"auction:{auction.code}", root, f"{settings().base_url}/listings/{auction.code}/bids.json")
        if auction.sealed:
            move(auction, "close", envelopes=auction.bid_count)
        else:
            disclose(auction)
            _decide(auction)
        say("auction.closed", key=auction.code, auction_id=auction.id)
        return True


def _decide(auction: Auction) -> None:
    if rules.sold(auction.terms, auction.standing):
        assert auction.leader_no is not None
        assert auction.price_yen is not None
        award(auction, auction.leader_no, auction.price_yen)
    else:
        fail(auction, NO_BID if auction.price_yen is None else BELOW_RESERVE)
