"""Auctions of tests."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from marketplace.auctions.logs import disclose, log_of
from marketplace.auctions.models import Auction, Bid, BidStatus
from marketplace.auctions.opening import of_listing
from marketplace.auctions.replay import replay
from marketplace.kit.db import db, transaction
from marketplace.kit.published import Record
from tests import given

STEPS = [[1000, 10], [5000, 100], [10_000, 250], [50_000, 500], [10**12, 1000]]
SOFT = {"window": 300, "extend": 300, "cap": 600}


def an_auction(mode: str = "ascending", **more: Any) -> Auction:
    """Opened a minute ago, open for a week, from 1,000 yen."""
    rules = {"soft_close": more.pop("soft_close", SOFT), "increments": more.pop("increments", STEPS)}
    auction = of_listing(given.a_listing(mode, "naming", price_yen=1000, auction_rules=rules, **more))
    assert auction is not None
    return auction


def assert_log_is_register(auction: Auction) -> Record:
    """The log, its secrets opened, replays line by line to what stands in the register; the result."""
    with transaction():
        disclose(auction)
    db.session.refresh(auction)
    result = replay(log_of(auction))
    lines = list(db.session.scalars(sa.select(Bid).where(Bid.auction_id == auction.id).order_by(Bid.seq)))
    assert [bid.seq for bid in lines] == list(range(1, auction.arrivals + 1))
    assert [bid.at for bid in lines] == sorted(bid.at for bid in lines)
    assert [(e["status"], e["reason"], e["price"], e["leader"], e["close"]) for e in result["events"]] == [
        (bid.status, bid.reason, bid.price_yen, bid.leader_no, bid.close) for bid in lines
    ]
    assert_sound(lines)
    assert (result["bids"], result["bidders"]) == (auction.bid_count, auction.bidder_count)
    assert (result["winner"], result["price"]) == (auction.leader_no, auction.price_yen)
    assert result["close"] == auction.seconds(auction.closes_at)
    return result


def assert_sound(lines: list[Bid]) -> None:
    """The price never falls, and whoever leads has named at least the price."""
    price, named = 0, dict[str, int]()
    for bid in lines:
        if bid.status == BidStatus.ACCEPTED:
            named[bid.bidder_no] = max(named.get(bid.bidder_no, 0), bid.max_yen or 0)
        if bid.price_yen is None:
            continue
        assert bid.leader_no is not None
        assert price <= bid.price_yen <= named[bid.leader_no]
        assert named[bid.leader_no] == max(named.values())
        price = bid.price_yen
