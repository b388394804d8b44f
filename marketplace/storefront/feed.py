"""News of the sales (RFC 4287): each when it is announced, when that is amended, and when it is over, which is news
once more when everybody can read how it ended, or it is called off even then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue

from marketplace.journal.models import Entry
from marketplace.kit.db import db
from marketplace.kit.web import conditional
from marketplace.listings import amending
from marketplace.listings.comparing import NAMES_JA
from marketplace.listings.models import ANNOUNCED, Listing, ListingState
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
    words: str = ""
    """What it says; without them, what the sale is and when."""


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
    news += [
        Item(
            f"{listing.code}:amended:{row.number}",
            f"変更公告: {listing.right.title_ja}（{listing.mode.ja}）",
            f"/listings/{listing.code}#amendments",
            at,
            listing,
            f"変わったところ: {'、'.join(NAMES_JA[name] for name in row.after)}。理由: {row.why}",
        )
        for listing, row, at in amending.latest(FED)
    ]
    ended = sales.records(list(db.session.scalars(sales.over().limit(FED))))
    off = _called_off([sale.listing for sale in ended])
    for sale in ended:
        word = "中止" if sale.listing.cancelled_reason else ("結果" if sale.known_at else "受付終了")
        title = f"{word}: {sale.listing.right.title_ja}（{sale.listing.mode.ja}）"
        at = off.get(sale.listing.subject) or sale.known_at or sale.closed_at
        news.append(Item(f"{sale.listing.code}:over", title, sale.path, at, sale.listing))
    return sorted(news, key=lambda item: (item.at, item.id), reverse=True)[:FED]


def _called_off(listings: Sequence[Listing]) -> dict[str, datetime]:
    """{subject: when}, of those that were: maybe days after they had closed."""
    subjects = [each.subject for each in listings if each.state == ListingState.CANCELLED]
    when = sa.select(Entry.subject, sa.func.max(Entry.at)).where(Entry.subject.in_(subjects), Entry.event == "cancel")
    return {subject: at for subject, at in db.session.execute(when.group_by(Entry.subject))}  # noqa: C416 -- a Row is no pair to mypy
