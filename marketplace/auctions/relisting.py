"""不調のあと: the town tries again, with a draft that begins as the sale that failed."""

from __future__ import annotations

from marketplace.auctions.models import Auction, AuctionState
from marketplace.journal.writing import note
from marketplace.kit.db import get, lock, transaction
from marketplace.kit.refusals import WrongState
from marketplace.listings import cloning, drafting
from marketplace.listings.drafting import staff_name
from marketplace.listings.models import Listing


def relist(auction_id: int, actor_id: int) -> int:
    """A new draft with the words and rules of an unsold auction, opening in two weeks for as long; the listing's id.

    Asking again gives the same draft. WrongState where it is not unsold.
    """
    with transaction():
        auction = lock(Auction, auction_id)
        if auction.relisted_id is not None:
            return auction.relisted_id
        if auction.state != AuctionState.UNSOLD:
            raise WrongState
        old = get(Listing, auction.listing_id)
        auction.relisted_id = drafting.draft(actor_id, cloning.like(old), cloned_from_id=old.id)
        note(auction.subject, "relist", by=staff_name(actor_id), listing=get(Listing, auction.relisted_id).code)
        return auction.relisted_id
