"""The demo town's outside wallet: somebody with a wallet of their own, so that a resale can be tried without one.

Never on a real site. Its key is one of the sender's; it pays with test yen that the town mints for it. Each step is
promised when the one before is mined: mint and purchase are signed by different keys, and keys do not wait for each
other.
"""

from __future__ import annotations

import sqlalchemy as sa

from marketplace.chain.contract import MARKET, RIGHTS, YEN
from marketplace.chain.models import Call, CallState
from marketplace.chain.register import contracts, signer_of
from marketplace.chain.sending import promise
from marketplace.kit.db import db, get, transaction
from marketplace.resale.addresses import read_address
from marketplace.resale.models import Offer, OfferState
from marketplace.resale.rules import MarketNotReady, NotOffered, NotTheHolder
from marketplace.tokens.models import Token, Transfer

WALLET = "wallet:demo"
TOWN = "town"
BUY, SEND = "wallet:buy", "wallet:send"
PLENTY = 2**128 - 1
"""Test yen that the market may take from the wallet: no limit, so that purchases at once do not disturb each other."""


def buy(offer_id: int) -> None:
    """Buy a live offer with test yen. Asked again, it changes nothing."""
    with transaction():
        offer = get(Offer, offer_id)
        if offer.state != OfferState.LIVE:
            raise NotOffered
        market = contracts().get(MARKET)
        if market is None:
            raise MarketNotReady
        key = f"{BUY}:{offer.token_id}:{offer.market_listing}:{offer.price_yen}"
        promise(f"{key}:approve", WALLET, YEN, "approve", [market, PLENTY])


def next_step(call_key: str) -> None:
    """What follows a mined step of a purchase."""
    if not call_key.startswith(f"{BUY}:"):
        return
    key, _, step = call_key.rpartition(":")
    token_id, listing, price = (int(part) for part in key.removeprefix(f"{BUY}:").split(":"))
    with transaction():
        address = signer_of(WALLET)
        assert address is not None, "what it signed was mined"
        if step == "approve":
            promise(f"{key}:mint", TOWN, YEN, "mint", [address, price])
        elif step == "mint":
            promise(f"{key}:pay", WALLET, MARKET, "buy", [token_id, listing, price, address])


def send(token_id: int, to: str) -> None:
    """Send a token that the wallet holds to any address. Once for each time that it holds it."""
    target = read_address(to)
    with transaction() as session:
        address = signer_of(WALLET)
        token = session.scalar(sa.select(Token).where(Token.token_id == token_id))
        if address is None or token is None or token.holder_address != address:
            raise NotTheHolder
        turn = session.scalar(sa.select(sa.func.count()).select_from(Transfer).where(Transfer.token_id == token_id))
        promise(f"{SEND}:{token_id}:{turn}", WALLET, RIGHTS, "transferFrom", [address, target, token_id])


def holdings() -> list[Token]:
    """What the wallet holds, newest first."""
    address = signer_of(WALLET)
    if address is None:
        return []
    rows = sa.select(Token).where(Token.holder_address == address).order_by(Token.minted_at.desc(), Token.token_id)
    return list(db.session.scalars(rows))


def steps_open() -> list[Call]:
    """Steps of the wallet that are not mined, those that were given up included."""
    ours = sa.or_(Call.key.startswith(f"{BUY}:"), Call.key.startswith(f"{SEND}:"))
    return list(db.session.scalars(sa.select(Call).where(ours, Call.state != CallState.MINED).order_by(Call.id)))
