"""The day before an event, whoever has a seat is reminded: once for each time at which it is to begin.

Whoever has their seat confirmed within that day has just been told, and is not told again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa

from marketplace.accounts.letters import LetterKind, stopped
from marketplace.gatherings.models import Gathering, GatheringState, Rsvp, RsvpState
from marketplace.gatherings.parties import party_of
from marketplace.gatherings.telling import tell
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, let_go, lock, transaction
from marketplace.kit.sheets import sheet

A_DAY = timedelta(days=1)


def tell_booked(party: Sequence[Rsvp]) -> None:
    """The letter that confirms their seats; within the last day it is the reminder too."""
    begins_at = party[0].gathering.begins_at
    if begins_at - now() <= A_DAY:
        party[0].reminded_for = begins_at
    tell("gathering_booked", party)


def remind(rsvp_id: int) -> None:
    """Asked again, or after anything changed, it changes nothing."""
    with transaction():
        gathering = lock(Gathering, get(Rsvp, rsvp_id).gathering_id)
        rsvp = lock(Rsvp, rsvp_id)
        near = now() < gathering.begins_at <= now() + A_DAY
        if gathering.state != GatheringState.OPEN or rsvp.state != RsvpState.COMING or not near:
            return
        if rsvp.reminded_for == gathering.begins_at:
            return
        rsvp.reminded_for = gathering.begins_at
        party = party_of(gathering.id, rsvp.account_id, (RsvpState.COMING,))
        tell("gathering_tomorrow", party, key=f"{rsvp.code}:{gathering.begins_at.isoformat()}")


@sheet(every=300, name="gatherings.remind")
def remind_due() -> None:
    near = (Gathering.state == GatheringState.OPEN, Gathering.begins_at > now(), Gathering.begins_at <= now() + A_DAY)
    due = sa.select(Rsvp.id).join(Gathering).where(*near, Rsvp.state == RsvpState.COMING, Rsvp.companion == 0)
    due = due.where(Rsvp.reminded_for.is_distinct_from(Gathering.begins_at))
    due = due.where(Rsvp.account_id.not_in(stopped(LetterKind.TOMORROW)))
    ids = list(db.session.scalars(due.order_by(Rsvp.id)))
    let_go()
    for rsvp_id in ids:
        remind(rsvp_id)
