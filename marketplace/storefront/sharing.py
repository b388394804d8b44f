"""Cards for links, and the papers that a holder keeps."""

from __future__ import annotations

from flask import Blueprint, Response, abort
from flask.typing import ResponseReturnValue

from marketplace.accounts.session import current_account, signed_in
from marketplace.kit.dates import day, last
from marketplace.kit.limits import each_account, limiter
from marketplace.kit.web import or_404
from marketplace.listings.finding import announced
from marketplace.listings.models import BY_BIDS, MODE_JA, Listing, Mode
from marketplace.metadata.pictures import copies, drawn, file_of
from marketplace.rights.models import KIND_JA, Right
from marketplace.settings import settings
from marketplace.storefront.keepsake import keepsake
from marketplace.storefront.share_card import draw
from marketplace.tokens.finding import token_at
from marketplace.tokens.models import TokenState

bp = Blueprint("sharing", __name__)
PICTURE_WIDTH = 960


@bp.get("/listings/<code>/card.png")
@limiter.limit("60/minute")
def listing_card(code: str) -> ResponseReturnValue:
    listing = or_404(announced(code))
    return _png(listing.right, listing.right.title_ja, facts_of(listing))


def facts_of(listing: Listing) -> list[str]:
    """What the card says of a sale, in Japanese whoever looks. What ends at 午前0時 ends on the day before."""
    price = f"{listing.price_yen:,}円" + ("から" if listing.mode in BY_BIDS else "")
    asked = "町がお渡しするものです" if listing.mode == Mode.GRANT else f"{MODE_JA[listing.mode]}　{price}"
    until = [] if listing.closes_at is None else [f"受付は {day(last(listing.closes_at)[0])} まで"]
    return [asked, f"全{listing.quantity:,}点", *until]


@bp.get("/tokens/<contract>/<int:token_id>/card.png")
@limiter.limit("60/minute")
def token_card(contract: str, token_id: int) -> ResponseReturnValue:
    token = token_at(contract, token_id)
    facts = [KIND_JA[token.right.kind], f"No.{token.serial} / {token.max_supply:,}"]
    return _png(token.right, token.right.title_ja, facts)


@bp.get("/tokens/<contract>/<int:token_id>/certificate.pdf")
@limiter.limit("30/minute", key_func=each_account)
@signed_in
def certificate(contract: str, token_id: int) -> ResponseReturnValue:
    """The letter and the certificate, for the holder alone: a name stands on both."""
    token, me = token_at(contract, token_id), current_account()
    if me is None or token.holder_id != me.id or token.state != TokenState.HELD:
        abort(404)
    response = Response(keepsake(token, me), mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="certificate-{token.token_id}.pdf"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _png(right: Right, title: str, facts: list[str]) -> Response:
    response = Response(draw(_picture(right), settings().town_name, title, tuple(facts)), mimetype="image/png")
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response


def _picture(right: Right) -> bytes:
    if right.picture_id is not None:
        return file_of(right.picture_id, PICTURE_WIDTH)
    return copies(drawn(right.kind, right.art_seed))[PICTURE_WIDTH]
