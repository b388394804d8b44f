"""An account ends: whose it was is forgotten, and the numbers that books and proofs rely on stay."""

from __future__ import annotations

import sqlalchemy as sa

from marketplace.accounts.address_models import AddressChange
from marketplace.accounts.joining import part
from marketplace.accounts.models import GONE, Account, Passkey, PasskeyChallenge, PhoneCode, SignIn, SignInCode
from marketplace.journal.writing import note
from marketplace.kit.clock import now
from marketplace.kit.db import db, lock, writing
from marketplace.kit.languages import Language
from marketplace.outbox.promising import say


def close(account_id: int) -> str:
    """Inside a transaction: blank the account and all that signs in to it ⇢ account.closed. The mail address it had."""
    assert writing(), "close() belongs inside transaction()"
    account = lock(Account, account_id)
    address = account.email
    for table in (AddressChange, Passkey, PasskeyChallenge, PhoneCode, SignIn):
        db.session.execute(sa.delete(table).where(table.account_id == account_id))
    part(account_id)
    db.session.execute(sa.delete(SignInCode).where(SignInCode.email == address))
    account.name = account.nickname = account.prefecture = account.phone = ""
    account.language = Language.JA
    account.email = f"{account.code.lower()}@{GONE}"
    account.closed_at = now()
    note(f"account:{account.code}", "close_account", by=f"buyer:{account.code}")
    say("account.closed", key=account.code, account_id=account.id)
    return address
