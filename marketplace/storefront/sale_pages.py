"""The pages and files of the sales that are over: each with its record, searched and narrowed by the address."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlencode

import sqlalchemy as sa
from flask import Blueprint, Response, abort, jsonify, render_template, request
from flask.typing import ResponseReturnValue

from marketplace.accounts.session import current_account
from marketplace.auctions.approved import former_texts, may_be_read, text_of
from marketplace.kit import shown
from marketplace.kit.clock import JST
from marketplace.kit.dates import ended_in
from marketplace.kit.db import db
from marketplace.kit.folding import terms
from marketplace.kit.paging import asked_page, page_of
from marketplace.kit.tables import csv_file
from marketplace.kit.web import conditional
from marketplace.listings.finding import announced
from marketplace.listings.models import SALE_JA, Listing
from marketplace.listings.searching import matching
from marketplace.rights.models import KIND_JA, Right
from marketplace.storefront import sales
from marketplace.storefront.catalogue import LONGEST

bp = Blueprint("sales", __name__)

PER_PAGE = 30
COLUMNS = (
    *("code", "title_ja", "title_en", "kind", "mode", "state", "published_at", "opened_at", "closed_at"),
    *("price_yen", "quantity", "persons", "wanted", "winners", "paid", "returned", "issued", "winning_yen"),
    *("collected_yen", "fees_yen", "returned_yen", "url", "proof"),
)


@dataclass(frozen=True)
class Asked:
    """What the address asks for; what it can't mean is taken for nothing asked. `year` is the fiscal year."""

    q: str = ""
    kind: str = ""
    mode: str = ""
    year: int = 0
    page: int = 1

    def link(self, path: str = "/records", **other: int | str) -> str:
        parts = {**vars(self), "page": 1, **other}
        said = urlencode([(name, value) for name, value in parts.items() if value not in ("", 0, 1)])
        return f"{path}?{said}" if said else path


@bp.get("/records")
def index() -> ResponseReturnValue:
    asked = _read()
    found = _narrowed(asked)
    total = db.session.scalar(sa.select(sa.func.count()).select_from(found.order_by(None).subquery())) or 0
    number, pages = page_of(asked.page, total, PER_PAGE)
    asked = replace(asked, page=number)
    rows = list(db.session.scalars(found.limit(PER_PAGE).offset((asked.page - 1) * PER_PAGE)))
    page = render_template(
        "storefront/records.html",
        asked=asked,
        sales=sales.records(rows),
        total=total,
        pages=pages,
        kinds=KIND_JA,
        modes=SALE_JA,
        years=[(year, shown.fiscal_year(year)) for year in _years()],
    )
    return _public(page)


@bp.get("/records.<any(csv, json):kind>")
def table(kind: str) -> ResponseReturnValue:
    """All of them, or those that the address asks for, the last one first."""
    rows = [sale.as_json() for sale in sales.records(list(db.session.scalars(_narrowed(_read()))))]
    if kind == "json":
        return conditional(jsonify(items=rows), max_age=10)
    return conditional(csv_file("records.csv", COLUMNS, ([row[name] for name in COLUMNS] for row in rows)), max_age=10)


@bp.get("/listings/<code>/record")
def show(code: str) -> ResponseReturnValue:
    sale = sales.record(code)
    if sale is None:
        abort(404)
    return _public(render_template("storefront/record.html", sale=sale))


@bp.get("/listings/<code>/sale.json")
def approved(code: str) -> ResponseReturnValue:
    """What was approved, to be hashed; where the reserve is secret, when the auction is decided. `before`: the text
    before that amendment."""
    listing = announced(code)
    if listing is None or not may_be_read(listing):
        abort(404)
    before = request.args.get("before", "")
    text = {str(number): former for number, former in former_texts(listing).items()}.get(before) if before else None
    if before and text is None:
        abort(404)
    body = Response(text or text_of(listing), mimetype="application/json")
    body.headers["Content-Disposition"] = f'attachment; filename="{listing.code}-sale{before}.json"'
    return conditional(body, max_age=60)


def _read() -> Asked:
    given = request.args
    kind, mode = given.get("kind", ""), given.get("mode", "")
    year = given.get("year", 0, type=int)
    return Asked(
        q=given.get("q", "").strip()[:LONGEST],
        kind=kind if kind in KIND_JA else "",
        mode=mode if mode in SALE_JA else "",
        year=year if 2000 <= year <= 2999 else 0,
        page=asked_page(),
    )


def _narrowed(asked: Asked) -> sa.Select[Listing]:
    query = sales.over().where(matching(terms(asked.q)))
    if asked.kind:
        query = query.where(Right.kind == asked.kind)
    if asked.mode:
        query = query.where(Listing.mode == asked.mode)
    if asked.year:
        first, after = (sa.literal(datetime(year, 4, 1, tzinfo=JST)) for year in (asked.year, asked.year + 1))
        query = query.where(Listing.closed_at > first, Listing.closed_at <= after)  # an end, see ended_in()
    return query


def _years() -> list[int]:
    """The fiscal years in which a sale closed, the last one first."""
    ends = sa.func.min(Listing.closed_at), sa.func.max(Listing.closed_at)
    first, last = db.session.execute(sales.over().order_by(None).with_only_columns(*ends)).one()
    return list(range(ended_in(last), ended_in(first) - 1, -1)) if first and last else []


def _public(page: str) -> Response:
    return conditional(page, max_age=1, private=current_account() is not None)
