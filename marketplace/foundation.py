"""What the whole house stands on: its settings and its database, without an office. Migrations need no more."""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from flask import Flask
from flask.templating import Environment

from marketplace.kit.db import db
from marketplace.kit.engines import ask_after_silence, say_no_values, use_sqlite_well
from marketplace.kit.refusals import Rejected
from marketplace.kit.web import Address
from marketplace.settings import Settings


class Templates(Environment):
    """Jinja, for globals that are all there before the first template is read: each `import` of macros compares them,
    which is slow where every template looks for them in a chain of mappings."""

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        return {**self.globals, **(d or {})}


class House(Flask):
    """Flask, for views that are plain functions: it need not ask of each, each time, whether it is a coroutine."""

    jinja_environment = Templates
    url_rule_class = Address

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func


def lay(settings: Settings) -> House:
    """A Flask application with these settings, which knows its database and has not asked it for anything yet."""
    app = House("marketplace", template_folder="templates", static_folder="static")
    app.config.update(
        BASE_URL=settings.base_url,
        SECRET_KEY=settings.secret_key.get_secret_value() or None,
        SQLALCHEMY_DATABASE_URI=settings.database,
        SQLALCHEMY_ENGINE_OPTIONS={
            "hide_parameters": True,  # else an error repeats names and addresses into the logs and the outbox
            **({} if settings.database.startswith("sqlite") else {"isolation_level": "AUTOCOMMIT"}),
        },
        PERMANENT_SESSION_LIFETIME=timedelta(days=30),
        SESSION_COOKIE_NAME="hiroba",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.base_url.startswith("https://"),
        MAX_CONTENT_LENGTH=12 * 1024 * 1024,
        WTF_CSRF_TIME_LIMIT=None,
        SESSION_REFRESH_EACH_REQUEST=False,
    )
    app.extensions["hiroba.settings"] = settings
    db.init_app(app)
    with app.app_context():
        say_no_values(db.engine)
        if db.engine.dialect.name == "sqlite":
            use_sqlite_well(db.engine)
        else:
            ask_after_silence(db.engine)
    return app


def break_ground(settings: Settings) -> None:
    """Make DATA_DIR, for who is about to keep something there. Rejected where it can't be used."""
    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as trouble:
        why = f"DATA_DIR: {settings.data_dir.absolute()} can't be used ({trouble.strerror})"
        raise Rejected(f"{why}: set it to the town's directory") from trouble


@contextmanager
def within(app: Flask) -> Iterator[Flask]:
    """The application's context for one command, and its connections closed afterwards."""
    with app.app_context():
        try:
            yield app
        finally:
            db.session.remove()
            db.engine.dispose()
