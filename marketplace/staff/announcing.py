"""When a sale is announced, in the words of the desk.

A box left blank holds the hour of the draft, which is always over by the approval, as a day may be that went by while
the sale waited.
"""

from __future__ import annotations

from datetime import datetime

from marketplace.kit.clock import now
from marketplace.kit.shown import when
from marketplace.listings.models import Listing, ListingState

WAITS_FOR = {
    ListingState.DRAFT: "承認されしだい",
    ListingState.SUBMITTED: "承認されしだい",
    ListingState.APPROVED: "内容の控えができしだい",
}


def waits_for(listing: Listing) -> str | None:
    """What a sale whose hour is over still waits for; None where a clock announces it, or it was announced."""
    return WAITS_FOR.get(listing.state) if listing.publish_at <= now() else None


def announced_at(listing: Listing) -> datetime:
    """In truth, once it was; until then the hour of the draft, or of the approval where that was later."""
    return listing.published_at or max(listing.publish_at, listing.approved_at or listing.publish_at)


def announced(listing: Listing) -> str:
    """'11月25日(水) 午前9時00分' or '承認されしだい'."""
    return waits_for(listing) or when(announced_at(listing))


def will_be_announced(listing: Listing) -> str:
    """'11月25日(水) 午前9時00分に、自動で公開されます。'"""
    first = "承認されると、" if listing.state == ListingState.SUBMITTED else ""
    return f"{waits_for(listing) or f'{first}{when(listing.publish_at)}に'}、自動で公開されます。"
