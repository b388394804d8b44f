"""The addresses of the API. Stable: scripts and strangers rely on them."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, Response, abort, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel

from marketplace.accounts.session import current_account
from marketplace.api import docs, health, openapi, perks, reading, schemas
from marketplace.auctions.logs import bids_of
from marketplace.kit.db import db, in_portions
from marketplace.kit.limits import limiter
from marketplace.kit.tables import csv_file
from marketplace.kit.web import conditional
from marketplace.lotteries.bundles import draw_of
from marketplace.resale.models import Trade
from marketplace.settings import settings

bp = Blueprint("api", __name__, url_prefix="/api")
BLUEPRINTS = (bp, health.bp)


@bp.get("")
def explain() -> ResponseReturnValue:
    """The same document for people."""
    server = settings().base_url
    document = openapi.document(server)
    page = render_template(
        "api/docs.html",
        server=server,
        addresses=docs.addresses(document),
        answers=docs.answers(document),
        errors=docs.ERRORS,
        python=render_template("api/example.py.txt", server=server),
    )
    return conditional(page, max_age=1, private=current_account() is not None)


@bp.get("/openapi.json")
def describe() -> ResponseReturnValue:
    return conditional(jsonify(openapi.document(settings().base_url)), max_age=60)


@bp.get("/v1/listings")
def listings() -> ResponseReturnValue:
    return answer(reading.listings())


@bp.get("/v1/listings/<code>")
def listing(code: str) -> ResponseReturnValue:
    return answer(reading.listing(code))


@bp.get("/v1/listings/<code>/bids")
def bids(code: str) -> ResponseReturnValue:
    record = bids_of(code) if reading.listing(code) else None
    return answer(schemas.Bids.model_validate(record) if record else None)


@bp.get("/v1/listings/<code>/draw")
def draw(code: str) -> ResponseReturnValue:
    record = draw_of(code, request.args.get("group", "")) if reading.listing(code) else None
    return answer(schemas.Draw.model_validate(record) if record else None)


@bp.get("/v1/listings/<code>/perks")
def listing_perks(code: str) -> ResponseReturnValue:
    return answer(perks.of_listing(code))


@bp.get("/v1/tokens")
def tokens() -> ResponseReturnValue:
    return answer(reading.tokens())


@bp.get("/v1/tokens/<contract>/<int:token_id>")
def token(contract: str, token_id: int) -> ResponseReturnValue:
    return answer(reading.token(contract, token_id) if token_id < 2**63 else None)


@bp.get("/v1/tokens/<contract>/<int:token_id>/perks")
def token_perks(contract: str, token_id: int) -> ResponseReturnValue:
    return answer(perks.of_token(contract, token_id) if token_id < 2**63 else None)


@bp.get("/v1/resales")
def resales() -> ResponseReturnValue:
    return answer(reading.resales())


@bp.get("/v1/resales.csv")
@limiter.limit("30/minute")
def resales_table() -> ResponseReturnValue:
    names = list(schemas.Resale.model_fields)
    rows = sa.select(Trade).order_by(Trade.block_number.desc(), Trade.log_index.desc())
    shown = (reading.resale(row).model_dump(mode="json") for row in db.session.scalars(in_portions(rows, 1_000)))
    return conditional(csv_file("resales.csv", names, ([each[name] for name in names] for each in shown)), max_age=10)


@bp.get("/v1/market")
def market() -> ResponseReturnValue:
    return answer(reading.market())


@bp.get("/v1/fund")
def fund() -> ResponseReturnValue:
    return answer(reading.fund())


@bp.get("/v1/status")
def status() -> ResponseReturnValue:
    return answer(reading.status())


@bp.get("/<path:_anything>")
def nothing(_anything: str) -> ResponseReturnValue:
    abort(404)


def answer(found: BaseModel | None) -> ResponseReturnValue:
    """The JSON of what was found, readable to people too; 404 as a problem for nothing."""
    if found is None:
        abort(404)
    text = found.model_dump_json(by_alias=True, exclude_unset=True)
    return conditional(Response(text + "\n", content_type="application/json"))
