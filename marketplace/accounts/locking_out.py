"""Every way into an account that needs no mailbox ends: for whoever else had one, it may be."""

from __future__ import annotations

import sqlalchemy as sa

from marketplace.accounts import joining, signing_out
from marketplace.accounts.models import Account, Passkey
from marketplace.journal.writing import note
from marketplace.kit.db import db, writing


def lock_out(account: Account, *, by: str) -> None:
    """Sign-ins, passkeys and the account elsewhere, in the transaction that holds the account."""
    assert writing(), "lock_out() belongs inside transaction()"
    signing_out.end_all(account.id, by=by)
    joining.part(account.id)
    gone = sa.delete(Passkey).where(Passkey.account_id == account.id).returning(Passkey.id)
    for _each in db.session.scalars(gone).all():
        note(f"account:{account.code}", "remove_passkey", by=by)
