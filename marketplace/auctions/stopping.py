"""Staff stop an auction: for a while (一時停止), or for good (中止). The public reads why."""

from __future__ import annotations

import sqlalchemy as sa

from marketplace.auctions.awarding import locked
from marketplace.auctions.models import Auction, AuctionState
from marketplace.auctions.refusals import AwardedAlready, TooLateToResume
from marketplace.auctions.watch import consider
from marketplace.journal.writing import move
from marketplace.kit.clock import database_now
from marketplace.kit.db import db, get, lock, transaction
from marketplace.kit.refusals import Invalid, NotAllowed, WrongState
from marketplace.listings import scheduling
from marketplace.listings.drafting import staff_name
from marketplace.listings.models import BY_BIDS, Listing
from marketplace.outbox.promising import say

STOPPABLE = (AuctionState.OPEN, AuctionState.SUSPENDED, AuctionState.TO_OPEN, AuctionState.TIED)


def suspend(auction_id: int, actor_id: int, reason: str) -> None:
    """No bids until resume() ⇢ auction.suspended. WrongState where the auction is not open, or its time is over."""
    why, by = _reason(reason, "why"), staff_name(actor_id)
    with transaction():
        auction = lock(Auction, auction_id)
        at = db.session.execute(sa.select(database_now())).scalar_one()
        if at >= auction.closes_at:
            raise WrongState
        auction.suspended_at, auction.suspended_reason = at, why
        move(auction, "suspend", by=by, why=why)
        since = at.isoformat()
        say("auction.suspended", key=f"{auction.code}:{since}", auction_id=auction.id, since=since)


def resume(auction_id: int, actor_id: int) -> None:
    """Bids are accepted again ⇢ auction.resumed. The stretch counts as an outage: by its rule the close moves or stays.

    TooLateToResume where the close has passed even so.
    """
    by = staff_name(actor_id)
    with transaction():
        auction = lock(Auction, auction_id)
        at = db.session.execute(sa.select(database_now())).scalar_one()
        since = auction.suspended_at
        if since is None:
            raise WrongState
        stretch = [auction.seconds(since), auction.seconds(at)]
        auction.suspensions = [*auction.suspensions, stretch]
        auction.suspended_at, auction.suspended_reason = None, ""
        move(auction, "resume", by=by, stretch=stretch)
        db.session.flush()
        if at >= consider(auction.id, at):
            raise TooLateToResume
        key = f"{auction.code}:{at.isoformat()}"
        say("auction.resumed", key=key, auction_id=auction.id, since=since.isoformat())


def cancel(listing_id: int, actor_id: int, reason: str) -> None:
    """中止, before or during the bidding ⇢ listing.cancelled: nobody wins, and all deposits go back.

    AwardedAlready where somebody has won, WrongState where the sale is over.
    """
    why = _reason(reason, "reason")
    with transaction():
        auction = locked(listing_id)
        if auction is not None and auction.state not in STOPPABLE:
            raise AwardedAlready
        if get(Listing, listing_id).mode not in BY_BIDS:
            raise NotAllowed
        scheduling.cancel(listing_id, staff_name(actor_id), why)
        if auction is not None:
            end(auction, why)


def end(auction: Auction, why: str) -> None:
    """The auction of a cancelled sale, in the transaction that found it so."""
    auction.suspended_at = None
    move(auction, "cancel", why=why)
    say("auction.cancelled", key=auction.code, auction_id=auction.id)


def follow(listing_id: int) -> None:
    """The listing was cancelled: its auction is, too, if that is not known yet."""
    with transaction():
        auction = locked(listing_id)
        if auction is not None and auction.MOVES.allows(auction.state, "cancel"):
            end(auction, get(Listing, listing_id).cancelled_reason)


def _reason(reason: str, field: str) -> str:
    if not reason.strip():
        raise Invalid("理由を書いてください。公開のページに出ます。", field=field)
    return reason.strip()
