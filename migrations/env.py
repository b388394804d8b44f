"""How Alembic reaches our database: through the application that `flask db` or `python -m marketplace migrate` made."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from flask import current_app

from marketplace.kit.db import UTCDateTime

migrate = current_app.extensions["migrate"]
target = migrate.db


def plain_types(kind: str, thing: Any, _context: Any) -> str | Literal[False]:
    """Migrations name the database's types, not ours, so that they stay true when ours change."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(thing, UTCDateTime) else False


with target.engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=target.metadata,
        render_item=plain_types,
        transaction_per_migration=True,
        **migrate.configure_args,
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
