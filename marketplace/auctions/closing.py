"""The end of an auction: who has won, exactly once, whoever looks first."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import sqlalchemy as sa

from marketplace.accounts.models import Account
from marketplace.auctions import rules, sealed, watch
from marketplace.auctions.logs import disclose, envelopes, leaves
from marketplace.auctions.models import Auction, AuctionState, Bid, Bidder, BidStatus
from marketplace.auctions.opening import of_listing
from marketplace.auctions.refusals import NothingToDraw
from marketplace.chain.anchoring import anchor
from marketplace.journal.writing import SYSTEM, move, note
from marketplace.kit import merkle, published
from marketplace.kit.clock import database_now, now
from marketplace.kit.db import db, get, lock, transaction
from marketplace.kit.refusals import Invalid
from marketplace.kit.sheets import sheet
from marketplace.listings.models import Listing, ListingState
from marketplace.listings.rules import pay_by
from marketplace.listings.scheduling import close_sale, complete
from marketplace.orders.models import LIVE, Order
from marketplace.orders.placing import award
from marketplace.outbox.promising import say
from marketplace.settings import settings


@sheet(every=1, name="auctions.close_due")
def close_due() -> None:
    """Close every auction whose time is over."""
    due = sa.select(Auction.id).where(Auction.state == AuctionState.OPEN, Auction.closes_at <= database_now())
    ids = list(db.session.scalars(due))
    db.session.rollback()
    for auction_id in ids:
        close(auction_id)


def close(auction_id: int) -> bool:
    """Decide an auction whose time is over ⇢ auction.closed; False where it is not, or another was first."""
    with transaction():
        auction = lock(Auction, auction_id)
        at = db.session.execute(sa.select(database_now())).scalar_one()
        if auction.state != AuctionState.OPEN or at < auction.closes_at or at < watch.consider(auction.id, at):
            return False
        listing = lock(Listing, auction.listing_id)
        if listing.state == ListingState.CANCELLED:
            return False  # heard on its own, see cancel()
        auction.closed_at = at
        if listing.state == ListingState.OPEN:
            close_sale(listing.id)
        root = merkle.root(leaves(auction)).hex()
        disclose(auction)
        anchor(f"auction:{auction.code}", root, f"{settings().base_url}/listings/{auction.code}/bids.json")
        if auction.sealed:
            _open_envelopes(auction, root)
        elif rules.sold(auction.terms, auction.standing):
            assert auction.leader_no is not None
            assert auction.price_yen is not None
            _award(auction, auction.leader_no, auction.price_yen)
        else:
            _fail(auction, "no bid" if auction.price_yen is None else "reserve not met")
        say("auction.closed", key=auction.code, auction_id=auction.id)
        return True


def _open_envelopes(auction: Auction, root: str) -> None:
    top = sealed.highest(auction.sealed_terms, accepted_envelopes(auction))
    if not top:
        _fail(auction, "no bid at the reserve")
    elif len(top) == 1:
        _award(auction, top[0].bidder, top[0].amount)
    else:
        auction.tie_root = root
        move(auction, "tie", root=auction.tie_root, tied=[bid.no for bid in top])


def accepted_envelopes(auction: Auction) -> list[sealed.Bid]:
    """In order of receipt."""
    return [bid for bid, status in envelopes(auction) if status == BidStatus.ACCEPTED]


def tie_commit(auction: Auction) -> published.Record:
    """What the dice are thrown for, in the form of draw-v1 step 3."""
    return {
        "listing": auction.code,
        "rules": get(Listing, auction.listing_id).text_hash,
        "n": auction.arrivals,
        "units": 1,
        "root": auction.tie_root,
        "chain": "dice",
        "round": 0,
    }


def draw_tie(auction_id: int, digits: str, witnesses: Sequence[str], actor_id: int) -> None:
    """Draw among equal highest sealed bids by twenty dice before two witnesses (くじ).

    NothingToDraw where there is no tie (any more), Invalid for other digits or witnesses.
    """
    names = [name.strip() for name in witnesses if name.strip()]
    if len(digits) != 20 or not (digits.isascii() and digits.isdigit()):
        raise Invalid("さいころの目は、数字20けたで入力してください。", field="digits")
    if len(set(names)) < 2:
        raise Invalid("立会人は2人以上の名前を入力してください。", field="witnesses")
    with transaction():
        auction = lock(Auction, auction_id)
        if auction.state != AuctionState.TIED:
            raise NothingToDraw
        seed = sha256(b"draw-v1" + published.canon(tie_commit(auction)) + f"d:{digits}".encode()).digest()
        auction.seed, auction.tie_digits, auction.tie_witnesses = seed.hex(), digits, names
        top = sealed.highest(auction.sealed_terms, accepted_envelopes(auction))
        winner = min(top, key=lambda bid: (sealed.ticket(seed, bid.no), bid.no))
        _award(auction, winner.bidder, winner.amount, by=f"staff:{get(Account, actor_id).code}")
        say("auction.drawn", key=auction.code, auction_id=auction.id)


def _award(auction: Auction, bidder_no: str, yen: int, event: str = "award", by: str = SYSTEM) -> None:
    buyer_id = db.session.execute(
        sa.select(Bidder.account_id).where(Bidder.auction_id == auction.id, Bidder.no == bidder_no)
    ).scalar_one()
    auction.winner_no, auction.winner_yen = bidder_no, yen
    auction.offers += 1
    until = pay_by(get(Listing, auction.listing_id), now())
    auction.order_id = award(buyer_id, auction.listing_id, yen, until, "auction")
    move(auction, event, by=by, bidder=bidder_no, yen=yen)


def _fail(auction: Auction, why: str) -> None:
    auction.winner_no = auction.winner_yen = auction.order_id = None
    move(auction, "fail", why=why)
    _complete(auction)


def _complete(auction: Auction) -> None:
    if get(Listing, auction.listing_id).state == ListingState.CLOSED:
        complete(auction.listing_id)


def paid(order_id: int) -> None:
    """The money has come, in time or late: the auction is over, and sold."""
    with transaction():
        order = get(Order, order_id)
        auction = _locked(order.listing_id)
        if auction is None or not auction.MOVES.allows(auction.state, "pay"):
            return
        auction.order_id, auction.winner_yen = order.id, order.yen
        auction.winner_no = _number(auction, order.buyer_id)
        move(auction, "pay", bidder=auction.winner_no, yen=order.yen)
        _complete(auction)


def forfeited(order_id: int) -> None:
    """The winner has not paid in time: offer it once to the next bidder (次順位), at their own highest bid.

    That is what the next bidder would have had to pay without the winner; below the reserve nothing is offered.
    """
    with transaction():
        order = get(Order, order_id)
        auction = _locked(order.listing_id)
        if auction is None or auction.state != AuctionState.AWARDED or auction.order_id != order_id:
            return
        if db.session.scalar(sa.select(Order.state).where(Order.id == order_id)) in LIVE:
            return  # the money came after all
        note(auction.subject, "forfeit", bidder=auction.winner_no, yen=auction.winner_yen)
        following = next_bidder(auction) if auction.offers == 1 else None
        if following is None:
            _fail(auction, "not paid in time")
        else:
            _award(auction, *following, event="offer_next")


def _locked(listing_id: int) -> Auction | None:
    """The listing's auction, locked."""
    auction = of_listing(listing_id)
    return lock(Auction, auction.id) if auction is not None else None


def _number(auction: Auction, account_id: int) -> str:
    return db.session.execute(
        sa.select(Bidder.no).where(Bidder.auction_id == auction.id, Bidder.account_id == account_id)
    ).scalar_one()


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


def cancel(listing_id: int) -> None:
    """The listing was cancelled: nobody wins."""
    with transaction():
        auction = _locked(listing_id)
        if auction is not None and auction.MOVES.allows(auction.state, "cancel"):
            move(auction, "cancel", why=get(Listing, listing_id).cancelled_reason)
            say("auction.cancelled", key=auction.code, auction_id=auction.id)
