"""People say how they want to be called."""

from __future__ import annotations

import unicodedata

from marketplace.accounts.models import Account
from marketplace.accounts.rules import check_self
from marketplace.journal.writing import note
from marketplace.kit.db import lock, transaction


def introduce(account_id: int, name: str, nickname: str, prefecture: str) -> None:
    """Keep what a person says of themselves; empty is fine. The journal learns that it changed, not what it is."""
    name, nickname = (unicodedata.normalize("NFC", text).strip() for text in (name, nickname))
    check_self(name, nickname, prefecture)
    with transaction():
        account = lock(Account, account_id)
        if (account.name, account.nickname, account.prefecture) == (name, nickname, prefecture):
            return
        account.name, account.nickname, account.prefecture = name, nickname, prefecture
        note(f"account:{account.code}", "introduce", by=f"buyer:{account.code}")
