"""Letters while an auction runs: outbid, one day left, one hour left. Each is promised once.

Bids say nothing of letters: a bid has no time for them. These sheets read the log from where they stopped, and write
down how far they are together with the letters.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from marketplace.accounts.letters import LetterKind, stopped
from marketplace.accounts.models import Account
from marketplace.auctions.models import Auction, AuctionState, Bid, Bidder, Told
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, insert_once, let_go, lock, transaction
from marketplace.kit.sheets import sheet
from marketplace.listings.models import Listing
from marketplace.notices.sending import send

DAY, HOUR = timedelta(hours=24), timedelta(hours=1)


@sheet(every=2, name="auctions.tell_outbid")
def tell_outbid() -> None:
    """Tell those who led, and lead no more. Who has bid again in these seconds, or was told that it is over, is not."""
    news = (
        sa.select(Auction.id)
        .outerjoin(Told, Told.auction_id == Auction.id)
        .where(Auction.state == AuctionState.OPEN, Auction.arrivals > sa.func.coalesce(Told.seq, 0))
        .where(Auction.sealed.is_(False))
    )
    for auction_id in _ids(news):
        with transaction():
            told = _told(auction_id)
            auction = db.session.get_one(Auction, auction_id, populate_existing=True)
            if auction.state != AuctionState.OPEN:
                continue
            for no, seq in _beaten(auction, told.seq).items():
                if no != auction.leader_no:
                    _tell("outbid", auction, no, f"outbid:{auction.code}:{seq}", minimum_yen=auction.minimum_yen)
            told.seq = auction.arrivals


def _beaten(auction: Auction, seq: int) -> dict[str, int]:
    """Who lost the lead by a bid after `seq`: {number: the bid that beat them last}."""
    changes = sa.select(Bid.seq, Bid.leader_no).where(Bid.auction_id == auction.id, Bid.changed)
    before = db.session.execute(changes.where(Bid.seq <= seq).order_by(Bid.seq.desc()).limit(1)).first()
    leader = before.leader_no if before else None
    beaten: dict[str, int] = {}
    between = changes.where(Bid.seq > seq, Bid.seq <= auction.arrivals).order_by(Bid.seq)
    for line in db.session.execute(between):
        if leader is not None and line.leader_no != leader:
            beaten[leader] = line.seq
        leader = line.leader_no
    return beaten


@sheet(every=20, name="auctions.tell_time_left")
def tell_time_left() -> None:
    """One day and one hour before the close, tell who has a bid that stands. A close that moved is not told anew."""
    for left, flag in ((DAY, Told.day), (HOUR, Told.hour)):
        # One day is worth telling only while more than an hour is left.
        least = HOUR if left is DAY else timedelta(0)
        due = (
            sa.select(Auction.id)
            .outerjoin(Told, Told.auction_id == Auction.id)
            .where(Auction.state == AuctionState.OPEN, sa.func.coalesce(flag, sa.false()).is_(False))
            .where(Auction.closes_at <= now() + left, Auction.closes_at > now() + least)
        )
        for auction_id in _ids(due):
            _tell_left(auction_id, left)


def _tell_left(auction_id: int, left: timedelta) -> None:
    with transaction():
        told = _told(auction_id)
        auction = get(Auction, auction_id)
        if told.day if left is DAY else told.hour:
            return  # another was first
        if left is DAY:
            told.day = True
        else:
            told.hour = True
        if auction.closes_at - auction.opens_at <= left:
            return  # everybody knows: it has only just opened
        numbers = sa.select(Bidder.no).where(Bidder.auction_id == auction_id, Bidder.has_bid).order_by(Bidder.id)
        for no in db.session.scalars(numbers).all():
            hours = left // HOUR
            _tell("time_left", auction, no, f"time-left:{auction.code}:{hours}:{no}", hours=hours)


def _ids(query: sa.Select[int]) -> list[int]:
    ids = list(db.session.scalars(query))
    let_go()
    return ids


def _told(auction_id: int) -> Told:
    insert_once(Told, {"auction_id": auction_id})
    return lock(Told, auction_id)


def _tell(template: str, auction: Auction, no: str, key: str, **context: Any) -> None:
    """To the bidder of that number, unless they want no such letters."""
    email = db.session.scalar(
        sa.select(Account.email)
        .join(Bidder, Bidder.account_id == Account.id)
        .where(Bidder.auction_id == auction.id, Bidder.no == no, Account.id.not_in(stopped(LetterKind(template))))
    )
    if email is None:
        return
    listing = get(Listing, auction.listing_id)
    send(template, email, key=key, auction=auction, listing=listing, right=listing.right, no=no, **context)
