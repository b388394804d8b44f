"""The resident card that only its holder sees: it follows the season and the stamps of their visits.

What everybody sees, on chain and on the public pages, is the picture that was issued, which never changes.
"""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, Response, make_response, redirect
from flask.typing import ResponseReturnValue

from marketplace.accounts.session import current_account, signed_in
from marketplace.art.visited import season_of, visited_card
from marketplace.gatherings.visits import Visit
from marketplace.kit.clock import jst, now
from marketplace.kit.db import db
from marketplace.kit.web import conditional
from marketplace.metadata.pictures import own_url, url
from marketplace.rights.models import Kind
from marketplace.tokens.models import Token, TokenState

bp = Blueprint("resident_card", __name__)


@bp.app_template_filter("living_card")
def address(token: Token) -> str | None:
    """Of the card as its holder sees it; None for what is no resident card of the reader's."""
    me = current_account()
    own = me is not None and token.holder_id == me.id and token.state == TokenState.HELD
    return f"/mypage/cards/{token.token_id}.svg" if own and token.right.kind == Kind.RESIDENT else None


@bp.get("/mypage/cards/<int:token_id>.svg")
@signed_in
def show(token_id: int) -> ResponseReturnValue:
    token = db.session.scalar(sa.select(Token).where(Token.token_id == token_id))
    if token is None or token.right.kind != Kind.RESIDENT:
        raise LookupError(f"no resident card {token_id}")
    if address(token) is None or token.holder_id is None:  # another's, or it has left since the page was read
        return redirect(own_url(token.right, token.serial) or url(token.right, 960))
    right, season = token.right, season_of(jst(now()).date())
    drawing = visited_card(str(right.art_seed), token.serial, token.max_supply, season, stamps(token.holder_id)).svg()
    picture: Response = make_response(drawing)
    picture.mimetype = "image/svg+xml"
    return conditional(picture, max_age=0, private=True)


def stamps(account_id: int) -> int:
    return db.session.scalar(sa.select(sa.func.count()).where(Visit.account_id == account_id)) or 0
