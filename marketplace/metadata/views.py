"""Pictures for pages, and the schema of our documents; /ipfs is in gateway.py."""

from __future__ import annotations

from flask import Blueprint, Response, abort, request

from marketplace.accounts.session import current_account, roles_of
from marketplace.kit.db import get
from marketplace.metadata import documents, gateway
from marketplace.metadata.models import Picture
from marketplace.metadata.pictures import WIDTHS, file_of

pages = Blueprint("metadata", __name__)
BLUEPRINTS = (pages, gateway.bp)


@pages.get("/pictures/<int:picture_id>/<int:width>.webp")
def picture(picture_id: int, width: int) -> Response:
    """A copy for pages. Before it is published, staff only. It never changes, so it may be kept for ever."""
    row = get(Picture, picture_id)
    if width not in WIDTHS or not (row.published_at or _is_staff()):
        abort(404)
    response = Response(content_type="image/webp")
    response.set_etag(f"{row.sha256[:32]}-{width}")
    response.headers["Cache-Control"] = (
        "public, max-age=31536000, immutable" if row.published_at else "private, no-store"
    )
    if response.make_conditional(request).status_code == 200:
        response.set_data(file_of(picture_id, width))
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
