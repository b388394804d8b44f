"""The composition root: settings, ports and offices put together into one Flask application."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from flask_wtf import CSRFProtect
from itsdangerous import URLSafeTimedSerializer
from jinja2 import FileSystemLoader
from werkzeug.middleware.proxy_fix import ProxyFix

from marketplace.faces import dress
from marketplace.foundation import lay
from marketplace.kit import backpressure, page_cache
from marketplace.kit.freezing import here_to_stay
from marketplace.kit.kept import Shelf
from marketplace.kit.limits import limiter
from marketplace.kit.web import Number
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
    "listings": ("reminding", "scheduling"),
    "admissions": ("enclosing", "erasing"),
    "orders": ("cancelling", "expiring", "returning", "returning_many"),
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
    "fund": ("guarding", "subtotals"),
    "staff": ("importing",),
    "auctions": ("closing", "telling", "beating"),
    "privacy": ("retention", "buyers", "dealings", "erasing"),
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


def create_app(settings: Settings | None = None, ports: Ports | None = None) -> Flask:
    """The application. Without arguments, everything comes from the environment."""
    settings = settings or Settings()
    app = lay(settings)
    app.session_interface = Seal()
    app.url_map.converters["int"] = Number
    root = Path(app.root_path)
    app.jinja_loader = FileSystemLoader([root / "templates", *(root / office / "templates" for office in OFFICES)])
    app.extensions["hiroba.ports"] = ports or Ports(settings)
    app.extensions["hiroba.kept"] = Shelf(settings.figures_kept_s)
    csrf.init_app(app)
    limiter.init_app(app, settings.limits_url)
    for office in OFFICES:
        open_office(app, office)
    dress(app)
    if settings.trusted_proxies:
        near = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=near, x_proto=0, x_host=0)  # type: ignore[method-assign]
    app.wsgi_app = backpressure.in_front(app, settings.patience_s)  # type: ignore[method-assign, assignment]
    app.wsgi_app = page_cache.in_front(app, settings.pages_kept_s)  # type: ignore[method-assign, assignment]
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
