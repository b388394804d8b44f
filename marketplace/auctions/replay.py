"""`python -m marketplace.auctions.replay LOG.json`: anyone's recomputation of a published auction log.

Prints the result as JSON and exits 0; a log that is neither auction-v1 nor sealed-v1 gets one line on stderr, exit 2.
"""

import re
import sys
from dataclasses import replace
from typing import Any

from marketplace.auctions import chaining, rules, sealed
from marketplace.kit import merkle, published
from marketplace.kit.published import Malformed, Record

DICE = re.compile("[0-9]{20}")


def replay(log: object) -> Record:
    """The result of a log, as JSON; raises Malformed where it is of neither form, or its chain of bids is broken."""
    log = published.record(log, "the log")
    _check_chain(log)
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
        outage=_outage(log.get("outage")),
    )


def _ascending(log: Record) -> Record:
    terms = terms_of(log)
    standing = rules.opening(terms)
    events: list[Record] = []
    bidders: set[str] = set()
    accepted = extensions = 0
    bids = published.items(log, "bids")
    moves = _moves(log, len(bids))
    moved: list[Record] = []
    for number, entry in enumerate([*bids, None]):
        for gaps in moves.get(number, []):
            standing = replace(standing, close=_moved(terms.outage, terms.close, standing.close, gaps))
            moved.append({"after": number, "close": standing.close})
        if entry is None:
            break
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
        **({"outages": moved} if moved else {}),
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
    # Whoever bids shows that bids can be accepted: the close never moves behind a bid that it refused.
    close, moved = terms.close, []
    for number, moves in sorted(_moves(log, len(bids)).items()):
        for gaps in moves:
            close = _moved(_outage(log.get("outage")), terms.close, close, gaps)
            moved.append({"after": number, "close": close})
    terms = replace(terms, close=close)
    seed = published.hexadecimal(log, "seed")
    opened = sealed.unseal(terms, seed, bids)
    if opened.tied and not seed:
        raise Malformed("seed is empty, and equal bids have to be drawn")
    if opened.tied and "head" in log and seed != _thrown(log):
        raise Malformed("seed is not that of the dice")
    return {
        "version": "sealed-v1",
        "winner": opened.winner.bidder if opened.winner else None,
        "price": opened.winner.amount if opened.winner else None,
        "bids": len(opened.accepted),
        "tied": [bid.no for bid in opened.tied],
        "refused": [{"no": bid.no, "reason": reason} for bid, reason in opened.refused],
        **({"outages": moved} if moved else {}),
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


def _outage(value: object) -> rules.Outage | None:
    if value is None:
        return None
    value = published.record(value, "outage")
    return rules.Outage(*(_seconds(value, key, 0) for key in ("window", "least", "cap")))


def _moves(log: Record, bids: int) -> dict[int, list[list[tuple[float, float]]]]:
    """The outages of the log: {bids that came before: [its gaps, …]}."""
    found: dict[int, list[list[tuple[float, float]]]] = {}
    for entry in published.items(log, "outages") if "outages" in log else []:
        entry = published.record(entry, "an outage")
        after = published.whole(entry, "after", 0)
        if after > bids:
            raise Malformed("an outage comes after more bids than there are")
        gaps: list[tuple[float, float]] = []
        for pair in published.items(entry, "gaps"):
            if not isinstance(pair, list) or len(pair) != 2:
                raise Malformed("gaps are not pairs of from and to")
            gap: Record = {"from": pair[0], "to": pair[1]}
            gaps.append((_seconds(gap, "from"), _seconds(gap, "to")))
        found.setdefault(after, []).append(gaps)
    return found


def _moved(rule: rules.Outage | None, scheduled: float, close: float, gaps: list[tuple[float, float]]) -> float:
    later = rules.after_outage(rule, scheduled, close, gaps)
    if later <= close:
        raise Malformed("an outage does not move the close by the rule of the log")
    return later


def _check_chain(log: Record) -> None:
    """Where the log says what its chain of bids ends with, that must be so."""
    if "head" not in log:
        return
    head, listing = published.hexadecimal(log, "head", 32), published.text(log, "listing")
    bids = [published.record(bid, "a bid") for bid in published.items(log, "bids")]
    try:
        found = chaining.head_of(listing, bids)
    except ValueError:
        raise Malformed("a bid cannot be written in canonical form") from None
    if found != head:
        raise Malformed("head is not the end of the chain of these bids")


def _thrown(log: Record) -> bytes:
    """The seed of equal bids in a town's own log: of the dice, and of all bids as they stood before."""
    bids = [published.record(bid, "a bid") for bid in published.items(log, "bids")]
    root = merkle.root(chaining.leaf(bid) for bid in bids).hex()
    dice = published.text(log, "dice")
    if not DICE.fullmatch(dice):
        raise Malformed("dice are not twenty digits")
    return chaining.seed_of(
        chaining.tie_commit(published.text(log, "listing"), published.text(log, "rules"), len(bids), root), dice
    )


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
