"""What was approved of a sale, for everybody: the very bytes that were hashed."""

from __future__ import annotations

import rfc8785
import sqlalchemy as sa

from marketplace.auctions.models import MAXIMA_PUBLIC, Auction
from marketplace.kit.db import db
from marketplace.listings import amending
from marketplace.listings.facts import sale_facts
from marketplace.listings.models import BY_BIDS, Listing


def may_be_read(listing: Listing) -> bool:
    """Whether everybody may read all of it: a secret reserve and its salt when the auction is decided."""
    decided = sa.select(Auction.id).where(Auction.listing_id == listing.id, Auction.state.in_(MAXIMA_PUBLIC))
    return not listing.reserve_is_secret or db.session.scalar(decided) is not None


def text_of(listing: Listing) -> bytes:
    """Their SHA-256 is `text_hash`, the `rules` of docs/draw-v1.md."""
    return rfc8785.dumps(sale_facts(listing, listing.right.text_hash))


def former_texts(listing: Listing) -> dict[int, bytes]:
    """What was approved before each amendment, by their numbers: a waiting room goes by the text of its opening.

    None of an auction, whose bids go by the present one: a reserve that was secret then stays secret.
    """
    if listing.mode in BY_BIDS:
        return {}
    sale, found = sale_facts(listing, listing.right.text_hash), {}
    for row in amending.published(listing.id):
        sale = sale | row.before
        found[row.number or 0] = rfc8785.dumps(sale)
    return found
