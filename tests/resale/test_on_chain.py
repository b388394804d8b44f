"""Tokens and resale on a real chain: what we ask fits the contracts, and what they say is what we show."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts.models import Account
from marketplace.chain import contract, register
from marketplace.chain.models import Log
from marketplace.chain.node import node
from marketplace.kit.db import db, get, transaction
from marketplace.listings.models import Listing
from marketplace.resale import offering, proceeds, statements, wallet
from marketplace.resale.models import Trade
from marketplace.settings import Settings
from marketplace.tokens.custody import custody_of
from marketplace.tokens.issuing import promise_token
from marketplace.tokens.models import Token, TokenState
from tests import given
from tests.chainlogs import somebody
from tests.deployment import pointed
from tests.local_chain import LocalChain
from tests.resale.stage import token
from tests.turns import settle

pytestmark = [pytest.mark.node, pytest.mark.usefixtures("deployed")]


@pytest.fixture
def chain(local_chain: LocalChain) -> LocalChain:
    return local_chain


@pytest.fixture
def settings(settings: Settings, chain: LocalChain) -> Settings:
    return pointed(settings, chain, demo=True)


def promised(account_id: int, listing_id: int, serial: int = 1) -> int:
    listing = get(Listing, listing_id)
    with transaction():
        return promise_token(listing.right_id, serial, listing.code, f"ORD-{serial}", account_id, listing.quantity)


def test_a_right_is_issued_offered_bought_and_sent_on(app: Flask, client: FlaskClient) -> None:
    seller, friend = given.an_account("seller@example.jp"), given.an_account("friend@example.jp")
    listing_id = given.a_listing(quantity=3)
    token_id = promised(seller, listing_id)
    settle()
    issued = (token(token_id).state, token(token_id).holder_id)
    offering.offer(token_id, seller, 5_000)
    settle()
    standing = offering.live_offer(token_id)
    assert standing is not None
    wallet.buy(standing.id)
    settle()
    bought = token(token_id).holder_address
    wallet.send(token_id, custody_of(friend))
    settle()
    trade = db.session.scalars(sa.select(Trade)).one()
    kinds = [step.kind for step in statements.history(token_id)]
    assert (issued, bought, token(token_id).holder_id, kinds) == (
        (TokenState.HELD, seller),
        register.signer_of("wallet:demo"),
        friend,
        ["issue", "sale", "transfer"],
    )
    assert (trade.price_yen, trade.royalty_yen, proceeds.owed(seller)) == (5_000, 250, 4_750)
    shown = client.get(f"/api/v1/tokens/{token(token_id).contract}/{token_id}").json
    assert shown is not None
    assert shown["owner"] == register.custody_address(get(Account, friend).custody_id)


def test_what_was_earned_arrives_in_the_wallet_that_the_seller_named(app: Flask) -> None:
    seller, own = given.an_account(), somebody("the seller's own wallet")
    token_id = promised(seller, given.a_listing())
    settle()
    offering.offer(token_id, seller, 5_000)
    settle()
    standing = offering.live_offer(token_id)
    assert standing is not None
    wallet.buy(standing.id)
    settle()
    proceeds.draw(seller, own)
    settle()
    assert (proceeds.owed(seller), yen_of(own)) == (0, 4_750)
    with pytest.raises(proceeds.NothingToDraw):
        proceeds.draw(seller, own)


def yen_of(address: str) -> int:
    """What the chain says that the address has."""
    asked = contract.call("TestYen", "balanceOf", [address])
    return int.from_bytes(node().call(address, register.address_of("TestYen"), asked))


def test_an_offer_taken_back_is_gone_from_the_chain(app: Flask) -> None:
    seller = given.an_account()
    token_id = promised(seller, given.a_listing())
    settle()
    offering.offer(token_id, seller, 5_000)
    offering.withdraw_offer(token_id, seller)
    settle()
    assert (offering.live_offer(token_id), offering.open_request(token_id)) == (None, None)


def test_a_chain_that_falls_back_ends_where_it_was(app: Flask, chain: LocalChain) -> None:
    seller = given.an_account()
    token_id = promised(seller, given.a_listing())
    settle()
    snapshot = chain.ask("evm_snapshot")
    offering.offer(token_id, seller, 5_000)
    settle()
    standing = offering.live_offer(token_id)
    assert standing is not None
    wallet.buy(standing.id)
    settle()
    before = statements.figures(), token(token_id).holder_address
    chain.ask("evm_revert", snapshot)
    settle()
    db.session.rollback()
    assert (statements.figures(), token(token_id).holder_address) == before


def test_the_terms_on_chain_are_those_of_the_right(app: Flask) -> None:
    listing_id = given.a_listing(kind="lecture", quantity=5)
    token_id = promised(given.an_account(), listing_id)
    settle()
    right = get(Listing, listing_id).right
    found = db.session.scalars(sa.select(Token).where(Token.token_id == token_id)).one()
    created = logged("SeriesCreated")
    assert created == {
        "seriesId": right.series_id,
        "kind": 2,
        "maxSupply": 5,
        "usesPerToken": 12,
        "royaltyBps": 500,
        "validUntil": 0,
        "tradableFrom": 0,
        "transferable": True,
        "revocable": False,
        "termsHash": "0x" + str(right.text_hash).removeprefix("sha256:"),
    }
    assert logged("RightIssued")["ref"] == found.ref


def logged(name: str) -> dict[str, object]:
    """What the one event of this name said."""
    args: dict[str, object] = db.session.scalars(sa.select(Log.args).where(Log.name == name)).one()
    return args
