"""The composition root: settings, ports and offices put together into one Flask application."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from datetime import timedelta
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from flask.templating import Environment
from flask_wtf import CSRFProtect
from itsdangerous import URLSafeTimedSerializer
from jinja2 import FileSystemLoader
from werkzeug.middleware.proxy_fix import ProxyFix

from marketplace.faces import dress
from marketplace.kit import crowding, shelf
from marketplace.kit.db import db
from marketplace.kit.engines import ask_after_silence, say_no_values, use_sqlite_well
from marketplace.kit.lasting import here_to_stay
from marketplace.kit.limits import limiter
from marketplace.kit.web import Address, Number
from marketplace.ports import Ports
from marketplace.settings import Settings

OFFICES = (
    *("outbox", "journal", "blobs", "notices", "accounts", "rights", "metadata", "chain", "payments", "tokens"),
    *(
        "holders",
        "fund",
        "resale",
        "listings",
        "admissions",
        "orders",
        "auctions",
        "lotteries",
        "receipts",
        "perks",
        "naming",
        "appointments",
        "gatherings",
        "collections",
        "waiting",
        "webhooks",
        "storefront",
        "staff",
        "api",
        "continuity",
        "reports",
        "relations",
        "auditing",
        "privacy",
        "operating",
        "opendata",
    ),
)
"""From the ground up, as in the layers of pyproject.toml."""

SHEETS: dict[str, tuple[str, ...]] = {
    "blobs": ("keeping", "sweeping"),
    "notices": ("sending", "erasing"),
    "accounts": ("phoning", "erasing"),
    "journal": ("sealing", "guarding"),
    "chain": ("sending", "dating"),
    "metadata": ("auditing", "replicating"),
    "listings": ("scheduling",),
    "admissions": ("enclosing",),
    "orders": ("cancelling", "expiring", "returning"),
    "tokens": ("checking", "issuing"),
    "holders": ("freezing", "giving", "withdrawing"),
    "resale": ("recording",),
    "lotteries": ("erasing", "fetching", "promoting"),
    "perks": ("chaining",),
    "naming": ("inviting", "ending"),
    "appointments": ("reminding", "settling"),
    "gatherings": ("moving_up", "drafting", "polling", "circulating", "erasing", "reminding"),
    "collections": ("swapping",),
    "waiting": ("shuffling", "calling", "erasing"),
    "payments": ("reconciling",),
    "fund": ("subtotals",),
    "staff": ("importing",),
    "auctions": ("closing", "telling", "beating"),
    "privacy": ("retention", "erasing"),
}
"""Acts that time alone causes, or that listen: imported so that their sheets and handlers are known."""

csrf = CSRFProtect()


class Seal(SecureCookieSessionInterface):
    """Flask's own signed cookie. What signs it is made once, not twice for each request."""

    def __init__(self) -> None:
        self._made: tuple[str | bytes, URLSafeTimedSerializer] | None = None

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        key = app.secret_key
        if not key:
            return None
        if self._made is None or self._made[0] != key:
            made = super().get_signing_serializer(app)
            assert made is not None
            self._made = (key, made)
        return self._made[1]


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


def create_app(settings: Settings | None = None, ports: Ports | None = None) -> Flask:
    """The application. Without arguments, everything comes from the environment."""
    settings = settings or Settings()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    app = House("marketplace", template_folder="templates", static_folder="static")
    app.session_interface = Seal()
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
    app.url_map.converters["int"] = Number
    root = Path(app.root_path)
    app.jinja_loader = FileSystemLoader([root / "templates", *(root / office / "templates" for office in OFFICES)])
    app.extensions["hiroba.settings"] = settings
    app.extensions["hiroba.ports"] = ports or Ports(settings)
    db.init_app(app)
    csrf.init_app(app)
    limiter.init_app(app, settings.limits_url)
    with app.app_context():
        say_no_values(db.engine)
        if db.engine.dialect.name == "sqlite":
            use_sqlite_well(db.engine)
        else:
            ask_after_silence(db.engine)
    for office in OFFICES:
        open_office(app, office)
    dress(app)
    if settings.trusted_proxies:
        near = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=near, x_proto=0, x_host=0)  # type: ignore[method-assign]
    app.wsgi_app = crowding.in_front(app, settings.patience_s)  # type: ignore[method-assign, assignment]
    app.wsgi_app = shelf.in_front(app, settings.pages_kept_s)  # type: ignore[method-assign, assignment]
    return app


def open_office(app: Flask, office: str) -> None:
    """Register what an office has: its tables, its ears (handlers), its sheets, its pages (`bp` in views)."""
    for module in modules_of(office):
        for blueprint in getattr(module, "BLUEPRINTS", ()) or filter(None, [getattr(module, "bp", None)]):
            app.register_blueprint(blueprint)
            if getattr(module, "NO_CSRF", False):
                csrf.exempt(blueprint)


@cache
def modules_of(office: str) -> tuple[ModuleType, ...]:
    """What an office has of these; looked for once, however many applications a process makes."""
    names = (f"marketplace.{office}.{noun}" for noun in ("models", "handlers", "views", *SHEETS.get(office, ())))
    with here_to_stay():
        return tuple(import_module(name) for name in names if find_spec(name) is not None)
