"""What our own tables tell of those who work behind the pages: worker, follower, journal."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import sqlalchemy as sa

from marketplace.auctions import secrecy
from marketplace.auctions.models import Auction, AuctionState, Bid
from marketplace.chain import alarms, register
from marketplace.chain.dating import late_days
from marketplace.chain.models import Trouble
from marketplace.fund.statements import balanced
from marketplace.fund.subtotals import differing
from marketplace.journal.checking import tail_fault
from marketplace.journal.models import Entry
from marketplace.kit import beats
from marketplace.kit.clock import now
from marketplace.kit.db import db, see_one_moment
from marketplace.operating.faults import found
from marketplace.operating.health import Finding
from marketplace.operating.models import Round
from marketplace.outbox.troubles import lasting, overdue
from marketplace.settings import settings

SEALED = (AuctionState.OPEN, AuctionState.SUSPENDED, AuctionState.TO_OPEN)
STILL = timedelta(minutes=5)
"""What is due is looked for every half second: what has waited longer waits for the worker itself."""
ASLEEP = timedelta(minutes=5)
"""The watch in the worker goes a round each minute."""
UNSEALED = timedelta(minutes=2)
SILENT = timedelta(minutes=2)
"""The follower writes twice a minute that it stands at the head."""
BEHIND = 500
UNANCHORED = timedelta(hours=2)
TAIL = 2_000
"""Rows of the journal that each look recomputes; `python -m marketplace verify` does all."""


def sealing_key(deep: bool) -> Iterator[Finding]:
    """Whether the newest bid of each auction whose bids are still sealed opens: with another key nobody's would."""
    going_on = sa.select(Auction.id, Auction.code).where(Auction.state.in_(SEALED))
    for auction_id, code in db.session.execute(going_on.order_by(Auction.id)).all():
        bids = sa.select(Bid.secret, Bid.seq).where(Bid.auction_id == auction_id, Bid.max_yen.is_(None))
        newest = db.session.execute(bids.order_by(Bid.seq.desc()).limit(1)).one_or_none()
        try:
            if newest is not None:
                secrecy.opened(newest.secret, code, newest.seq)
        except RuntimeError:
            yield found("keys.other_seal", auction=code)


def worker(deep: bool) -> Iterator[Finding]:
    """Rounds show that it lives, also where nothing is to be done; a site that nobody visits yet may have none."""
    looked_at = db.session.scalar(sa.select(Round.at))
    expected = looked_at is not None or settings().in_public
    if expected and beats.is_missed(beats.WORKER, looked_at, ASLEEP):
        yield found("worker.asleep", since=looked_at)
    count, oldest = overdue(now() - STILL)
    if count:
        yield found("worker.still", count=count, since=oldest)
    if vain := lasting():
        yield found("worker.parked", count=vain)


def journal(deep: bool) -> Iterator[Finding]:
    """Sealed in time, its end whole, its days on chain."""
    waiting = sa.select(sa.func.count()).select_from(Entry).where(Entry.seq.is_(None), Entry.at < now() - UNSEALED)
    if count := db.session.scalar(waiting):
        yield found("journal.unsealed", count=count)
    see_one_moment()
    if fault := tail_fault(TAIL):
        yield found("journal.broken", why=str(fault))
    if late := late_days(now() - UNANCHORED):
        yield found("journal.unanchored", count=len(late))


def fund(deep: bool) -> Iterator[Finding]:
    """Every single posting sums to zero, and the subtotals are what their postings say."""
    if not balanced():
        yield found("fund.crooked")
    if differs := differing():
        kind, account = min(differs)
        yield found("fund.changed", count=len(differs), kind=kind, account=account, yen=differs[kind, account])


def follower(deep: bool) -> Iterator[Finding]:
    if not register.contracts():
        return  # nothing to follow yet: the part "chain" says so
    read_at, chain = register.read_at(), register.status()
    if beats.is_missed(beats.FOLLOWER, read_at, SILENT):
        yield found("follower.silent", since=read_at)
    behind = chain["head_block"] - chain["followed_block"]
    if behind > BEHIND:
        yield found("follower.behind", count=behind)


def standing_alarms() -> Iterator[Finding]:
    """What sender, follower and the nightly count have found themselves, and calls that were given up."""
    for alarm in alarms.standing():
        if alarm.trouble is not Trouble.READING:  # the part "follower" tells that
            yield found("chain.alarm", trouble=alarm.trouble.ja, why=alarm.what)
    if parked := len(register.parked(1_000)):
        yield found("chain.parked", count=parked)
