"""auction-v1: an open ascending auction with automatic bids (せり売形式), pure. See docs/auction-v1.md.

Amounts are whole yen, times are seconds from the opening, bidders are the numbers that the public sees.
No clock, no database: the online auction and the replay of its published log are this one function, `accept`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum


class Reason(StrEnum):
    """Why a bid is refused, in the order in which the reasons are tried."""

    NOT_OPEN = "not_open"
    CLOSED = "closed"
    NOT_ABOVE_OWN_MAX = "not_above_own_max"
    BELOW_MINIMUM = "below_minimum"


@dataclass(frozen=True, slots=True)
class SoftClose:
    """A bid within `window` seconds of the close moves it to `extend` seconds after the bid,
    never more than `cap` seconds past the scheduled close (None: no cap)."""

    window: float
    extend: float
    cap: float | None = None


@dataclass(frozen=True, slots=True)
class Outage:
    """Where bids could not be accepted for `least` seconds or more of the last `window` before the close, the close
    moves to `window` seconds after they could be again, never more than `cap` past the scheduled close."""

    window: float
    least: float
    cap: float


@dataclass(frozen=True, slots=True)
class Terms:
    """What the public notice fixes. `increments` are (limit, step): the first one whose limit is above the price
    gives the step. A limit of None is above every price; above all limits the last step goes on."""

    start: int
    reserve: int | None
    close: float
    soft_close: SoftClose | None
    increments: Sequence[tuple[int | None, int]]
    outage: Outage | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How the auction stands. `price` and `leader` are public, `leader_max` is the leader's secret maximum."""

    close: float
    price: int | None = None
    leader: str | None = None
    leader_max: int | None = None


@dataclass(frozen=True, slots=True)
class Bid:
    t: float
    bidder: str
    max: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a bid did: `reason` None means accepted; `standing` is how the auction stands after it."""

    reason: Reason | None
    standing: Standing
    extended: bool = False

    @property
    def accepted(self) -> bool:
        return self.reason is None


def opening(terms: Terms) -> Standing:
    return Standing(close=terms.close)


def increment(terms: Terms, price: int) -> int:
    """The step from `price` to the next bid."""
    for limit, step in terms.increments:
        if limit is None or price < limit:
            return step
    return terms.increments[-1][1]


def minimum(terms: Terms, standing: Standing) -> int:
    """The least maximum that a bid may name now."""
    if standing.price is None:
        return terms.start
    return standing.price + increment(terms, standing.price)


def refusal(terms: Terms, standing: Standing, bid: Bid) -> Reason | None:
    """The first reason to refuse the bid, or None."""
    if bid.t < 0:
        return Reason.NOT_OPEN
    if bid.t >= standing.close:
        return Reason.CLOSED
    if bid.bidder == standing.leader and standing.leader_max is not None and bid.max <= standing.leader_max:
        return Reason.NOT_ABOVE_OWN_MAX
    if bid.max < minimum(terms, standing):
        return Reason.BELOW_MINIMUM
    return None


def accept(terms: Terms, standing: Standing, bid: Bid) -> Outcome:
    """Put one bid to the auction."""
    reason = refusal(terms, standing, bid)
    if reason is not None:
        return Outcome(reason, standing)
    after = _at_reserve(terms, _contest(terms, standing, bid))
    if (after.price, after.leader) == (standing.price, standing.leader):
        return Outcome(None, after)
    close = _extended(terms, standing.close, bid.t)
    return Outcome(None, replace(after, close=close), extended=close > standing.close)


def _contest(terms: Terms, standing: Standing, bid: Bid) -> Standing:
    """The two maxima against each other. The earlier of two equal ones keeps the lead."""
    if standing.price is None or standing.leader_max is None:
        return replace(standing, price=terms.start, leader=bid.bidder, leader_max=bid.max)
    if bid.bidder == standing.leader:
        return replace(standing, leader_max=bid.max)
    highest = standing.leader_max
    if bid.max > highest:
        price = min(bid.max, highest + increment(terms, highest))
        return replace(standing, price=price, leader=bid.bidder, leader_max=bid.max)
    return replace(standing, price=min(highest, bid.max + increment(terms, bid.max)))


def _at_reserve(terms: Terms, standing: Standing) -> Standing:
    """A maximum that reaches the reserve lifts the price to it at once."""
    price, reached = standing.price, standing.leader_max
    if terms.reserve is None or price is None or reached is None or not price < terms.reserve <= reached:
        return standing
    return replace(standing, price=terms.reserve)


def _extended(terms: Terms, close: float, t: float) -> float:
    soft = terms.soft_close
    if soft is None or close - t > soft.window or t + soft.extend <= close:
        return close
    later = t + soft.extend
    return later if soft.cap is None else max(close, min(later, terms.close + soft.cap))


def after_outage(rule: Outage | None, scheduled: float, close: float, gaps: Sequence[tuple[float, float]]) -> float:
    """The close, moved by the rule of outages where it applies. `gaps` are (from, to): nothing shows that a bid could
    have been accepted between the two. Both forms of auction have this rule."""
    if rule is None:
        return close
    begin = close - rule.window
    near = [(start, end) for start, end in gaps if start < close and end > begin]
    lost = sum(min(end, close) - max(start, begin) for start, end in near)
    if not near or lost < rule.least:
        return close
    again = max(end for _, end in near)
    return max(close, min(again + rule.window, scheduled + rule.cap))


def sold(terms: Terms, standing: Standing) -> bool:
    """At the close: whether there is a winner, who then pays `standing.price`."""
    return standing.price is not None and (terms.reserve is None or standing.price >= terms.reserve)
