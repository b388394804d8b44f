"""Could bids be accepted? Where nothing shows it for a while near a close, the close moves by the published rule.

The town asks itself every few seconds, from outside, by the way that bids go (beating.py), and writes down that it
worked. A stretch without such a sign, and without any bid either, is a silence: whatever the reason was, nobody can say
that a bid would have been accepted. The rule is rules.after_outage; docs/auction-v1.md tells it to the public.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

import sqlalchemy as sa

from marketplace.auctions import rules
from marketplace.auctions.models import Auction, AuctionState, Bid
from marketplace.auctions.watchbook import Silence, Watch
from marketplace.journal.writing import note
from marketplace.kit.clock import database_now
from marketplace.kit.db import db, insert_once, let_go, lock, transaction, writing

LONGEST_PAUSE = timedelta(seconds=15)
"""Signs come every five seconds. A longer stretch without one is a silence."""


def beat() -> None:
    """A sign came through: bids can be accepted at this moment. A silence that ends here moves closes that it hurt."""
    with transaction():
        insert_once(Watch, {"id": 1, "seen_at": _time()})
        watch = lock(Watch, 1)
        at = _time()
        since, watch.seen_at = watch.seen_at, max(at, watch.seen_at)
        broken = at - since > LONGEST_PAUSE
        if broken:
            db.session.add(Silence(from_at=since, to_at=at))
    if broken:
        hurt = sa.select(Auction.id).where(Auction.state == AuctionState.OPEN, Auction.closes_at > since)
        ids = list(db.session.scalars(hurt.order_by(Auction.id)))
        let_go()
        for auction_id in ids:
            with transaction():
                consider(auction_id, at)


def _time() -> datetime:
    at: datetime = db.session.execute(sa.select(database_now())).scalar_one()
    return at


def consider(auction_id: int, at: datetime) -> datetime:
    """The close of an open auction, moved first where the rule of outages says so."""
    assert writing(), "consider() belongs inside transaction()"
    auction = lock(Auction, auction_id)
    rule = auction.outage_rule
    if auction.state != AuctionState.OPEN or rule is None:
        return auction.closes_at
    silent = silences(auction.closes_at - timedelta(seconds=rule.window), auction.closes_at, at)
    gaps = [(auction.seconds(start), auction.seconds(end)) for start, end in silent]
    gaps += [(start, end) for start, end in auction.suspensions]
    close = auction.seconds(auction.closes_at)
    later = rules.after_outage(rule, auction.seconds(auction.scheduled_close_at), close, gaps)
    if later > close:
        auction.closes_at = auction.moment(later)
        auction.outages = [*auction.outages, {"after": auction.arrivals, "gaps": [list(gap) for gap in gaps]}]
        note(auction.subject, "outage", gaps=gaps, close=later)
        db.session.flush()
    return auction.closes_at


def silences(begin: datetime, end: datetime, at: datetime) -> list[tuple[datetime, datetime]]:
    """Silences that touch the time between the two, the present one up to `at` too. Bids break them."""
    watch = db.session.get(Watch, 1, populate_existing=True)
    if watch is None:
        return []
    rows = db.session.scalars(
        sa.select(Silence).where(Silence.to_at > begin, Silence.from_at < end).order_by(Silence.from_at)
    )
    found = [(row.from_at, row.to_at) for row in rows]
    if watch.seen_at < end and at > begin:
        found.append((watch.seen_at, at))
    return [
        piece
        for start, stop in found
        for piece in pairwise([start, *_bids_between(start, stop), stop])
        if piece[1] - piece[0] > LONGEST_PAUSE
    ]


def _bids_between(start: datetime, stop: datetime) -> list[datetime]:
    return list(db.session.scalars(sa.select(Bid.at).where(Bid.at > start, Bid.at < stop).order_by(Bid.at)))


def last_seen() -> datetime | None:
    """When the last sign came; None where nobody watches."""
    watch = db.session.get(Watch, 1)
    return watch.seen_at if watch else None
