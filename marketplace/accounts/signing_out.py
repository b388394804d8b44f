"""End sign-ins: one, all but this, or every one of a person. Whoever has such a cookie is a stranger from then on."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from marketplace.accounts.models import Account, SignIn
from marketplace.journal.writing import note
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, transaction

LASTS = timedelta(days=30)
"""A sign-in ends by itself, however often it is used."""


def sign_ins_of(account_id: int) -> list[SignIn]:
    """Those that still count, the one used last first."""
    theirs = sa.select(SignIn).where(SignIn.account_id == account_id, SignIn.began_at > now() - LASTS)
    return list(db.session.scalars(theirs.order_by(SignIn.seen_at.desc(), SignIn.id.desc())))


def end(account_id: int, sign_in_id: int, *, by: str) -> int:
    """End one sign-in of the account; 0 where it has ended already or is somebody else's."""
    return _end(account_id, SignIn.id == sign_in_id, by=by)


def end_others(account_id: int, keep: int, *, by: str) -> int:
    """End every sign-in of the account but `keep`; how many."""
    return _end(account_id, SignIn.id != keep, by=by)


def end_all(account_id: int, *, by: str) -> int:
    """End every sign-in of the account; how many."""
    return _end(account_id, sa.true(), by=by)


def _end(account_id: int, which: sa.ColumnElement[bool], *, by: str) -> int:
    with transaction() as session:
        gone = sa.delete(SignIn).where(SignIn.account_id == account_id, which).returning(SignIn.id)
        count = len(session.execute(gone).all())
        if count:
            note(f"account:{get(Account, account_id).code}", "end_sign_ins", by=by, count=count)
        return count
