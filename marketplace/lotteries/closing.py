"""A lottery begins with its listing; at the close its list is fixed under one root, before anybody knows the chance."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import sqlalchemy as sa

from marketplace.chain.anchoring import anchor
from marketplace.journal.writing import move, note
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, in_portions, insert_once, lock, transaction
from marketplace.listings.models import Listing, ListingState, Mode
from marketplace.lotteries import cards, draw
from marketplace.lotteries.drand import drand
from marketplace.lotteries.groups import groups_of, promote_days, shares
from marketplace.lotteries.models import IN_THE_DRAW, Draw, Entry, Lottery
from marketplace.lotteries.rules import terms_of
from marketplace.lotteries.states import LotteryState
from marketplace.outbox.promising import say
from marketplace.settings import settings

AT_ONCE = 5000
"""Rows read from the database at a time."""


def start(listing_id: int) -> int | None:
    """Start the lottery of an opened listing, once; its id, or None where the listing is sold another way.

    The source of chance is dice, unless the approved rules of the sale say {"draw": "drand"}.
    """
    with transaction():
        listing = lock(Listing, listing_id)  # who cancels it meanwhile finds the lottery, or it finds that
        if listing.mode != Mode.LOTTERY or listing.state == ListingState.CANCELLED:
            return None
        assert listing.closes_at is not None, "a lottery is not approved without its close"
        assert listing.draw_at is not None, "nor without the time of its draw"
        by_beacon = (listing.auction_rules or {}).get("draw") == "drand"
        chain = drand().chain
        lottery_id = insert_once(
            Lottery,
            {
                "listing_id": listing.id,
                "code": listing.code,
                "state": LotteryState.OPEN,
                "opens_at": listing.opens_at,
                "closes_at": listing.closes_at,
                "draw_at": listing.draw_at,
                "chain": chain.hash if by_beacon else draw.DICE,
                "round": chain.round_at(listing.draw_at) if by_beacon else 0,
                "promote_until": listing.draw_at + timedelta(days=promote_days(listing.auction_rules)),
                **terms_of(listing.per_person_limit, listing.auction_rules)._asdict(),
            },
        )
        if lottery_id is not None:
            note(f"lottery:{listing.code}", "open")
        return lottery_id


def close(listing_id: int) -> None:
    """Fix the list of each group, by root and count, here and on chain, once.

    News may come out of order; then the lottery begins here.
    """
    with transaction() as session:
        lottery = locked(listing_id)
        if lottery is None and start(listing_id) is not None:
            lottery = locked(listing_id)
        if lottery is None or lottery.state != LotteryState.OPEN:
            return
        listing = get(Listing, listing_id)
        cards.leave_out(lottery)
        groups = groups_of(listing.auction_rules, listing.quantity)
        applied = persons(lottery.id)
        units = shares(groups, applied)
        for group in groups:
            fixed = Draw(
                lottery_id=lottery.id,
                group=group.code,
                listing=f"{lottery.code}/{group.code}".rstrip("/"),
                rules=listing.text_hash,
                n=applied.get(group.code, 0),
                units=units[group.code],
                root=draw.root(draw.Entry(*row) for row in entered(lottery.id, group.code)).hex(),
                chain=lottery.chain,
                round=lottery.round,
                closed_at=now(),
            )
            session.add(fixed)
            address = f"{settings().base_url}/listings/{lottery.code}/draw.json"
            anchor(f"draw:{fixed.listing}", fixed.root, address + (f"?group={group.code}" if group.code else ""))
            name = {"group": group.code} if group.code else {}
            note(lottery.subject, "fix", n=fixed.n, units=fixed.units, root=fixed.root, **name)
        move(lottery, "close", n=sum(applied.values()))


def cancel(listing_id: int) -> None:
    """The listing was cancelled: nothing is drawn ⇢ lottery.cancelled."""
    with transaction():
        lottery = locked(listing_id)
        if lottery is not None and lottery.MOVES.allows(lottery.state, "cancel"):
            move(lottery, "cancel", why=get(Listing, listing_id).cancelled_reason)
            say("lottery.cancelled", key=lottery.code, lottery_id=lottery.id)


def of_listing(listing_id: int) -> Lottery | None:
    """The listing's lottery; None before it opened, and where it is sold another way."""
    return db.session.scalar(sa.select(Lottery).where(Lottery.listing_id == listing_id))


def locked(listing_id: int) -> Lottery | None:
    lottery = of_listing(listing_id)
    return lock(Lottery, lottery.id) if lottery is not None else None


def draws(lottery_id: int) -> list[Draw]:
    """What was fixed at the close, group by group in the order of the notice; empty before."""
    return list(db.session.scalars(sa.select(Draw).where(Draw.lottery_id == lottery_id).order_by(Draw.id)))


def persons(lottery_id: int) -> dict[str, int]:
    """How many entries there are of each group."""
    query = sa.select(Entry.group, sa.func.count()).where(Entry.lottery_id == lottery_id, IN_THE_DRAW)
    return dict(db.session.execute(query.group_by(Entry.group)).all())


def lots(lottery_id: int) -> dict[str, dict[int, int]]:
    """How many entries of each group hold so many lots: {group: {lots: entries}}."""
    query = sa.select(Entry.group, Entry.lots, sa.func.count()).where(Entry.lottery_id == lottery_id, IN_THE_DRAW)
    found: dict[str, dict[int, int]] = {}
    for group, held, entries in db.session.execute(query.group_by(Entry.group, Entry.lots)):
        found.setdefault(group, {})[held] = entries
    return found


def entered(lottery_id: int, group: str = "") -> Iterable[tuple[str, str, int]]:
    """(no, ch, lots) of the entries of a draw in order of receipt, a portion in memory at a time."""
    query = sa.select(Entry.no, Entry.ch, Entry.lots).where(Entry.lottery_id == lottery_id, Entry.group == group)
    # on the connection: what the session adds to each row would take as long as its two hashes
    return db.session.connection().execute(in_portions(query.where(IN_THE_DRAW).order_by(Entry.seq), AT_ONCE))
