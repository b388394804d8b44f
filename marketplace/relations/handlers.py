"""What this office does on hearing that an account was closed: nobody is in the register who is not there."""

from __future__ import annotations

import sqlalchemy as sa

from marketplace.kit.db import transaction
from marketplace.outbox.promising import handles
from marketplace.relations.models import Agreement


@handles("account.closed")
def on_closed(account_id: int) -> None:
    with transaction() as session:
        session.execute(sa.delete(Agreement).where(Agreement.account_id == account_id))
