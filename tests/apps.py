"""Another application beside the test's own, e.g. with other settings; its connections are closed in the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask

from marketplace.application import create_app
from marketplace.kit.db import db
from marketplace.settings import Settings


@contextmanager
def another(settings: Settings, *ports: Any) -> Iterator[Flask]:
    """In its context. `ports`: as create_app takes them."""
    app = create_app(settings, *ports)
    with app.app_context():
        try:
            yield app
        finally:
            db.session.remove()
            db.engine.dispose()
