"""When it is over for a participant: nothing more is asked of them, or their deposit is kept."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from marketplace.admissions.applying import participation_of, tell
from marketplace.admissions.models import Participation, ParticipationState
from marketplace.journal.writing import note
from marketplace.kit.clock import now
from marketplace.kit.db import db, lock, transaction, writing
from marketplace.outbox.promising import say


def let_go(listing_id: int, keep: Collection[int] = ()) -> None:
    """Nothing more is asked of all but the accounts in `keep` ⇢ participation.released for each, once.

    Inside the caller's transaction. Whoever holds a deposit hears it and gives it back.
    """
    assert writing(), "let_go() belongs inside transaction()"
    for row in _unsettled(listing_id):
        if row.account_id not in keep:
            row.released_at = now()
            note(row.subject, "let_go")
            say("participation.released", key=f"{row.code}:released", participation_id=row.id)


def forfeit(listing_id: int, account_id: int) -> None:
    """They won and did not pay: a deposit is kept ⇢ participation.forfeited, once. Inside the caller's transaction."""
    assert writing(), "forfeit() belongs inside transaction()"
    found = participation_of(listing_id, account_id)
    if found is None:
        return  # a sale at which nobody had to apply
    row = lock(Participation, found.id)
    if row.released_at is None and row.forfeited_at is None:
        row.forfeited_at = now()
        note(row.subject, "forfeit")
        say("participation.forfeited", key=f"{row.code}:forfeited", participation_id=row.id)


def cancelled(listing_id: int) -> None:
    """The sale was cancelled: everybody is let go, and told."""
    with transaction():
        people = _unsettled(listing_id)
        let_go(listing_id)
        for row in people:
            tell("admission_cancelled", row, key="cancelled")


def _unsettled(listing_id: int) -> list[Participation]:
    """Locked, in one order for everybody."""
    found = sa.select(Participation).where(
        Participation.listing_id == listing_id,
        Participation.state != ParticipationState.REFUSED,
        Participation.released_at.is_(None),
        Participation.forfeited_at.is_(None),
    )
    return list(db.session.scalars(found.order_by(Participation.id).with_for_update()))
