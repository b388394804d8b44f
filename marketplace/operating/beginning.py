"""What a command that is typed by hand needs before it begins. What is missing is said in one line, with the remedy."""

from __future__ import annotations

import sqlalchemy as sa
from pydantic import ValidationError

from marketplace.chain.keys import WeakKey
from marketplace.kit import schema
from marketplace.kit.db import db
from marketplace.kit.refusals import Rejected, Unavailable
from marketplace.settings.refusing import in_a_line


class CannotBegin(Exception):
    """Why not, for the person at the terminal."""


def see(needs: str) -> None:
    """CannotBegin, unless the town has what a command needs: "nothing", "an answer" of its database, or "our tables" in
    one that is there already."""
    if needs == "our tables":
        see_that_it_is_there()
    if needs != "nothing":
        see_that_it_answers()
    if needs == "our tables":
        _see_its_tables()


def see_that_it_answers() -> None:
    if schema.missing_file():
        return
    try:
        with db.engine.connect():
            pass
    except sa.exc.OperationalError as trouble:
        why = str(trouble.orig).strip().splitlines()[0]
        raise CannotBegin(f"the database does not answer ({why}): is it up, does DATABASE_URL name it?") from trouble


def see_that_it_is_there() -> None:
    if file := schema.missing_file():
        raise CannotBegin(
            f"there is no database at {file}: set DATA_DIR to the town's directory, "
            "or begin a new one by python -m marketplace migrate"
        )


def _see_its_tables() -> None:
    see_that_it_is_not_newer()
    if not schema.is_present():
        where = db.engine.url.render_as_string(hide_password=True)
        raise CannotBegin(
            f"{where} has not the tables of this program. If it is the town's database: take a backup with the "
            "program that it belongs to, then run python -m marketplace migrate"
        )


def see_that_it_is_not_newer() -> None:
    if schema.is_newer():
        raise CannotBegin(
            "the database is at the schema of a newer program than this one, which knows no way back: "
            "run this with the program that it belongs to, or with a later one"
        )


def why_not(trouble: Exception) -> str | None:
    """A line for what is no mistake of the program: a setting, a key, a database, a file of another
    user, somebody outside; else None."""
    if isinstance(trouble, CannotBegin | Rejected | WeakKey):
        return str(trouble)
    if isinstance(trouble, PermissionError):
        return f"{trouble.filename}: {trouble.strerror}: are you the town's user?"
    if isinstance(trouble, Unavailable):
        return f"{trouble} (python -m marketplace doctor says what to do)"
    if isinstance(trouble, ValidationError) and trouble.title == "Settings":
        return in_a_line(trouble)
    return None
