"""What an auction is to one who bids in it: it runs, or they won, lost, or won and did not pay in time (落札の取消)."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from marketplace.admissions.applying import participation_of
from marketplace.admissions.deposits import has_deposit
from marketplace.admissions.models import Participation
from marketplace.auctions.models import MAXIMA_PUBLIC, RUNNING, Auction, AuctionState, Bidder
from marketplace.kit.db import db
from marketplace.listings.models import Listing
from marketplace.orders.models import Order, OrderState, Origin


@dataclass(frozen=True, slots=True)
class Own:
    auction: Auction
    listing: Listing
    account_id: int
    no: str
    """Their number."""
    order: Order | None
    """What was awarded to them, whatever came of it."""

    @property
    def running(self) -> bool:
        return self.auction.state in RUNNING

    @property
    def over(self) -> bool:
        """It is decided; not so where the town cancelled the sale."""
        return self.auction.state in MAXIMA_PUBLIC

    @property
    def lapsed(self) -> bool:
        """They won and did not pay in time; money that came too late goes back."""
        if self.order is None or not self.over:
            return False
        return self.order.state == OrderState.EXPIRED or self.auction.winner_no != self.no

    @property
    def participation(self) -> Participation | None:
        return participation_of(self.listing.id, self.account_id)

    @property
    def deposit_kept(self) -> bool:
        """It lapsed, and their deposit is the town's or is just being taken."""
        row = self.participation
        return self.lapsed and row is not None and has_deposit(row)

    @property
    def ja(self) -> str:
        """In a word or two."""
        auction = self.auction
        if auction.state == AuctionState.OPEN and not auction.sealed:
            return "いま最高額です" if auction.leader_no == self.no else "ほかの方が上回っています"
        if self.lapsed:
            return "落札の取り消し"
        if not self.over or auction.winner_no is None:
            return auction.state.ja
        return "落札" if auction.winner_no == self.no else "落札できませんでした"


def auctions_of(account_id: int) -> list[Own]:
    """Those in which this person has a number, the last to close first."""
    found = _with_orders().where(Bidder.account_id == account_id).order_by(Auction.closes_at.desc()).limit(50)
    return [Own(*row) for row in db.session.execute(found)]


def own_of(auction: Auction, account_id: int) -> Own | None:
    """None where no bid of theirs was accepted."""
    one = (Auction.id == auction.id, Bidder.account_id == account_id, Bidder.has_bid)
    row = db.session.execute(_with_orders().where(*one)).first()
    return Own(*row) if row is not None else None


def _with_orders() -> sa.Select[Auction, Listing, int, str, Order]:
    awarded = sa.and_(
        Order.listing_id == Auction.listing_id, Order.buyer_id == Bidder.account_id, Order.origin == Origin.AUCTION
    )
    return (
        sa.select(Auction, Listing, Bidder.account_id, Bidder.no, Order)
        .join(Bidder, Bidder.auction_id == Auction.id)
        .join(Listing, Listing.id == Auction.listing_id)
        .outerjoin(Order, awarded)
    )
