"""What somebody does who owns the database: the triggers are taken away first."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from marketplace.kit.db import is_sqlite, transaction
from marketplace.kit.guarding import GUARDED


def unguarded() -> None:
    """From here on the database of this test refuses nothing."""
    with transaction() as session:
        if not is_sqlite():
            for table in GUARDED:
                session.execute(sa.text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
            return
        for name in session.scalars(sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
            session.execute(sa.text(f"DROP TRIGGER {name}"))


def forge(statement: str, **values: Any) -> None:
    unguarded()
    with transaction() as session:
        session.execute(sa.text(statement), values)
