"""Where one person acts on another both are held, in one order for all: a row that names somebody needs theirs, and two
who act on each other at the same moment would each wait for the other."""

from __future__ import annotations

from marketplace.accounts.models import Account
from marketplace.kit.db import get, lock


def hold(account_id: int, actor_id: int) -> Account:
    """Inside a transaction: the account; and that of whoever acts stays as it is, with their roles, until its end."""
    for each in sorted({account_id, actor_id}):
        lock(Account, each)
    return get(Account, account_id)
