"""An office with an administrator and an approver, and what is written down of its people."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from marketplace.accounts.models import Account, RoleChange
from marketplace.accounts.names import names_of
from marketplace.journal.models import Entry
from marketplace.kit.db import db, get
from tests import given

HANAKO = "hanako@town.example.jp"


def office() -> tuple[int, int]:
    """An administrator and an approver."""
    return given.staff("admin"), given.staff("approver")


def proposed(account_id: int) -> int:
    return (
        db.session.scalars(
            sa.select(RoleChange.id).where(RoleChange.account_id == account_id).order_by(RoleChange.id.desc())
        ).first()
        or 0
    )


def written(account_id: int) -> list[tuple[str, str, dict[str, Any]]]:
    """What the journal says of a person: (event, by whom, details)."""
    code = get(Account, account_id).code
    rows = db.session.scalars(sa.select(Entry).where(Entry.subject == f"account:{code}").order_by(Entry.id))
    return [(row.event, row.by, row.details) for row in rows]


def code(account_id: int) -> str:
    return f"staff:{get(Account, account_id).code}"


def name_of(account_id: int) -> str:
    """What the desk calls a person."""
    return names_of({code(account_id)})[code(account_id)]
