"""What anybody may look up: the fund, and where the documents are kept."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Response, render_template
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

bp = Blueprint("records", __name__)


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
