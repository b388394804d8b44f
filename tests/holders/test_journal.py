"""What the journal tells of a gift: each step of it, and by codes alone."""

from __future__ import annotations

import sqlalchemy as sa

from marketplace.accounts.models import Account
from marketplace.holders import giving
from marketplace.journal.models import Entry
from marketplace.kit.db import db, get
from tests.chainlogs import Chain
from tests.holders.stage import gift
from tests.resale.stage import held_token


def test_it_begins_with_who_gave_what(chain: Chain, hana: int, ken: int) -> None:
    token_id = held_token(chain, hana)
    gift_id = giving.give(token_id, hana, "ken@example.jp")
    giving.accept(gift_id, ken)
    rows = db.session.scalars(sa.select(Entry).where(Entry.subject == gift(gift_id).subject).order_by(Entry.id))
    giver, taker = (f"buyer:{get(Account, each).code}" for each in (hana, ken))
    assert [(row.event, row.by, row.details) for row in rows] == [
        ("give", giver, {"token": str(token_id)}),
        ("accept", taker, {}),
    ]
