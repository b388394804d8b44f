"""Auctions that are over."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from marketplace.accounts.models import Account
from marketplace.auctions import unsealing
from marketplace.auctions.bidding import place_bid
from marketplace.auctions.models import Auction, AuctionState
from marketplace.auctions.opening import of_listing
from marketplace.kit.clock import pretending
from marketplace.kit.db import db, get
from marketplace.kit.sheets import SHEETS, run_one
from marketplace.listings.models import Listing, ListingState
from marketplace.notices.models import Notice
from marketplace.outbox import keeping
from tests import given

DICE = "04719283640192837465"
WITNESSES = ["月山 一郎", "最上 花子"]


def ended(mode: str, *bids: int, **more: Any) -> tuple[Auction, list[int]]:
    """An auction that got these bids, one person each, and is over; closed by the sheet, and everybody has heard.
    Sealed bids have been opened."""
    listing_id = given.a_listing(mode, "naming", price_yen=1000, **more)
    auction = of_listing(listing_id)
    assert auction is not None
    people = [given.an_account() for _ in bids]
    for person, yen in zip(people, bids, strict=True):
        place_bid(auction.id, person, yen)
    with pretending(auction.closes_at):
        run_one(SHEETS["auctions.close_due"])
        if auction.sealed:
            unsealing.open_envelopes(auction.id, WITNESSES, given.staff("approver"))
        keeping.drain()
    db.session.refresh(auction)
    return auction, people


def unsealed(auction: Auction) -> None:
    """The envelopes of a closed sealed auction are opened before witnesses."""
    unsealing.open_envelopes(auction.id, WITNESSES, given.staff("approver"))
    db.session.refresh(auction)


def states(auction: Auction) -> tuple[AuctionState, ListingState]:
    db.session.refresh(auction)
    listing = get(Listing, auction.listing_id)
    db.session.refresh(listing)
    return auction.state, listing.state


def letters(template: str) -> list[str]:
    return list(db.session.scalars(sa.select(Notice.to_email).where(Notice.template == template).order_by(Notice.id)))


def email(account_id: int) -> str:
    return get(Account, account_id).email
