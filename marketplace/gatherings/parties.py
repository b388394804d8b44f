"""A party: whoever one person asked for, themselves first. Each has a row, a code and a seat of their own.

They wait together, are offered their seats together and answer together. Free seats go to the first in the line for
whose whole party they are enough: two seats are not given to four, and do not stay empty for them either. Whoever waits
for many may become fewer and keeps the place.
"""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from marketplace.gatherings.models import STANDING, Rsvp, RsvpState
from marketplace.kit.db import db


def party_of(gathering_id: int, account_id: int, states: Collection[RsvpState] = STANDING) -> list[Rsvp]:
    """Whoever of a party stands so, the person first, as the database has it now."""
    found = sa.select(Rsvp).where(Rsvp.gathering_id == gathering_id, Rsvp.account_id == account_id)
    found = found.where(Rsvp.state.in_(states)).order_by(Rsvp.companion)
    return list(db.session.scalars(found.execution_options(populate_existing=True)))


def next_in_line(gathering_id: int, free: int) -> list[Rsvp]:
    """The party that has waited longest of those that fit into so many free seats; empty where none does."""
    waiting = (Rsvp.gathering_id == gathering_id, Rsvp.state == RsvpState.WAITING)
    fitting = sa.select(Rsvp.account_id).where(*waiting).group_by(Rsvp.account_id).having(sa.func.count() <= free)
    account_id = db.session.scalar(fitting.order_by(sa.func.min(Rsvp.place)).limit(1))
    if account_id is None:
        return []
    party = sa.select(Rsvp).where(*waiting, Rsvp.account_id == account_id).order_by(Rsvp.companion)
    return list(db.session.scalars(party.with_for_update()))


def one_of_each(gathering_id: int, states: Collection[RsvpState]) -> list[int]:
    """The accounts of all parties of whom somebody stands so, in the order in which they first asked."""
    found = sa.select(Rsvp.account_id).where(Rsvp.gathering_id == gathering_id, Rsvp.state.in_(states))
    return list(db.session.scalars(found.group_by(Rsvp.account_id).order_by(sa.func.min(Rsvp.id))))
