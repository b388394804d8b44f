"""sealed-v1: one sealed bid a person (入札形式), pure. See docs/auction-v1.md.

The highest bid at or above the reserve wins at its own amount; equal highest bids are drawn by lot with a seed that
nobody could know or choose when the bids were made (地方自治法施行令第167条の9).
"""

import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """Why a bid is refused, in the order in which the reasons are tried."""

    NOT_OPEN = "not_open"
    CLOSED = "closed"
    SECOND_BID = "second_bid"
    BELOW_MINIMUM = "below_minimum"


@dataclass(frozen=True, slots=True)
class Terms:
    start: int
    reserve: int | None
    close: float


@dataclass(frozen=True, slots=True)
class Bid:
    """One envelope: `no` is its number, in order of receipt."""

    t: float
    bidder: str
    no: str
    amount: int


@dataclass(frozen=True, slots=True)
class Opened:
    """The envelopes opened. `winner` is None where nobody reached the reserve; `tied` are the numbers drawn among."""

    winner: Bid | None
    accepted: Sequence[Bid]
    tied: Sequence[Bid]
    refused: Sequence[tuple[Bid, Reason]]


def refusal(terms: Terms, has_bid: bool, bid: Bid) -> Reason | None:
    """The first reason to refuse the bid, or None. `has_bid`: an earlier bid of this person was accepted."""
    if bid.t < 0:
        return Reason.NOT_OPEN
    if bid.t >= terms.close:
        return Reason.CLOSED
    if has_bid:
        return Reason.SECOND_BID
    if bid.amount < terms.start:
        return Reason.BELOW_MINIMUM
    return None


def ticket(seed: bytes, no: str) -> bytes:
    """The lot of a tied bid: step 5 of draw-v1."""
    return hmac.digest(seed, no.encode(), "sha256")


def highest(terms: Terms, accepted: Iterable[Bid]) -> list[Bid]:
    """The bids that share the highest amount at or above the reserve, in order of receipt; none: unsold."""
    able = [bid for bid in accepted if terms.reserve is None or bid.amount >= terms.reserve]
    best = max((bid.amount for bid in able), default=None)
    return [bid for bid in able if bid.amount == best]


def unseal(terms: Terms, seed: bytes, bids: Iterable[Bid]) -> Opened:
    """Open all envelopes, given in order of receipt. `seed` decides only between equal highest bids."""
    accepted: list[Bid] = []
    refused: list[tuple[Bid, Reason]] = []
    have_bid: set[str] = set()
    for bid in bids:
        reason = refusal(terms, bid.bidder in have_bid, bid)
        if reason is None:
            have_bid.add(bid.bidder)
            accepted.append(bid)
        else:
            refused.append((bid, reason))
    top = highest(terms, accepted)
    winner = min(top, key=lambda bid: (ticket(seed, bid.no), bid.no), default=None)
    return Opened(winner, accepted, top if len(top) > 1 else [], refused)
