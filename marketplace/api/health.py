"""How the house is: alive, and ready for visitors. Its figures and its health are of the machine room (operating)."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, Response, jsonify
from flask.typing import ResponseReturnValue

from marketplace.kit import schema
from marketplace.settings import settings

bp = Blueprint("health", __name__)


@bp.get("/healthz")
def alive() -> ResponseReturnValue:
    """This process answers. It asks nobody else, so that a slow database does not have it killed."""
    return plain("ok\n")


@bp.get("/readyz")
def ready() -> ResponseReturnValue:
    """Whether visitors may come: 200, or 503 with what is missing."""
    missing = not_ready()
    response = jsonify(ready=missing is None, missing=missing)
    response.headers["Cache-Control"] = "no-store"
    return response, 200 if missing is None else 503


def not_ready() -> str | None:
    """The first thing that is missing; None where nothing is."""
    try:
        present, newer = schema.is_present(), schema.is_newer()
    except sa.exc.SQLAlchemyError:
        return "the database does not answer"
    if newer:
        return "the database is at the schema of a newer program than this one"
    if not present:
        return "the database is not at the present schema: run `python -m marketplace migrate`"
    marker = settings().data_dir / "hiroba.town"
    if settings().demo and marker.exists() and marker.read_text().strip() != "open":
        return "the demo town is being built"
    return None


def plain(text: str) -> Response:
    response = Response(text, content_type="text/plain; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    return response
