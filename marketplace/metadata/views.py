"""Pictures for pages, and the schema of our documents; /ipfs is in gateway.py."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, Response, abort, request

from marketplace.accounts.session import current_account, roles_of
from marketplace.kit.db import db, get
from marketplace.kit.refusals import Unavailable
from marketplace.metadata import documents, gateway
from marketplace.metadata.models import Document, Picture
from marketplace.metadata.pictures import WIDTHS, copies, drawn, file_of, own_url, url
from marketplace.rights.models import Right

FRAME = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 480 480"><rect width="480" height="480" fill="#e6ebf0"/>'
    '<path d="M96 336l104-132 72 88 40-48 72 92z" fill="#c9d3dd"/>'
    '<circle cx="332" cy="164" r="30" fill="#c9d3dd"/></svg>'
)

pages = Blueprint("metadata", __name__)
BLUEPRINTS = (pages, gateway.bp)
pages.add_app_template_filter(url, "picture")  # {{ right|picture(480) }}
pages.add_app_template_filter(own_url, "own_picture")  # {{ right|own_picture(serial) or right|picture(480) }}


@pages.get("/pictures/<int:picture_id>/<int:width>.webp")
def picture(picture_id: int, width: int) -> Response:
    """A copy for pages. Before it is published, staff only. It never changes, so it may be kept for ever."""
    return _copy(get(Picture, picture_id), width)


@pages.get("/pictures/<code>/<int:width>.webp")
def drawing(code: str, width: int) -> Response:
    """The picture of a right that nobody gave one: kept when it was published; before, drawn now, for staff only."""
    right = db.session.scalars(sa.select(Right).where(Right.code == code)).one_or_none()
    if right is None or width not in WIDTHS:
        abort(404)
    published = sa.select(Picture).join(Document, Document.cid == Picture.cid)
    published = published.where(Document.right_id == right.id, Picture.published_at.is_not(None))
    row = db.session.scalars(published.order_by(Document.edition).limit(1)).first()
    if row is not None:
        return _copy(row, width)
    if not _is_staff():
        abort(404)
    response = Response(copies(drawn(right.kind, right.art_seed))[width], content_type="image/webp")
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _copy(row: Picture, width: int) -> Response:
    if width not in WIDTHS or not (row.published_at or _is_staff()):
        abort(404)
    response = Response(content_type="image/webp")
    response.set_etag(f"{row.sha256[:32]}-{width}")
    response.headers["Cache-Control"] = (
        "public, max-age=31536000, immutable" if row.published_at else "private, no-store"
    )
    if response.make_conditional(request).status_code == 200:
        try:
            response.set_data(file_of(row.id, width))
        except Unavailable:
            return _later()
    return response


def _later() -> Response:
    """A calm empty frame, where the picture can't be had just now: the page around it is whole."""
    response = Response(FRAME, 503, content_type="image/svg+xml")
    response.headers["Cache-Control"] = "no-store"
    response.headers["Retry-After"] = "10"
    return response


@pages.get("/schemas/token-1.json")
def schema() -> Response:
    """The JSON Schema of the token documents."""
    response = Response(documents.schema_text(), content_type="application/schema+json")
    response.headers["Cache-Control"] = "public, max-age=86400"
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def _is_staff() -> bool:
    account = current_account()
    return account is not None and bool(roles_of(account.id))
