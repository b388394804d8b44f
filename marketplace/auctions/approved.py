"""What was approved of a sale, for everybody: the very bytes that were hashed."""

from __future__ import annotations

import rfc8785
import sqlalchemy as sa

from marketplace.auctions.models import MAXIMA_PUBLIC, Auction
from marketplace.kit.db import db
from marketplace.listings.facts import sale_facts
from marketplace.listings.models import Listing


def may_be_read(listing: Listing) -> bool:
    """Whether everybody may read all of it: a secret reserve and its salt when the auction is decided."""
    decided = sa.select(Auction.id).where(Auction.listing_id == listing.id, Auction.state.in_(MAXIMA_PUBLIC))
    return not listing.reserve_is_secret or db.session.scalar(decided) is not None


def text_of(listing: Listing) -> bytes:
    """Their SHA-256 is `text_hash`, the `rules` of docs/draw-v1.md."""
    return rfc8785.dumps(sale_facts(listing, listing.right.text_hash))
