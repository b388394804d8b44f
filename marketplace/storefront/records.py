"""What anybody may look up: a token and its history, the resale record, the fund."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Response, abort, render_template, request
from flask.typing import ResponseReturnValue

from marketplace.accounts.session import current_account
from marketplace.chain.register import status
from marketplace.fund.statements import summary
from marketplace.journal.models import Head
from marketplace.kit.db import db
from marketplace.kit.web import conditional
from marketplace.listings.models import PUBLIC, Listing
from marketplace.metadata import statements
from marketplace.metadata.models import Pin
from marketplace.resale.models import Offer, OfferState, Trade
from marketplace.resale.statements import figures, figures_by_right
from marketplace.rights.models import Right
from marketplace.storefront import charts
from marketplace.storefront.charts import Sale
from marketplace.tokens.models import Token

bp = Blueprint("records", __name__)

NEWEST, CHEAPEST, PLOTTED = 30, 24, 5_000
"""Rows shown of the trades and of the offers; trades that the charts count."""


@bp.get("/market")
def market() -> ResponseReturnValue:
    """Every resale, of the town or of one right: prices, numbers, royalties, and what is on offer."""
    by_right = figures_by_right()
    code = request.args.get("right", "")
    chosen = next(((right, found) for right, found in by_right if right.code == code), None)
    if code and chosen is None:
        abort(404)
    right = chosen[0] if chosen else None
    sales = _sales(right)
    page = render_template(
        "storefront/market.html",
        rights=[right for right, _ in by_right],
        chosen=right,
        figures=chosen[1] if chosen else figures(),
        price_chart=charts.both(charts.prices, sales, "prices") if sales else None,
        count_chart=charts.both(charts.counts, sales, "counts") if sales else None,
        spans=list(reversed(charts.spans(sales))),
        trades=_trades(right),
        offers=_offers(right),
        chain=status(),
    )
    return _public(page)


@bp.get("/fund")
def fund() -> ResponseReturnValue:
    """What came in, what it cost, and what was set aside: straight from the book of postings."""
    figures_of_fund: dict[str, Any] = summary()
    return _public(render_template("storefront/fund.html", fund=figures_of_fund))


@bp.get("/status")
def standing_of_all() -> ResponseReturnValue:
    """Where the documents of all published rights are kept, and when they were last looked at."""
    shown = Pin.right_id.in_(sa.select(Listing.right_id).where(Listing.state.in_(PUBLIC)))
    page = render_template(
        "storefront/status.html",
        trees=statements.kept(shown),
        summary=statements.summary(shown),
        broken=db.session.scalar(sa.select(sa.func.count()).select_from(Pin).where(shown, Pin.missing > 0)),
        chain=status(),
        journal=db.session.get(Head, 1),
    )
    return _public(page)


def _public(page: str) -> Response:
    return conditional(page, max_age=1, private=current_account() is not None)


def _sales(right: Right | None) -> list[Sale]:
    """The newest trades, oldest first."""
    rows = db.session.execute(_newest(sa.select(Trade.at, Trade.price_yen), right).limit(PLOTTED))
    return [Sale(at, int(yen)) for at, yen in rows][::-1]


def _trades(right: Right | None) -> list[tuple[Trade, Token]]:
    rows = db.session.execute(_newest(sa.select(Trade, Token), right).limit(NEWEST))
    return [(trade, token) for trade, token in rows]


def _newest(query: sa.Select[*tuple[Any, ...]], right: Right | None) -> sa.Select[*tuple[Any, ...]]:
    joined = query.select_from(Trade).join(Token, Token.token_id == Trade.token_id)
    chosen = joined.where(Token.right_id == right.id) if right else joined
    return chosen.order_by(Trade.block_number.desc(), Trade.log_index.desc())


def _offers(right: Right | None) -> list[tuple[Offer, Token]]:
    query = sa.select(Offer, Token).join(Token, Token.token_id == Offer.token_id).where(Offer.state == OfferState.LIVE)
    if right:
        query = query.where(Token.right_id == right.id)
    return [
        (offer, token) for offer, token in db.session.execute(query.order_by(Offer.price_yen, Offer.id).limit(CHEAPEST))
    ]
