"""A listing as a card in somebody else's page: no cookie, no script, nothing of the visitor.

It is the one page of the site that others may frame.
"""

from __future__ import annotations

from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue

from marketplace.kit.languages import Language, _, language
from marketplace.kit.web import conditional, or_404
from marketplace.listings.finding import announced
from marketplace.listings.models import Listing
from marketplace.settings import settings
from marketplace.storefront.cards import about

bp = Blueprint("embedding", __name__)

WIDTH, HEIGHT = 320, 540
"""Pixels that the card needs, in the language with the longest words."""
POLICY = "default-src 'none'; img-src 'self'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors *"


@bp.get("/embed/<code>")
def card(code: str) -> ResponseReturnValue:
    """The card; what can be done is done on our own page, which its link opens in a window of its own."""
    listing = or_404(announced(code))
    told = about([listing])[listing.id]
    page = render_template("storefront/embed.html", listing=listing, card=told, address=_address(code))
    response = conditional(page, max_age=10)
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@bp.get("/listings/<code>/embed")
def how(code: str) -> ResponseReturnValue:
    """How to put the card into a page."""
    listing = or_404(announced(code))
    response: Response = conditional(
        render_template("storefront/embedding.html", listing=listing, frame=frame(listing), width=WIDTH, height=HEIGHT),
        max_age=0,
        private=True,
    )
    return response


def frame(listing: Listing) -> str:
    """The HTML for the other page."""
    title = _("%(title)s（%(town)s まちの権利ひろば）", title=listing.right.title, town=settings().called)
    asks = "" if language() == Language.JA else f"?lang={language()}"
    return render_template(
        "storefront/frame.txt",
        src=f"{settings().base_url}/embed/{listing.code}{asks}",
        title=title,
        width=WIDTH,
        height=HEIGHT,
    )


def _address(code: str) -> str:
    return f"{settings().base_url}/listings/{code}"
