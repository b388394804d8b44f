"""What programs look for at fixed addresses: robots.txt, the sitemap, and how to report a weakness."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import sqlalchemy as sa
from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue

from marketplace.gatherings.booking import coming_up
from marketplace.kit.clock import JST, jst, now
from marketplace.kit.db import db
from marketplace.kit.web import conditional
from marketplace.listings.models import ANNOUNCED, Listing
from marketplace.naming.models import Naming, NamingState
from marketplace.naming.pages import announced
from marketplace.opendata.datasets import DATASETS
from marketplace.settings import settings
from marketplace.storefront import sales

bp = Blueprint("crawling", __name__)

ALWAYS = (
    *("/", "/listings", "/records", "/about", "/help", "/law", "/terms", "/privacy", "/accessibility", "/album"),
    *("/gatherings", "/namings", "/market", "/fund", "/fund/entries", "/results", "/relation", "/status"),
    *("/journal", "/draws/explained", "/data", "/api"),
)
PRIVATE = ("/account", "/counter", "/dev/", "/display", "/entries/", "/mypage", "/orders/", "/signin", "/staff")
"""Nobody's but the reader's own: there is nothing to find in them."""
MOST = 50_000
"""Addresses in one sitemap. https://www.sitemaps.org/protocol.html"""
HALF_A_YEAR = timedelta(days=180)


@bp.get("/robots.txt")
def robots() -> ResponseReturnValue:
    """RFC 9309."""
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in PRIVATE), f"Sitemap: {settings().base_url}/sitemap.xml"]
    return _text("\n".join(lines) + "\n", "text/plain")


@bp.get("/sitemap.xml")
def sitemap() -> ResponseReturnValue:
    paths = [path for path, _number in zip(_paths(), range(MOST), strict=False)]
    return _text(render_template("opendata/sitemap.xml", base=settings().base_url, paths=paths), "application/xml")


@bp.get("/.well-known/security.txt")
def security() -> ResponseReturnValue:
    """RFC 9116. It expires half a year from today, so that a copy somewhere says nothing old for long."""
    town = settings()
    expires = (jst(now()) + HALF_A_YEAR).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=JST)
    lines = (
        f"Contact: mailto:{town.town_mail}",
        f"Expires: {expires.isoformat()}",
        "Preferred-Languages: ja, en",
        f"Canonical: {town.base_url}/.well-known/security.txt",
    )
    return _text("\n".join(lines) + "\n", "text/plain")


def _paths() -> Iterator[str]:
    """Every page that is worth finding: those that always stand, data, what is on sale and was, meetings, names."""
    yield from ALWAYS
    yield from (dataset.path for dataset in DATASETS)
    shown = sa.select(Listing.code).where(ANNOUNCED)
    yield from (f"/listings/{code}" for code in db.session.scalars(shown.order_by(Listing.id.desc())))
    ended = sales.over().with_only_columns(Listing.code)
    yield from (f"/listings/{code}/record" for code in db.session.scalars(ended))
    yield from (f"/gatherings/{row.code}" for row in coming_up(now()))
    names: list[Naming] = [row for state in (NamingState.IN_FORCE, NamingState.ENDED) for row, _ in announced(state)]
    yield from (f"/namings/{row.code}" for row in names)


def _text(body: str, media_type: str) -> Response:
    return conditional(Response(body, content_type=f"{media_type}; charset=utf-8"), max_age=60)
