"""不調のあと: the town tries again, with a draft that begins as the sale that failed."""

from __future__ import annotations

from datetime import timedelta

from marketplace.auctions.models import Auction, AuctionState
from marketplace.journal.writing import note
from marketplace.kit.clock import now
from marketplace.kit.db import get, lock, transaction
from marketplace.kit.refusals import WrongState
from marketplace.listings import drafting
from marketplace.listings.drafting import staff_name
from marketplace.listings.facts import FIELDS as SALE
from marketplace.listings.models import Listing
from marketplace.rights.drafting import FIELDS as WORDS

LEAD = timedelta(days=14)
"""From today to the opening that the draft begins with."""


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
        values = {name: getattr(old.right, name) for name in WORDS} | {name: getattr(old, name) for name in SALE}
        moved = now() + LEAD - old.opens_at
        moved = timedelta(days=moved.days)  # at the same hour of the day
        rules = dict(old.auction_rules or {})
        if rules.get("taking_part"):
            rules["taking_part"] = {**rules["taking_part"], "until": None}
        values |= {
            "auction_rules": rules,
            "publish_at": None,
            "opens_at": old.opens_at + moved,
            "closes_at": old.closes_at and old.closes_at + moved,
        }
        auction.relisted_id = drafting.draft(actor_id, values)
        note(auction.subject, "relist", by=staff_name(actor_id), listing=get(Listing, auction.relisted_id).code)
        return auction.relisted_id
