"""What auctions do when they hear of listings, orders and their own news."""

from __future__ import annotations

import sqlalchemy as sa

from marketplace.accounts.models import Account
from marketplace.auctions import awarding, opening, stopping
from marketplace.auctions.models import Auction, Bid, Bidder
from marketplace.kit.db import db, get, transaction
from marketplace.listings import amending
from marketplace.listings.models import BY_BIDS, Listing
from marketplace.notices.sending import send
from marketplace.outbox.promising import handles


@handles("listing.opened", mode=BY_BIDS)
def on_opened(listing_id: int, **_more: object) -> None:
    opening.start(listing_id)


@handles("listing.cancelled", mode=BY_BIDS)
def on_cancelled(listing_id: int, **_more: object) -> None:
    stopping.follow(listing_id)


@handles("order.paid", origin="auction")
def on_paid(order_id: int, **_more: object) -> None:
    awarding.paid(order_id)


@handles("order.expired", origin="auction")
def on_expired(order_id: int, **_more: object) -> None:
    awarding.forfeited(order_id)


@handles("auction.closed")
def tell_losers(auction_id: int) -> None:
    """Tell everyone who bid how it ended; the winner has the letter with the pay link."""
    if not get(Auction, auction_id).sealed:
        _tell_bidders("auction_over", get(Auction, auction_id))


@handles("auction.unsealed")
def tell_unsealed(auction_id: int) -> None:
    _tell_bidders("auction_unsealed", get(Auction, auction_id))


@handles("auction.suspended")
def tell_suspended(auction_id: int, **_more: object) -> None:
    auction = get(Auction, auction_id)
    if auction.suspended_at is not None:
        _tell_bidders("auction_suspended", auction, once=auction.suspended_at.isoformat())


@handles("auction.resumed")
def tell_resumed(auction_id: int, **_more: object) -> None:
    auction = get(Auction, auction_id)
    _tell_bidders("auction_resumed", auction, once=str(len(auction.suspensions)))


@handles("auction.drawn")
def tell_drawn(auction_id: int) -> None:
    _tell_bidders("auction_drawn", get(Auction, auction_id))


@handles("auction.cancelled")
def tell_cancelled(auction_id: int) -> None:
    """Who had to apply hears it from admissions, whether they bid or not."""
    if not get(Auction, auction_id).by_admission:
        _tell_bidders("auction_cancelled", get(Auction, auction_id))


@handles("listing.amended")
def tell_amended(listing_id: int, amendment_id: int) -> None:
    with transaction():
        bidders = sa.select(Bidder.account_id).join(Auction, Auction.id == Bidder.auction_id)
        amending.tell(amendment_id, db.session.scalars(bidders.where(Auction.listing_id == listing_id)).all())


def _tell_bidders(template: str, auction: Auction, once: str = "") -> None:
    bid = sa.select(Bid.bidder_id).where(Bid.auction_id == auction.id)
    bidders = sa.select(Bidder).where(Bidder.id.in_(bid), Bidder.no != (auction.winner_no or "")).order_by(Bidder.id)
    with transaction():
        for bidder in db.session.scalars(bidders).all():
            _tell(template, auction, bidder.account_id, key=f"{template}{once}:{auction.code}:{bidder.no}")


def _tell(template: str, auction: Auction, account_id: int, key: str) -> None:
    listing = get(Listing, auction.listing_id)
    email = get(Account, account_id).email
    send(template, email, key=key, auction=auction, listing=listing, right=listing.right)
