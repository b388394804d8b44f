"""A later migration, in a town with people: what SQLite has to build anew for it stays what it was."""

from __future__ import annotations

import re
import shutil
import textwrap
from pathlib import Path

import flask_migrate
import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.accounts.models import Account, SignIn
from marketplace.accounts.session import open_sign_in
from marketplace.journal import guarding
from marketplace.journal.writing import note
from marketplace.kit import schema
from marketplace.kit.db import db, get, is_sqlite, transaction
from tests import given
from tests.test_migrations import triggers

PAGE = Path(schema.__file__).parents[2] / "docs" / "scale.md"
LATER = """
import sqlalchemy as sa
from alembic import op

revision = "later"
down_revision = "{head}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("accounts") as batch_op:
        batch_op.add_column(sa.Column("village", sa.String(40), nullable=False, server_default="?"))
        batch_op.create_check_constraint("village_is_said", "village <> \'\'")
    with op.batch_alter_table("sign_ins") as batch_op:
        batch_op.create_check_constraint("numbered", "id > 0")
    {more}


def downgrade() -> None:
    pass
"""


def migrate_further(place: Path, more: str = "", text: str = LATER) -> None:
    """By a migration that comes after ours, in a folder `place` beside a copy of them."""
    schema.upgrade()  # nothing to do, but Alembic is at hand
    shutil.copytree(schema.MIGRATIONS, place)
    (place / "versions" / "later.py").write_text(text.format(head=schema.head(), more=more), "utf-8")
    db.session.remove()
    flask_migrate.upgrade(directory=str(place))


def signed_in(account_id: int) -> int:
    open_sign_in(account_id)
    last: int | None = db.session.scalar(sa.select(sa.func.max(SignIn.id)))
    assert last is not None
    return last


def test_a_table_that_others_refer_to_is_changed_while_they_do(app: Flask, tmp_path: Path) -> None:
    person = given.an_account()
    sign_in = signed_in(person)
    migrate_further(tmp_path / "migrations")
    assert get(SignIn, sign_in).account_id == person
    assert db.session.scalar(sa.text("SELECT village FROM accounts")) == "?"
    with pytest.raises(sa.exc.IntegrityError), transaction() as session:
        session.execute(sa.text("UPDATE accounts SET village = ''"))


def test_an_id_of_a_row_that_is_gone_is_not_given_again(app: Flask, tmp_path: Path) -> None:
    """Whoever was signed in by it, and a promise that names it, would be taken for another."""
    person = given.an_account()
    first, gone = signed_in(person), signed_in(person)
    with transaction() as session:
        session.execute(sa.delete(SignIn).where(SignIn.id == gone))
    migrate_further(tmp_path / "migrations")
    later = signed_in(person)
    with transaction() as session:
        session.execute(sa.delete(SignIn).where(SignIn.id == later))
    assert first < gone < later < signed_in(person)


def test_the_journal_is_still_never_changed_after_it_was_built_anew(app: Flask, tmp_path: Path) -> None:
    with transaction():
        note("right:1", "keep", by="system")
    more = "".join(
        f"\n    with op.batch_alter_table({table!r}) as batch_op:"
        f"\n        batch_op.create_check_constraint('something_more_{table}', '1 = 1')"
        for table in guarding.TABLES
    )
    before = triggers(db.engine)
    migrate_further(tmp_path / "migrations", more)
    assert triggers(db.engine) == before
    with pytest.raises(sa.exc.DBAPIError, match=guarding.NEVER), transaction() as session:
        session.execute(sa.text("DELETE FROM journal"))


def test_a_migration_after_which_rows_refer_to_nothing_changes_nothing(app: Flask, tmp_path: Path) -> None:
    signed_in(given.an_account())
    with pytest.raises((SystemExit, sa.exc.IntegrityError)):
        migrate_further(tmp_path / "migrations", 'op.execute("DELETE FROM accounts")')
    assert schema.is_present()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Account)) == 1
    with pytest.raises(sa.exc.IntegrityError), transaction() as session:  # and from now on it is refused at once again
        session.execute(sa.text("DELETE FROM accounts"))


def test_an_index_is_added_as_the_page_says_also_after_a_try_that_was_stopped(app: Flask, tmp_path: Path) -> None:
    (told,) = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    body = textwrap.indent(textwrap.dedent(told), "    ")
    text = LATER[: LATER.index("    with op.batch")] + body + LATER[LATER.index("\n\ndef downgrade") :]
    migrate_further(tmp_path / "migrations", text=text)
    with transaction() as session:
        session.execute(sa.text("UPDATE alembic_version SET version_num = :head"), {"head": schema.head()})
        if is_sqlite():  # which makes all of it or nothing
            session.execute(sa.text("DROP INDEX ix_orders_paid"))
    migrate_further(tmp_path / "again", text=text)
    assert "ix_orders_paid" in {each["name"] for each in sa.inspect(db.engine).get_indexes("orders")}
