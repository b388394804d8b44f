"""What is said of a turn that failed, where the next one comes by itself: a worker's clock, a follower's round, a page
that is asked for again."""

from __future__ import annotations

import logging
import sqlite3
import sys
import time

import sqlalchemy as sa

AGAIN_S = 60.0
OF_THE_PLACE = ("BUSY", "CANTOPEN", "FULL", "IOERR", "LOCKED", "READONLY")
"""Errors of SQLite that say something of the file and its disk, and not of what was asked:
https://sqlite.org/rescode.html"""
DEADLOCK = "40P01"
"""https://www.postgresql.org/docs/current/errcodes-appendix.html"""
_said: dict[str, float] = {}


def turn_failed(log: logging.Logger, what: str) -> None:
    """In an except block: all that is known of the error. Of a database that cannot answer now it is one line, and for
    all turns of this process one a minute: there are several in a second, and the way to the error tells nothing."""
    error = sys.exception()
    if not isinstance(error, sa.exc.OperationalError) or not cannot_answer(error):
        log.exception("%s", what)
        return
    why = str(error.orig).strip().partition("\n")[0]
    if _is_new(why):
        log.error("%s waits for the database: %s", what, why)


def waiting(log: logging.Logger, why: str) -> None:
    """A turn waits for somebody outside: the same line once a minute."""
    if _is_new(why):
        log.warning("%s", why)


def _is_new(why: str) -> bool:
    at = time.monotonic()
    if at - _said.get(why, -AGAIN_S) < AGAIN_S:
        return False
    _said[why] = at
    return True


def cannot_answer(error: sa.exc.OperationalError) -> bool:
    """Whether it says something of the database, and not of what was asked. PostgreSQL's are named so only then
    (https://peps.python.org/pep-0249/#exceptions), but for two who wait for each other: the locks are ours."""
    theirs = error.orig
    if not isinstance(theirs, sqlite3.Error):
        return getattr(theirs, "sqlstate", None) != DEADLOCK
    return theirs.sqlite_errorname.removeprefix("SQLITE_").startswith(OF_THE_PLACE)
