"""Resales of the demo: residents offer their tokens, others buy them with test yen through a wallet of the demo's."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from marketplace.demo import hands
from marketplace.kit.db import db
from marketplace.listings.models import Listing
from marketplace.resale.buying import buy
from marketplace.resale.offering import offer
from marketplace.tokens.custody import custody_of
from marketplace.tokens.models import Token, TokenState

PRICES = (3800, 3500, 4200, 3000, 2800, 3200, 3000, 2600, 3000)
WALLET = "demo"


def trade(listings: dict[str, int], settle: Callable[[], None]) -> None:
    """Nine trades of first-edition tokens, three standing offers, one card that went to a wallet outside."""
    tokens = held(listings["LST-01"])
    for token, price in zip(tokens, PRICES, strict=False):
        assert token.holder_id is not None
        offer(token.token_id, token.holder_id, price)
    settle()
    for n, (token, _price) in enumerate(zip(tokens, PRICES, strict=False)):
        buy(token.token_id, WALLET, recipient=custody_of(hands.buyer(60 + n)))
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
