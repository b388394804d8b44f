"""Another application beside the test's own, e.g. with other settings; its connections are closed in the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from flask import Flask

from marketplace.application import create_app
from marketplace.kit.db import db
from marketplace.settings import Settings


def leave() -> None:
    """Close all connections of this application; a thread that still has one closes it when it gives it back, where it
    would be left to the garbage collector, in the middle of another test."""
    db.session.remove()
    given_up = db.engine.pool
    db.engine.dispose()
    sa.event.listen(given_up, "checkin", lambda _connection, record: record.invalidate())


@contextmanager
def another(settings: Settings, *ports: Any) -> Iterator[Flask]:
    """In its context. `ports`: as create_app takes them."""
    app = create_app(settings, *ports)
    with app.app_context():
        try:
            yield app
        finally:
            leave()
