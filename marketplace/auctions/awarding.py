"""After the close: the winner pays, or loses it to the next bidder, or nobody has it."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from marketplace.admissions import deposits, ending
from marketplace.auctions import sealed
from marketplace.auctions.models import Auction, AuctionState, Bid, Bidder, BidStatus
from marketplace.auctions.opening import of_listing
from marketplace.journal.writing import SYSTEM, move, note
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, lock, transaction, writing
from marketplace.listings.auction_rules import rules_of
from marketplace.listings.models import Listing, ListingState
from marketplace.listings.rules import pay_by
from marketplace.listings.scheduling import complete
from marketplace.orders import deposits as parts
from marketplace.orders.models import LIVE, Order
from marketplace.orders.placing import award as place_order

NO_BID, BELOW_RESERVE, NOT_PAID = "no bid", "reserve not met", "not paid in time"
GIVEN_BACK = "the price was given back"
"""Why nothing was sold (不調)."""
UNSOLD_JA = {
    NO_BID: "入札がありませんでした。",
    BELOW_RESERVE: "予定価格に達する入札がありませんでした。",
    NOT_PAID: "落札した方のお支払いがありませんでした。",
    GIVEN_BACK: "落札した方のお支払いをお返ししました。",
}


def award(auction: Auction, bidder_no: str, yen: int, event: str = "award", by: str = SYSTEM) -> None:
    """To a bidder at `yen`, with a pay link and a deadline; all but them and the next bidder are let go."""
    assert writing(), "award() belongs inside transaction()"
    auction.winner_no, auction.winner_yen = bidder_no, yen
    auction.offers += 1
    listing_id, winner = auction.listing_id, account_of(auction, bidder_no)
    until, deposit = deadline(get(Listing, listing_id), auction.offers), deposits.for_the_price(listing_id, winner)
    auction.order_id = place_order(winner, listing_id, yen, until, "auction", deposit_payment_id=deposit)
    move(auction, event, by=by, bidder=bidder_no, yen=yen)
    keep = [bidder_no, *(no for no, _ in [following(auction)] if no)]
    ending.let_go(listing_id, keep={account_of(auction, no) for no in keep})


def deadline(listing: Listing, offers: int) -> datetime:
    """Until when the winner (offers 1) or the next bidder (2) may pay, counted from now."""
    hours = rules_of(listing).second_offer_hours
    return now() + timedelta(hours=hours) if offers > 1 and hours is not None else pay_by(listing, now())


def fail(auction: Auction, why: str, by: str = SYSTEM) -> None:
    """不調: nobody has it, and everybody is let go."""
    auction.winner_no = auction.winner_yen = auction.order_id = None
    auction.why_unsold = why
    move(auction, "fail", by=by, why=why)
    _finish(auction)


def _finish(auction: Auction) -> None:
    ending.let_go(auction.listing_id)
    if get(Listing, auction.listing_id).state == ListingState.CLOSED:
        complete(auction.listing_id)


def paid(order_id: int) -> None:
    """The money has come, in time or late: the auction is over, and sold."""
    with transaction():
        order = get(Order, order_id)
        auction = locked(order.listing_id)
        if auction is None or not auction.MOVES.allows(auction.state, "pay"):
            return
        auction.order_id, auction.winner_yen = order.id, order.yen
        auction.winner_no = number_of(auction, order.buyer_id)
        auction.why_unsold = ""
        move(auction, "pay", bidder=auction.winner_no, yen=order.yen)
        _finish(auction)


def forfeited(order_id: int) -> None:
    """The winner has not paid in time: their deposit is kept, and it is offered once to the next bidder (次順位), at
    their own highest bid, where the listing says so. Of a winner who paid another sum than was owed, and has it back,
    nothing is kept.

    That is what the next bidder would have had to pay without the winner; below the reserve nothing is offered.
    """
    with transaction():
        order = get(Order, order_id)
        auction = locked(order.listing_id)
        if auction is None or lock(Order, order_id).state in LIVE:
            return  # not sold here, or the money came after all
        if auction.state != AuctionState.AWARDED or auction.order_id != order_id:
            parts.give_back(order_id)  # the sale was cancelled; of one that was forfeited before nothing is left
            return
        had_paid = order.paid_by_payment_id is not None
        if had_paid:
            parts.give_back(order_id)  # and award() or fail() lets them go
        else:
            note(auction.subject, "forfeit", bidder=auction.winner_no, yen=auction.winner_yen)
            ending.forfeit(auction.listing_id, order.buyer_id)
            parts.forfeit(order_id)
        no, yen = following(auction)
        if no is None:
            fail(auction, GIVEN_BACK if had_paid else NOT_PAID)
        else:
            award(auction, no, yen, event="offer_next")


def following(auction: Auction) -> tuple[str | None, int]:
    """(number, yen) of the bidder to whom it would be offered now, were the winner not to pay; (None, 0): nobody."""
    if auction.offers != 1 or not rules_of(get(Listing, auction.listing_id)).second_offer:
        return None, 0
    return next_bidder(auction) or (None, 0)


def next_bidder(auction: Auction) -> tuple[str, int] | None:
    """(number, highest bid in yen) of the best bidder who is not the winner; of equal ones the one whom the lot put
    first, where lots were drawn, else the earlier."""
    found = db.session.scalars(
        sa.select(Bid)
        .where(
            Bid.auction_id == auction.id,
            Bid.status == BidStatus.ACCEPTED,
            Bid.bidder_no != auction.winner_no,
            Bid.max_yen >= (auction.reserve_yen or 0),
        )
        .order_by(Bid.max_yen.desc(), Bid.seq)
    ).all()
    equal = [bid for bid in found if bid.max_yen == found[0].max_yen]
    if auction.seed:
        seed = bytes.fromhex(auction.seed)
        equal.sort(key=lambda bid: sealed.ticket(seed, bid.no))
    return (equal[0].bidder_no, equal[0].max_yen or 0) if equal else None


def locked(listing_id: int) -> Auction | None:
    """The listing's auction, locked, and after it the listing: always in this order."""
    found = of_listing(listing_id)
    auction = lock(Auction, found.id) if found is not None else None
    lock(Listing, listing_id)
    return auction


def number_of(auction: Auction, account_id: int) -> str:
    return db.session.execute(
        sa.select(Bidder.no).where(Bidder.auction_id == auction.id, Bidder.account_id == account_id)
    ).scalar_one()


def account_of(auction: Auction, bidder_no: str) -> int:
    return db.session.execute(
        sa.select(Bidder.account_id).where(Bidder.auction_id == auction.id, Bidder.no == bidder_no)
    ).scalar_one()
