"""一時停止: no new orders and applications for a while, and the public reads why. Auctions stop elsewhere."""

from __future__ import annotations

from marketplace.journal.writing import move
from marketplace.kit.clock import now
from marketplace.kit.db import lock, transaction
from marketplace.kit.refusals import Invalid, NotAllowed
from marketplace.listings.drafting import staff_name
from marketplace.listings.models import Listing, Mode
from marketplace.outbox.promising import say

HERE = (Mode.FIXED, Mode.LOTTERY, Mode.GRANT)
"""Sales that are stopped here."""


def suspend(listing_id: int, actor_id: int, reason: str) -> None:
    """Accept nothing new until resume() ⇢ listing.suspended. Who is paying already may finish.

    The close does not come by itself meanwhile. NotAllowed for an auction, WrongState where the sale is not open.
    """
    why, by = public_reason(reason), staff_name(actor_id)
    with transaction():
        listing = lock(Listing, listing_id)
        if listing.mode not in HERE:
            raise NotAllowed
        at = listing.suspended_at = now()
        listing.suspended_reason = why
        move(listing, "suspend", by=by, why=why)
        since = at.isoformat()
        say("listing.suspended", key=f"{listing.code}:{since}", listing_id=listing.id, since=since)


def resume(listing_id: int, actor_id: int) -> None:
    """Go on ⇢ listing.resumed. A sale whose close has passed meanwhile is then closed; amend it before to give time."""
    with transaction():
        listing = lock(Listing, listing_id)
        move(listing, "resume", by=staff_name(actor_id))
        assert listing.suspended_at is not None, "a sale that is stopped says since when"
        since, listing.suspended_at, listing.suspended_reason = listing.suspended_at.isoformat(), None, ""
        say("listing.resumed", key=f"{listing.code}:{now().isoformat()}", listing_id=listing.id, since=since)


def public_reason(reason: str) -> str:
    """The reason, tidied. Invalid without one."""
    if not reason.strip():
        raise Invalid("理由を書いてください。公開のページに出ます。", field="why")
    return reason.strip()
