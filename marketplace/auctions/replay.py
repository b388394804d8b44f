"""`python -m marketplace.auctions.replay LOG.json`: anyone's recomputation of a published auction log.

Prints the result as JSON and exits 0; a log that is neither auction-v1 nor sealed-v1 gets one line on stderr, exit 2.
"""

import sys
from typing import Any

from marketplace.auctions import rules, sealed
from marketplace.kit import published
from marketplace.kit.published import Malformed, Record


def replay(log: object) -> Record:
    """The result of a log, as JSON; raises Malformed where it is of neither form."""
    log = published.record(log, "the log")
    version = log.get("version")
    if version == "auction-v1":
        return _ascending(log)
    if version == "sealed-v1":
        return _sealed(log)
    raise Malformed("the version is neither auction-v1 nor sealed-v1")


def terms_of(log: Record) -> rules.Terms:
    """The terms of an auction-v1 log; raises Malformed."""
    return rules.Terms(
        start=published.whole(log, "start", 0),
        reserve=_optional_yen(log, "reserve"),
        close=_seconds(log, "close", 0),
        soft_close=_soft_close(published.get(log, "soft_close")),
        increments=_increments(published.items(log, "increments")),
    )


def _ascending(log: Record) -> Record:
    terms = terms_of(log)
    standing = rules.opening(terms)
    events: list[Record] = []
    bidders: set[str] = set()
    accepted = extensions = 0
    for entry in published.items(log, "bids"):
        bid = _bid(entry)
        outcome = rules.accept(terms, standing, bid)
        standing = outcome.standing
        if outcome.accepted:
            accepted += 1
            bidders.add(bid.bidder)
        extensions += outcome.extended
        events.append(event(bid, outcome))
    sold = rules.sold(terms, standing)
    return {
        "version": "auction-v1",
        "winner": standing.leader if sold else None,
        "price": standing.price if sold else None,
        "bids": accepted,
        "bidders": len(bidders),
        "close": standing.close,
        "extensions": extensions,
        "events": events,
    }


def event(bid: rules.Bid, outcome: rules.Outcome) -> Record:
    """One line of the result: the bid, what became of it, and how the auction stood after it."""
    return {
        "t": bid.t,
        "bidder": bid.bidder,
        "max": bid.max,
        "status": "accepted" if outcome.accepted else "refused",
        "reason": outcome.reason or "",
        "price": outcome.standing.price,
        "leader": outcome.standing.leader,
        "close": outcome.standing.close,
    }


def _sealed(log: Record) -> Record:
    terms = sealed.Terms(
        start=published.whole(log, "start", 0),
        reserve=_optional_yen(log, "reserve"),
        close=_seconds(log, "close", 0),
    )
    bids = [_sealed_bid(entry) for entry in published.items(log, "bids")]
    if len({bid.no for bid in bids}) != len(bids):
        raise Malformed("a bid number is given twice")
    seed = published.hexadecimal(log, "seed")
    opened = sealed.unseal(terms, seed, bids)
    if opened.tied and not seed:
        raise Malformed("seed is empty, and equal bids have to be drawn")
    return {
        "version": "sealed-v1",
        "winner": opened.winner.bidder if opened.winner else None,
        "price": opened.winner.amount if opened.winner else None,
        "bids": len(opened.accepted),
        "tied": [bid.no for bid in opened.tied],
        "refused": [{"no": bid.no, "reason": reason} for bid, reason in opened.refused],
    }


def _bid(entry: object) -> rules.Bid:
    entry = published.record(entry, "a bid")
    return rules.Bid(_seconds(entry, "t"), published.text(entry, "bidder"), published.whole(entry, "max"))


def _sealed_bid(entry: object) -> sealed.Bid:
    entry = published.record(entry, "a bid")
    return sealed.Bid(
        t=_seconds(entry, "t"),
        bidder=published.text(entry, "bidder"),
        no=published.text(entry, "no"),
        amount=published.whole(entry, "amount"),
    )


def _optional_yen(log: Record, key: str) -> int | None:
    return None if published.get(log, key) is None else published.whole(log, key, 0)


def _seconds(source: Record, key: str, least: float = -published.SAFE) -> float:
    value = published.get(source, key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= published.SAFE:
        raise Malformed(f"{key} is not a possible number of seconds")
    return value


def _soft_close(value: object) -> rules.SoftClose | None:
    if value is None:
        return None
    value = published.record(value, "soft_close")
    cap = None if published.get(value, "cap") is None else _seconds(value, "cap", 0)
    return rules.SoftClose(_seconds(value, "window", 0), _seconds(value, "extend", 0), cap)


def _increments(pairs: list[Any]) -> tuple[tuple[int | None, int], ...]:
    steps: list[tuple[int | None, int]] = []
    for pair in pairs:
        if not isinstance(pair, list) or len(pair) != 2:
            raise Malformed("increments are not pairs of limit and step")
        fields: Record = {"limit": pair[0], "step": pair[1]}
        limit = None if fields["limit"] is None else published.whole(fields, "limit", 0)
        steps.append((limit, published.whole(fields, "step", 1)))
    if not steps:
        raise Malformed("increments are empty")
    return tuple(steps)


if __name__ == "__main__":
    raise SystemExit(published.command(sys.argv[1:], replay))
