"""The catalogue for people and for machines, and the files that no other office has."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response, abort, render_template
from flask.typing import ResponseReturnValue

from marketplace.accounts.session import current_account
from marketplace.api import reading
from marketplace.continuity import facts
from marketplace.continuity.formats import FORMATS
from marketplace.kit.limits import limiter
from marketplace.kit.tables import Cell, csv_file
from marketplace.kit.web import conditional
from marketplace.opendata import columns, crawling, descriptions, origins
from marketplace.opendata.datasets import DATASETS, Dataset, codes_of, find, paths
from marketplace.settings import settings

bp = Blueprint("opendata", __name__, url_prefix="/data")
BLUEPRINTS = (bp, crawling.bp)
bp.after_app_request(origins.for_every_origin)

SHOWN = 30
"""Sales of which a page shows the files; all of them are in the catalogue."""


@bp.get("")
def index() -> ResponseReturnValue:
    return _public(
        render_template("opendata/index.html", datasets=DATASETS, formats=FORMATS, licence=descriptions.LICENCE)
    )


@bp.get("/catalog.jsonld")
def catalogue() -> ResponseReturnValue:
    return _machine(descriptions.catalogue(settings()), "application/ld+json")


@bp.get("/<name>")
def show(name: str) -> ResponseReturnValue:
    dataset = _of(name)
    codes = codes_of(dataset)
    page = render_template(
        "opendata/dataset.html",
        dataset=dataset,
        files=[(file, paths(file, codes[:SHOWN])) for file in dataset.files],
        more=max(len(codes) - SHOWN, 0),
        linked=descriptions.schema_org(dataset, settings()),
        licence=descriptions.LICENCE,
    )
    return _public(page)


@bp.get("/<name>/columns.json")
def columns_of(name: str) -> ResponseReturnValue:
    return _machine(descriptions.columns(_of(name), settings()), "application/csvm+json")


@bp.get("/formats/<name>.md")
def document(name: str) -> ResponseReturnValue:
    """One of the documents by which strangers check; as plain text, which every browser shows."""
    for each in FORMATS:
        if each.name == name:
            return conditional(Response(each.text(), content_type="text/plain; charset=utf-8"), max_age=60)
    abort(404)


@bp.get("/listings.csv")
@limiter.limit("30/minute")
def listings() -> ResponseReturnValue:
    names = [column.name for column in columns.LISTINGS]
    rows = ([row[name] for name in names] for row in _listings())
    return conditional(csv_file("listings.csv", names, rows), max_age=10)


@bp.get("/tokens.csv")
@limiter.limit("30/minute")
def tokens() -> ResponseReturnValue:
    names = [column.name for column in columns.TOKENS]
    return conditional(
        csv_file("tokens.csv", names, ([row[name] for name in names] for row in facts.tokens())), max_age=10
    )


def _listings() -> Iterator[dict[str, Cell]]:
    for row in reading.all_listings():
        told: dict[str, Any] = row.model_dump(mode="json")
        titles = {"title_ja": row.title.ja, "title_en": row.title.en}
        yield {**told, **titles, "transferable": "true" if row.transferable else "false"}


def _of(name: str) -> Dataset:
    return find(name) or abort(404)


def _machine(found: dict[str, Any], media_type: str) -> Response:
    text = json.dumps(found, ensure_ascii=False, indent=1) + "\n"
    return conditional(Response(text, content_type=f"{media_type}; charset=utf-8"), max_age=60)


def _public(page: str) -> Response:
    return conditional(page, max_age=1, private=current_account() is not None)
