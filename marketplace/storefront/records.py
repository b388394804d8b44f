"""What anybody may look up: the fund, and where the documents are kept."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Response, abort, jsonify, redirect, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import lazyload, load_only

from marketplace.accounts.session import current_account
from marketplace.chain.register import status
from marketplace.fund import publishing, tracing
from marketplace.fund.adding_up import STAGES, ends
from marketplace.fund.models import Posting
from marketplace.fund.statements import summary
from marketplace.journal.models import Head
from marketplace.kit import shown
from marketplace.kit.batches import batched
from marketplace.kit.clock import jst
from marketplace.kit.db import db, let_go, see_one_moment
from marketplace.kit.languages import _
from marketplace.kit.limits import limiter
from marketplace.kit.paging import asked_page, page_of
from marketplace.kit.plots import both
from marketplace.kit.tables import csv_file
from marketplace.kit.web import conditional
from marketplace.listings.models import ANNOUNCED, Listing, Unit
from marketplace.metadata import statements
from marketplace.metadata.models import Pin
from marketplace.orders.models import Order
from marketplace.storefront.flows import parts_of, streams
from marketplace.tokens.finding import token_at
from marketplace.tokens.models import Token

bp = Blueprint("records", __name__)


PAGE, AT_ONCE = 50, 5_000
"""Entries on a page, and of the file those whose orders are asked for in one statement."""
TREES = 20
"""Trees of documents on a page; below them stands what is as important."""
COLUMNS = (
    *("number", "date", "fiscal_year", "right", "serial", "collected_yen", "fee_yen", "returned_yen"),
    *(*STAGES, "listing"),
)
"""Of the file of entries: what was paid for each right, and how many yen of it each stage has reached."""


@bp.get("/fund")
def fund() -> ResponseReturnValue:
    """What came in, what it cost, what was set aside and spent: straight from the book of postings."""
    figures_of_fund: dict[str, Any] = summary()
    parts = parts_of(figures_of_fund)
    chart = both(streams, parts, "yen") if parts else None
    page = render_template("storefront/fund.html", fund=figures_of_fund, parts=parts, chart=chart, shown=shown)
    return _public(page)


@bp.get("/fund/entries")
def entries() -> ResponseReturnValue:
    """Each right that was paid for, the newest first, and how far its money has come."""
    asked = asked_page()
    found, count = tracing.newest(PAGE, (asked - 1) * PAGE)
    number, pages = page_of(asked, count, PAGE)
    if number != asked:  # an old link: fewer are there now
        found, count = tracing.newest(PAGE, (number - 1) * PAGE)
    page = render_template("storefront/fund_entries.html", rows=told(found, summary()), page=number, pages=pages)
    return _public(page)


@bp.get("/fund/entries/<int:number>")
def entry(number: int) -> ResponseReturnValue:
    """The way of the money of one right."""
    found = tracing.numbered(number) or abort(404)
    return _public(render_template("storefront/fund_entry.html", row=told([found], summary())[0], stages=STAGES))


@bp.get("/fund/rights/<contract>/<int:token_id>")
def entry_of(contract: str, token_id: int) -> ResponseReturnValue:
    """From a right to the entry of its price; 404 for one that nobody paid for."""
    subject = f"order:{token_at(contract, token_id).order_code}"
    number = db.session.scalar(sa.select(sa.func.min(Posting.id)).where(Posting.subject == subject))
    return redirect(f"/fund/entries/{number}", 302) if number is not None else abort(404)


@bp.get("/fund/entries.<any(csv, json):kind>")
@limiter.limit("30/minute")
def entries_file(kind: str) -> ResponseReturnValue:
    """All of them, of one moment; the JSON has beside them what they add up to: docs/fund-proof.md."""
    see_one_moment()
    figures = summary()
    found = (row for batch in batched(tracing.entries(), AT_ONCE) for row in told(batch, figures))
    rows = [{name: row[name] for name in COLUMNS} for row in found]
    if kind == "json":
        response = jsonify(publishing.framed(figures, rows))
    else:
        response = csv_file("fund-entries.csv", COLUMNS, (list(row.values()) for row in rows))
    let_go()
    return conditional(response, max_age=10)


def told(found: list[tracing.Entry], figures: dict[str, Any]) -> list[dict[str, Any]]:
    """{COLUMNS, "on", "title": in the reader's language, "token": the page of the token or None}: nothing of
    persons, the day and not the moment. `figures` are those of the fund."""
    stages, codes = ends(figures), {entry.subject.removeprefix("order:") for entry in found}
    query = sa.select(Order.code, Order.listing_id, Unit.serial).join(Unit, Unit.id == Order.unit_id)
    orders = {f"order:{order.code}": order for order in db.session.execute(query.where(Order.code.in_(codes)))}
    sold = sa.select(Listing).where(Listing.id.in_({order.listing_id for order in orders.values()}))
    listings = {listing.id: listing for listing in db.session.scalars(sold)}
    named = (load_only(Token.order_code, Token.contract, Token.token_id), lazyload(Token.right))
    issued = db.session.scalars(sa.select(Token).where(Token.order_code.in_(codes)).options(*named))
    tokens = {token.order_code: token.path for token in issued}
    rows = []  # of columns: the rows of ten thousand orders and tokens would take a second
    for each in found:
        order = orders.get(each.subject)
        listing = listings[order.listing_id] if order else None
        rows.append(
            {
                **publishing.row(each, stages),
                "on": jst(each.at).date(),
                "right": listing.right.title_ja if listing else "保証金",
                "title": listing.right.title if listing else _("保証金"),
                "serial": order.serial if order else None,
                "listing": listing.code if listing else None,
                "token": tokens.get(order.code) if order else None,
            }
        )
    return rows


@bp.get("/status")
def standing_of_all() -> ResponseReturnValue:
    """Where the documents of all published rights are kept, and when they were last looked at."""
    shown = Pin.right_id.in_(sa.select(Listing.right_id).where(ANNOUNCED))
    all_kept = statements.summary(shown)
    number, pages = page_of(asked_page(), all_kept.trees, TREES)
    page = render_template(
        "storefront/status.html",
        trees=statements.kept(shown, most=TREES, skipped=(number - 1) * TREES),
        summary=all_kept,
        number=number,
        pages=pages,
        broken=db.session.scalar(sa.select(sa.func.count()).select_from(Pin).where(shown, Pin.missing > 0)),
        chain=status(),
        journal=db.session.get(Head, 1),
    )
    return _public(page)


def _public(page: str) -> Response:
    return conditional(page, max_age=1, private=current_account() is not None)
