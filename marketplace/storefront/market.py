"""The tracker: every resale of the town's rights, with the figures that follow from it, for anybody to check."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from marketplace.accounts.session import current_account
from marketplace.chain.models import Log
from marketplace.chain.register import read_at, status
from marketplace.kit.db import db
from marketplace.kit.kept import kept
from marketplace.kit.languages import _, said
from marketplace.kit.paging import asked_page, page_of
from marketplace.kit.plots import both
from marketplace.kit.web import conditional, or_404
from marketplace.resale import distribution, washing
from marketplace.resale.models import Offer, OfferState, Trade
from marketplace.resale.statements import Figures, figures_by_right_lately, figures_lately
from marketplace.rights.apart import titles
from marketplace.rights.models import Right
from marketplace.settings import settings
from marketplace.storefront import charts
from marketplace.storefront.charts import Sale
from marketplace.tokens.models import Token

bp = Blueprint("market", __name__)

A_PAGE, CHEAPEST, PLOTTED, FED = 30, 24, 5_000, 50
"""Rows shown of the trades and of the offers; trades that the charts count; entries of the feed."""


@bp.get("/market")
def market() -> ResponseReturnValue:
    """Of the town or of one right (`right`): prices, numbers, royalties, holders, and what is on offer."""
    by_right = figures_by_right_lately()
    right, found = chosen(by_right)
    sales = _sales(right)
    bars = kept(distribution.distribution, right.id if right else None)
    page, pages = _page(right)
    shown = render_template(
        "storefront/market.html",
        rights=[each for each, _ in by_right],
        called=titles([each for each, _ in by_right]),
        chosen=right,
        figures=found,
        holders=distribution.said(found.holders),
        few=distribution.FEW,
        bars=bars,
        holding_chart=both(charts.holdings, [(said(bar.label), bar.holders) for bar in bars], "holdings"),
        price_chart=both(charts.prices, sales, "prices") if sales else None,
        count_chart=both(charts.counts, sales, "counts") if sales else None,
        spans=list(reversed(charts.spans(sales))),
        waited=time_to_sell(right),
        days=washing.WINDOW.days,
        many=washing.MANY,
        trades=_trades(right, page),
        page=page,
        pages=pages,
        offers=_offers(right),
        chain=status(),
        read_at=read_at(),
        last=_last_movement(),
    )
    return conditional(shown, max_age=1, private=current_account() is not None)


@bp.get("/market.atom")
def feed() -> ResponseReturnValue:
    """The newest trades (RFC 4287), of the town or of one right."""
    right, _ = chosen(figures_by_right_lately())
    rows = db.session.execute(_newest(sa.select(Trade, Token), right).limit(FED)).all()
    text = render_template(
        "storefront/market.xml",
        base=settings().base_url,
        right=right,
        trades=[(trade, token) for trade, token in rows],
        updated=rows[0][0].at if rows else datetime.fromtimestamp(0).astimezone(),
    )
    return conditional(Response(text, content_type="application/atom+xml; charset=utf-8"), max_age=10)


def chosen(by_right: list[tuple[Right, Figures]]) -> tuple[Right | None, Figures]:
    """The right that the visitor asks for, with its figures; None and the town's where it is none. 404 for no right."""
    code = request.args.get("right", "")
    if not code:
        return None, figures_lately()
    return or_404(next(((right, its) for right, its in by_right if right.code == code), None))


def time_to_sell(right: Right | None) -> timedelta | None:
    """The middle of the times between an offer and its sale, of the newest sales that count; None of none."""
    query = _newest(sa.select(Trade.at, Trade.listed_at), right).where(Trade.flag.is_(None))
    rows = db.session.execute(query.where(Trade.listed_at.is_not(None)).limit(PLOTTED))
    seconds = [round((at - listed_at).total_seconds()) for at, listed_at in rows if listed_at is not None]
    return timedelta(seconds=charts.median(seconds)) if seconds else None


@bp.app_template_filter("spell")
def spell(span: timedelta) -> str:
    """'3日', '5時間' or '2分': the largest unit that is full."""
    minutes = int(span.total_seconds()) // 60
    for size, word in ((24 * 60, "日"), (60, "時間"), (1, "分")):
        if minutes >= size:
            return f"{minutes // size}{_(word)}"
    return _("1分未満")


def _last_movement() -> datetime | None:
    """When the newest block was made in which something of ours happened."""
    newest = sa.select(Log.at).where(Log.chain_id == settings().chain_id).order_by(Log.block_number.desc())
    return db.session.scalar(newest.limit(1))


def _page(right: Right | None) -> tuple[int, int]:
    """Which page of the trades is asked for, and how many there are: from 1."""
    count = sa.select(sa.func.count()).select_from(Trade).join(Token, Token.token_id == Trade.token_id)
    total = db.session.scalar(count.where(Token.right_id == right.id) if right else count) or 0
    return page_of(asked_page(), total, A_PAGE)


def _sales(right: Right | None) -> list[Sale]:
    """The newest trades that count, oldest first."""
    query = _newest(sa.select(Trade.at, Trade.price_yen), right).where(Trade.flag.is_(None))
    return [Sale(at, int(yen)) for at, yen in db.session.execute(query.limit(PLOTTED))][::-1]


def _trades(right: Right | None, page: int) -> list[tuple[Trade, Token]]:
    rows = _newest(sa.select(Trade, Token), right).limit(A_PAGE).offset((page - 1) * A_PAGE)
    return [(trade, token) for trade, token in db.session.execute(rows)]


def _newest(query: sa.Select[*tuple[Any, ...]], right: Right | None) -> sa.Select[*tuple[Any, ...]]:
    joined = query.select_from(Trade).join(Token, Token.token_id == Trade.token_id)
    narrowed = joined.where(Token.right_id == right.id) if right else joined
    return narrowed.order_by(Trade.block_number.desc(), Trade.log_index.desc())


def _offers(right: Right | None) -> list[tuple[Offer, Token]]:
    query = sa.select(Offer, Token).join(Token, Token.token_id == Offer.token_id).where(Offer.state == OfferState.LIVE)
    if right:
        query = query.where(Token.right_id == right.id)
    return [
        (offer, token) for offer, token in db.session.execute(query.order_by(Offer.price_yen, Offer.id).limit(CHEAPEST))
    ]
