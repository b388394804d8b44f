"""What this office does on hearing that an account was closed: its seats go to others, no letter is written."""

from __future__ import annotations

import sqlalchemy as sa

from marketplace.gatherings import booking
from marketplace.gatherings.letters import Copy, CopyState
from marketplace.gatherings.models import UNDECIDED, Gathering, Rsvp
from marketplace.kit.clock import now
from marketplace.kit.db import db, let_go, transaction
from marketplace.outbox.promising import handles


@handles("account.closed")
def on_closed(account_id: int) -> None:
    standing = sa.select(Rsvp.gathering_id).join(Gathering).where(Rsvp.account_id == account_id)
    standing = standing.where(Rsvp.state.in_(UNDECIDED), Gathering.begins_at > now())
    events = list(db.session.scalars(standing))
    let_go()
    for gathering_id in events:
        booking.give_up(gathering_id, account_id)
    with transaction() as session:
        waiting = sa.update(Copy).where(Copy.account_id == account_id, Copy.state == CopyState.QUEUED)
        session.execute(waiting.values(state=CopyState.SKIPPED, done_at=now()))
