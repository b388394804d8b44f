"""Resales of the demo: residents offer tokens, a wallet outside buys them with test yen, and hands some on."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from marketplace.demo import hands
from marketplace.kit.db import db
from marketplace.listings.models import Listing
from marketplace.resale import wallet
from marketplace.resale.offering import live_offer, offer
from marketplace.tokens.custody import custody_of
from marketplace.tokens.models import Token, TokenState

PRICES = (3800, 4200, 3000, 2800, 3200, 3000)
HANDED_ON = 4


def trade(listings: dict[str, int], settle: Callable[[], None]) -> None:
    """Six trades of first-edition tokens, most of them handed on to new residents, and three standing offers."""
    tokens = held(listings["LST-01"])
    for token, price in zip(tokens, PRICES, strict=False):
        assert token.holder_id is not None
        offer(token.token_id, token.holder_id, price)
    settle()
    bought = [token.token_id for token, _price in zip(tokens, PRICES, strict=False)]
    for token_id in bought:
        standing = live_offer(token_id)
        assert standing is not None
        wallet.buy(standing.id)
    settle()
    for n, token_id in enumerate(bought[:HANDED_ON]):
        wallet.send(token_id, custody_of(hands.buyer(60 + n)))
    settle()
    for token, price in zip(held(listings["LST-01"])[-3:], (3300, 4800, 3600), strict=False):
        assert token.holder_id is not None
        offer(token.token_id, token.holder_id, price)
    settle()


def held(listing_id: int) -> list[Token]:
    """Tokens of a listing that are in people's hands."""
    code = db.session.scalar(sa.select(Listing.code).where(Listing.id == listing_id))
    rows = sa.select(Token).where(Token.listing_code == code, Token.state == TokenState.HELD).order_by(Token.token_id)
    return list(db.session.scalars(rows))
