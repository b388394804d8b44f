"""News of the sales (RFC 4287): each when it is announced, and once more when it is over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue

from marketplace.kit.db import db
from marketplace.kit.web import conditional
from marketplace.listings.models import ANNOUNCED, Listing
from marketplace.settings import settings
from marketplace.storefront import sales

bp = Blueprint("feed", __name__)

FED = 50


@dataclass(frozen=True)
class Item:
    """`id` stays the same for ever, whatever becomes of the address."""

    id: str
    title: str
    path: str
    at: datetime
    listing: Listing


@bp.get("/listings.atom")
def feed() -> ResponseReturnValue:
    news = items()
    text = render_template(
        "storefront/listings.xml",
        base=settings().base_url,
        items=news,
        updated=news[0].at if news else datetime.fromtimestamp(0).astimezone(),
    )
    return conditional(Response(text, content_type="application/atom+xml; charset=utf-8"), max_age=60)


def items() -> list[Item]:
    """The newest news, the last one first."""
    announced = sa.select(Listing).where(ANNOUNCED)
    newest = announced.order_by(Listing.published_at.desc(), Listing.id.desc()).limit(FED)
    news = [
        Item(
            f"{row.code}:published",
            f"公告: {row.right.title_ja}（{row.mode.ja}）",
            f"/listings/{row.code}",
            row.published_at,
            row,
        )
        for row in db.session.scalars(newest)
        if row.published_at is not None
    ]
    for sale in sales.records(list(db.session.scalars(sales.over().limit(FED)))):
        word = "中止" if sale.listing.cancelled_reason else "結果"
        title = f"{word}: {sale.listing.right.title_ja}（{sale.listing.mode.ja}）"
        news.append(Item(f"{sale.listing.code}:over", title, sale.path, sale.closed_at, sale.listing))
    return sorted(news, key=lambda item: (item.at, item.id), reverse=True)[:FED]
