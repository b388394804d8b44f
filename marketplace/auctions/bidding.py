"""A bid: judged by the rules under the auction's lock, written down whatever becomes of it.

Everybody bids on the same row at the same moment, so a bid is four statements without objects. The first takes the
lock, the number and the time of the bid: the order of the log is the order of the locks.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from marketplace.accounts.models import Account, SignIn
from marketplace.accounts.session import Claim, SignedOut
from marketplace.admissions.deciding import admitted
from marketplace.auctions import chaining, rules, sealed, secrecy, watch
from marketplace.auctions.agreed import Agreed, agreed
from marketplace.auctions.models import Auction, AuctionState, Bid, Bidder, BidStatus
from marketplace.auctions.refusals import (
    AuctionClosed,
    AuctionSuspended,
    BelowMinimum,
    BidRefused,
    NotAboveOwnMaximum,
    NotOpenYet,
    SecondEnvelope,
    TooMuch,
)
from marketplace.kit.clock import database_has_clock, now
from marketplace.kit.db import UTCDateTime, statements, transaction, writing
from marketplace.kit.money import LARGEST_CHARGE


class Placed(NamedTuple):
    """What the bidder is told. `price_yen` is None for a sealed bid."""

    bid_id: int
    bidder_no: str
    leads: bool
    price_yen: int | None
    closes_at: datetime


AUCTIONS, BIDDERS, BIDS = Auction.__table__.c, Bidder.__table__.c, Bid.__table__.c
SIGN_INS = SignIn.__table__.c

ARRIVE = (
    sa.update(Auction.__table__)  # type: ignore[arg-type]
    .where(AUCTIONS.id == sa.bindparam("auction"), AUCTIONS.state == AuctionState.OPEN)
    .values(arrivals=AUCTIONS.arrivals + 1)
    .returning(
        *(AUCTIONS.arrivals, AUCTIONS.closes_at, AUCTIONS.price_yen, AUCTIONS.extensions, AUCTIONS.head),
        *(AUCTIONS.leader_id, AUCTIONS.leader_no, AUCTIONS.leader_seq, AUCTIONS.leader_secret),
        *(AUCTIONS.numbers, AUCTIONS.bid_count, AUCTIONS.bidder_count),
    )
)
ARRIVE_AND_ASK_TIME = ARRIVE.returning(sa.type_coerce(sa.func.clock_timestamp(), UTCDateTime()).label("at"))
FIND_BIDDER = sa.select(BIDDERS.id, BIDDERS.no, BIDDERS.has_bid).where(
    BIDDERS.auction_id == sa.bindparam("auction"), BIDDERS.account_id == sa.bindparam("account")
)
FIND_SIGNED_IN = (
    sa.select(BIDDERS.id, BIDDERS.no, BIDDERS.has_bid)
    .select_from(
        sa.outerjoin(
            SignIn.__table__,
            Bidder.__table__,
            sa.and_(BIDDERS.account_id == SIGN_INS.account_id, BIDDERS.auction_id == sa.bindparam("auction")),
        )
    )
    .where(
        SIGN_INS.key_hash == sa.bindparam("key_hash"),
        SIGN_INS.account_id == sa.bindparam("account"),
        SIGN_INS.began_at > sa.bindparam("since"),
    )
)
WRITE = sa.insert(Bid.__table__).returning(BIDS.id)  # type: ignore[arg-type]
STAND = (
    sa.update(Auction.__table__)  # type: ignore[arg-type]
    .where(AUCTIONS.id == sa.bindparam("auction"))
    .values(
        {
            name: sa.bindparam(f"new_{name}")
            for name in (
                *("closes_at", "price_yen", "extensions", "head", "leader_id", "leader_no", "leader_seq"),
                *("leader_secret", "numbers", "bid_count", "bidder_count"),
            )
        }
    )
)


class Who(NamedTuple):
    """Who wants to bid: `given` is the number that the office gave them, where it does."""

    account_id: int
    given: str | None
    claim: Claim | None


class Person(NamedTuple):
    """The bidder: `number` of numbers given out so far."""

    id: int
    no: str
    has_bid: bool
    numbers: int


class AtTheClose(Exception):
    """It may have moved: that has to be looked at first, with the whole session."""


def place_bid(auction_id: int, account_id: int, max_yen: int, claim: Claim | None = None) -> Placed:
    """Bid up to `max_yen` yen (or, sealed, exactly that) for the account; with a `claim`, only while that is true.

    Raises SignedOut where the claim is not true, a BidRefused after writing the refused bid down, TooMuch for a sum
    that nobody could pay, NotAdmitted for somebody without a number where the office gives them, LookupError where
    there is no such auction or account. A bid after the auction was decided is not written down any more.
    """
    if max_yen > LARGEST_CHARGE:
        raise TooMuch
    terms = agreed(auction_id)
    given = admitted(terms.listing_id, account_id).no if terms.by_admission else None
    try:
        with statements() as connection:
            outcome = _place(connection, terms, Who(account_id, given, claim), max_yen, at_the_close=writing())
    except AtTheClose:
        with transaction() as session:
            outcome = _place(session.connection(), terms, Who(account_id, given, claim), max_yen, at_the_close=True)
    if isinstance(outcome, BidRefused):
        raise outcome
    return outcome


def _place(connection: sa.Connection, terms: Agreed, who: Who, max_yen: int, at_the_close: bool) -> Placed | BidRefused:
    book, at = _arrive(connection, terms.id)
    closes_at = book.closes_at
    if at >= closes_at:
        if not at_the_close:
            raise AtTheClose
        closes_at = watch.consider(terms.id, at)
    person = _person(connection, terms.id, who, book.numbers)
    before = rules.Standing(terms.seconds(closes_at), book.price_yen, book.leader_no, _leaders_maximum(terms, book))
    bid = rules.Bid(terms.seconds(at), person.no, max_yen)
    outcome, reason = _judged(terms, before, bid, person.has_bid)
    after = outcome.standing
    secret = secrecy.seal(max_yen, terms.code, book.arrivals)
    leaf = chaining.leaf(chaining.line(terms.sealed, int(bid.t), person.no, book.arrivals, max_yen, secret.salt))
    written = {
        "auction_id": terms.id,
        "seq": book.arrivals,
        "sealed": terms.sealed,
        "bidder_id": person.id,
        "bidder_no": person.no,
        "at": at,
        "t": int(bid.t),
        "secret": secret.text,
        "leaf": leaf.hex(),
        "status": BidStatus.REFUSED if reason else BidStatus.ACCEPTED,
        "reason": str(reason or ""),
        "price_yen": after.price,
        "leader_no": after.leader,
        "close": int(after.close),
        "changed": (after.price, after.leader) != (before.price, before.leader),
    }
    bid_id = connection.execute(WRITE, written).scalar_one()
    # The secret that opens to the leader's maximum is that of the newest bid by which the leader raised it.
    raised = reason is None and after.leader == person.no
    closes_at = terms.moment(after.close)
    stands = {
        "auction": terms.id,
        "new_closes_at": closes_at,
        "new_price_yen": after.price,
        "new_extensions": book.extensions + outcome.extended,
        "new_head": chaining.linked(bytes.fromhex(book.head), leaf).hex(),
        "new_leader_id": who.account_id if raised else book.leader_id,
        "new_leader_no": after.leader,
        "new_leader_seq": book.arrivals if raised else book.leader_seq,
        "new_leader_secret": secret.text if raised else book.leader_secret,
        "new_numbers": person.numbers,
        "new_bid_count": book.bid_count + (reason is None),
        "new_bidder_count": book.bidder_count + (reason is None and not person.has_bid),
    }
    connection.execute(STAND, stands)
    if reason is None and not person.has_bid:
        connection.execute(sa.update(Bidder).where(Bidder.id == person.id).values(has_bid=True))
    if reason is not None:
        return _refusal(reason, terms, after)
    return Placed(bid_id, person.no, after.leader == person.no, after.price, closes_at)


def _arrive(connection: sa.Connection, auction_id: int) -> tuple[Any, datetime]:
    """The auction's row, locked, and the moment at which the lock became ours: the bid arrived then."""
    asked = database_has_clock()
    book = connection.execute(ARRIVE_AND_ASK_TIME if asked else ARRIVE, {"auction": auction_id}).first()
    if book is None:
        stopped = sa.select(Auction.id).where(Auction.id == auction_id, Auction.state == AuctionState.SUSPENDED)
        raise AuctionSuspended if connection.scalar(stopped) is not None else AuctionClosed
    return book, book.at if asked else now()


def _person(connection: sa.Connection, auction_id: int, who: Who, numbers: int) -> Person:
    """The person's number in this auction: the one given by the office, or else the next one, with the first bid."""
    found = _found(connection, auction_id, who)
    if found is not None:
        return Person(found.id, found.no, found.has_bid, numbers)
    no = who.given or f"{numbers + 1:02}"
    values = {"auction_id": auction_id, "account_id": who.account_id, "no": no, "has_bid": False}
    bidder_id = connection.execute(sa.insert(Bidder).values(values).returning(Bidder.id)).scalar_one()
    return Person(bidder_id, no, False, numbers + 1)


def _found(connection: sa.Connection, auction_id: int, who: Who) -> Any | None:
    """The person's row in this auction, if there is one yet."""
    if who.claim is not None:
        found = connection.execute(FIND_SIGNED_IN, {"auction": auction_id, **_columns(who.claim)}).first()
        if found is None:
            raise SignedOut
        return found if found.id is not None else None
    found = connection.execute(FIND_BIDDER, {"auction": auction_id, "account": who.account_id}).first()
    if found is None and connection.execute(sa.select(Account.id).where(Account.id == who.account_id)).first() is None:
        raise LookupError(f"Account {who.account_id}")
    return found


def _columns(claim: Claim) -> dict[str, Any]:
    return {"account": claim.account_id, "key_hash": claim.key_hash, "since": claim.since}


def _leaders_maximum(terms: Agreed, book: Any) -> int | None:
    if book.leader_secret is None:
        return None
    return secrecy.opened(book.leader_secret, terms.code, book.leader_seq).yen


def _judged(
    terms: Agreed, before: rules.Standing, bid: rules.Bid, has_bid: bool
) -> tuple[rules.Outcome, rules.Reason | sealed.Reason | None]:
    if not terms.sealed:
        outcome = rules.accept(terms.terms, before, bid)
        return outcome, outcome.reason
    # Nothing of a sealed auction changes with a bid: nobody may see.
    envelope = sealed.Bid(bid.t, bid.bidder, "", bid.max)
    return rules.Outcome(None, before), sealed.refusal(
        replace(terms.sealed_terms, close=before.close), has_bid, envelope
    )


def _refusal(reason: rules.Reason | sealed.Reason, terms: Agreed, standing: rules.Standing) -> BidRefused:
    """The refusal that the person sees, for the reason in the log."""
    match str(reason):
        case rules.Reason.NOT_OPEN:
            return NotOpenYet()
        case rules.Reason.CLOSED:
            return AuctionClosed()
        case rules.Reason.NOT_ABOVE_OWN_MAX:
            return NotAboveOwnMaximum((standing.leader_max or 0) + 1)
        case sealed.Reason.SECOND_BID:
            return SecondEnvelope()
    return BelowMinimum(terms.terms.start if terms.sealed else rules.minimum(terms.terms, standing))
