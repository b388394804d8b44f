"""How Alembic reaches our database: through an application that is at work, see marketplace/kit/schema.py."""

from __future__ import annotations

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context
from alembic.autogenerate import renderers
from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.rewriter import Rewriter
from alembic.operations import ops
from flask import current_app

from marketplace.kit import guarding
from marketplace.kit.db import UTCDateTime
from marketplace.kit.engines import begin
from marketplace.kit.rebuilding import migrating

migrate = current_app.extensions["migrate"]
target = migrate.db


def plain_types(kind: str, thing: Any, _context: Any) -> str | Literal[False]:
    """Migrations name the database's types, not ours, so that they stay true when ours change."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(thing, UTCDateTime) else False


class Guard(ops.MigrateOperation):
    """The triggers of a table that is never changed, written out, so that migrations stay true when ours change."""

    def __init__(self, table: str) -> None:
        self.table = table


class Unguard(ops.MigrateOperation):
    """The triggers went with the last of these tables; PostgreSQL keeps their function."""


@renderers.dispatch_for(Guard)
def guarded(_context: AutogenContext, op: Guard) -> list[str]:
    return [_only_on(dialect, guarding.refusals(op.table, dialect)) for dialect in ("sqlite", "postgresql")]


@renderers.dispatch_for(Unguard)
def unguarded(_context: AutogenContext, _op: Unguard) -> list[str]:
    return [_only_on("postgresql", [guarding.GONE])]


def _only_on(dialect: str, statements: list[str]) -> str:
    """One text of several lines: of a line that ends with a colon, Alembic would indent all that follows."""
    body = "".join(f"\n        op.execute({statement!r})" for statement in statements)
    return f'if op.get_context().dialect.name == "{dialect}":{body}'


writer = Rewriter()


@writer.rewrites(ops.CreateTableOp)
def with_guard(_context: Any, _revision: Any, op: ops.CreateTableOp) -> list[ops.MigrateOperation]:
    return [op, Guard(op.table_name)] if op.table_name in guarding.GUARDED else [op]


@writer.rewrites(ops.DowngradeOps)
def without_function(_context: Any, _revision: Any, op: ops.DowngradeOps) -> ops.DowngradeOps:
    gone = {each.table_name for each in op.ops if isinstance(each, ops.DropTableOp)}
    return ops.DowngradeOps([*op.ops, Unguard()]) if gone >= set(guarding.GUARDED) else op


# each migration is a transaction, though our own engines begin one only where kit/engines.py is asked to
on_sqlite = target.engine.dialect.name == "sqlite"
whole = {"writing": True} if on_sqlite else {"isolation_level": "READ COMMITTED"}

with target.engine.connect().execution_options(**whole) as connection:
    if on_sqlite:
        sa.event.listen(connection, "begin", begin)
    with migrating(connection):
        context.configure(
            connection=connection,
            target_metadata=target.metadata,
            render_item=plain_types,
            transaction_per_migration=True,
            process_revision_directives=writer,
            **migrate.configure_args,
        )
        with context.begin_transaction():
            context.run_migrations()
