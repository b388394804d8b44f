"""A sale between two wallets that the town has nothing to do with. How soon it is seen: `benchmarks resale`."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts.models import Account
from marketplace.chain.contract import RIGHTS, YEN
from marketplace.chain.following import follow_once
from marketplace.chain.sending import promise
from marketplace.kit.db import get, transaction
from marketplace.listings.models import Listing
from marketplace.outbox import keeping
from marketplace.resale import calls, offering
from marketplace.settings import Settings
from marketplace.tokens.issuing import promise_token
from tests import given
from tests.deployment import pointed
from tests.injected import Injected
from tests.local_chain import LocalChain
from tests.resale.stage import token
from tests.turns import settle
from tests.wallets import OwnWallet

pytestmark = [pytest.mark.node, pytest.mark.usefixtures("deployed")]
HANA, BUYER = OwnWallet("hana"), OwnWallet("buyer")


@pytest.fixture
def settings(settings: Settings, local_chain: LocalChain) -> Settings:
    return pointed(settings, local_chain)


def sold_outside(chain: LocalChain, token_id: int, seller: OwnWallet, buyer: OwnWallet, price: int) -> str:
    """By the calls that the page writes for wallets; the hash of the purchase. The offer was heard of before, as its
    page was what the buyer saw."""
    at = calls.market()
    assert at is not None
    sale, mine = calls.sale(at, token(token_id)), Injected(seller, chain)
    mine.send(at.rights, sale.approve)
    chain.mined(mine.send(at.market, sale.list.replace("{price}", f"{price:064x}")))
    settle()
    offer = offering.live_offer(token_id)
    assert offer is not None
    purchase, theirs = calls.purchase(at, offer), Injected(buyer, chain)
    theirs.send(at.yen, purchase.approve)
    return theirs.send(at.market, purchase.buy.replace("{me}", buyer.address[2:].lower()))


def test_a_sale_out_of_a_wallet_of_ones_own_is_on_the_pages_after_one_turn_of_who_follows_and_who_hears(
    app: Flask, client: FlaskClient, local_chain: LocalChain
) -> None:
    account, listing = given.an_account(), get(Listing, given.a_listing())
    with transaction():
        token_id = promise_token(listing.right_id, 1, listing.code, "ORD-1", account, listing.quantity)
    settle()  # two senders: what moves a token may be mined before what issues it
    with transaction():
        custody = "0x" + get(Account, account).custody_id
        promise("out", "custodian", RIGHTS, "custodyTransfer", [custody, HANA.address, token_id])
        for wallet in (HANA, BUYER):
            promise(f"yen:{wallet.name}", "town", YEN, "mint", [wallet.address, 10_000])
    settle()
    bought = sold_outside(local_chain, token_id, HANA, BUYER, 3_000)
    local_chain.mined(bought)
    follow_once()
    keeping.drain()
    newest = client.get("/api/v1/resales").get_json()["items"][0]
    assert (newest["tx"], newest["price_yen"]) == (bought, 3_000)
