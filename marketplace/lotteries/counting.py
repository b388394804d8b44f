"""Persons, units wanted, units, winners, paid and issued are six numbers, and are never mixed up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import sqlalchemy as sa

from marketplace.kit.db import db, is_sqlite
from marketplace.lotteries.closing import draws, lots
from marketplace.lotteries.groups import chance, groups_of
from marketplace.lotteries.models import IN_THE_DRAW, Entry, Lottery
from marketplace.lotteries.states import EntryState
from marketplace.tokens.models import Token


class Counts(NamedTuple):
    """`wanted` is lots, not persons; `winners` were told so by the draw or a promotion; `minted` are tokens."""

    persons: int
    wanted: int
    units: int
    winners: int
    promoted: int
    paid: int
    minted: int


def count(lottery: Lottery) -> Counts:
    return counts([lottery])[lottery.id]


def counts(lotteries: Sequence[Lottery]) -> dict[int, Counts]:
    """{lottery: its numbers}, in two queries however many there are."""
    n = sa.func.count()
    query = (
        sa.select(
            Entry.lottery_id,
            n.filter(IN_THE_DRAW),
            sa.func.coalesce(sa.func.sum(Entry.lots).filter(IN_THE_DRAW), 0),
            n.filter(Entry.wave.is_not(None)),
            n.filter(Entry.wave > 0),
            n.filter(Entry.state == EntryState.PAID),
        )
        .where(Entry.lottery_id.in_([lottery.id for lottery in lotteries]))
        .group_by(Entry.lottery_id)
    )
    entered = {lottery_id: numbers for lottery_id, *numbers in db.session.execute(query)}
    issued = (
        sa.select(Token.listing_code, n)
        .where(Token.listing_code.in_([lottery.code for lottery in lotteries]), Token.minted_at.is_not(None))
        .group_by(Token.listing_code)
    )
    minted = dict(db.session.execute(issued).all())
    found = {}
    for lottery in lotteries:
        persons, wanted, winners, promoted, paid = entered.get(lottery.id, (0, 0, 0, 0, 0))
        units = lottery.listing.quantity
        found[lottery.id] = Counts(persons, wanted, units, winners, promoted, paid, minted.get(lottery.code, 0))
    return found


def by_state(lottery: Lottery) -> list[tuple[EntryState, int]]:
    counted = sa.select(Entry.state, sa.func.count()).where(Entry.lottery_id == lottery.id).group_by(Entry.state)
    counts = dict(db.session.execute(counted).all())
    return [(state, counts[state]) for state in EntryState if state in counts]


def by_hour(lottery: Lottery) -> list[tuple[datetime, int]]:
    """Entries by the hour of their receipt (UTC; hours in Japan begin at the same moments), oldest first."""
    if is_sqlite():
        hour = sa.func.strftime("%Y-%m-%dT%H", Entry.entered_at)
    else:
        hour = sa.func.to_char(sa.func.timezone("UTC", Entry.entered_at), 'YYYY-MM-DD"T"HH24')
    # a subquery, so that both databases group by the same expression
    each = sa.select(hour.label("hour")).where(Entry.lottery_id == lottery.id, IN_THE_DRAW).subquery()
    rows = db.session.execute(sa.select(each.c.hour, sa.func.count()).group_by(each.c.hour).order_by(each.c.hour))
    return [(datetime.strptime(hour, "%Y-%m-%dT%H").replace(tzinfo=UTC), n) for hour, n in rows]


def odds(lottery: Lottery) -> list[dict[str, object]]:
    """For each group: its name, its units, who applied until now, and the chance of one lot, in percent."""
    listing, applied = lottery.listing, lots(lottery.id)
    units = {fixed.group: fixed.units for fixed in draws(lottery.id)}
    return [
        {
            "group": group,
            "units": (share := units.get(group.code, group.units)),
            "persons": sum((held := applied.get(group.code, {})).values()),
            "percent": round(100 * chance(share, held), 1),
        }
        for group in groups_of(listing.auction_rules, listing.quantity)
    ]
