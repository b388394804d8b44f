"""The office's calendar in one's own: an address with a secret in it, that can be taken back."""

from __future__ import annotations

import hashlib

import sqlalchemy as sa

from marketplace.accounts.models import Account
from marketplace.accounts.session import roles_of
from marketplace.journal.writing import note
from marketplace.kit.clock import now
from marketplace.kit.codes import secret
from marketplace.kit.db import db, get, transaction
from marketplace.listings.drafting import staff_name
from marketplace.staff.models import CalendarFeed


def make(account_id: int) -> str:
    """A new secret, shown once; the one before opens nothing any more."""
    made = secret()
    with transaction() as session:
        session.execute(sa.delete(CalendarFeed).where(CalendarFeed.account_id == account_id))
        session.add(CalendarFeed(account_id=account_id, secret_hash=_hash(made), made_at=now()))
        note(f"account:{get(Account, account_id).code}", "make_feed", by=staff_name(account_id))
    return made


def revoke(account_id: int) -> None:
    with transaction() as session:
        gone = sa.delete(CalendarFeed).where(CalendarFeed.account_id == account_id).returning(CalendarFeed.account_id)
        if session.scalar(gone) is not None:
            note(f"account:{get(Account, account_id).code}", "revoke_feed", by=staff_name(account_id))


def feed_of(account_id: int) -> CalendarFeed | None:
    return db.session.get(CalendarFeed, account_id)


def reader(given: str) -> int | None:
    """The member of staff behind a secret; None for none, and for whoever is a member of staff no more."""
    account_id = db.session.scalar(sa.select(CalendarFeed.account_id).where(CalendarFeed.secret_hash == _hash(given)))
    return account_id if account_id is not None and roles_of(account_id) else None


def _hash(made: str) -> str:
    return hashlib.sha256(made.encode()).hexdigest()
