"""A right that was sold elsewhere: read from the transaction that moved it, counted where it was paid in our yen."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from eth_abi.abi import encode
from flask import Flask

from marketplace.accounts.models import Account
from marketplace.chain import contract, events, register, seaport
from marketplace.chain.models import Log
from marketplace.chain.sending import promise
from marketplace.kit.addresses import checksum
from marketplace.kit.db import db, get, transaction
from marketplace.listings.models import Listing
from marketplace.resale import statements
from marketplace.resale.models import Market, Trade
from marketplace.settings import Settings
from marketplace.tokens.issuing import promise_token
from tests import given
from tests.chainlogs import somebody
from tests.databases import chosen
from tests.deployment import pointed
from tests.local_chain import LocalChain
from tests.resale.stage import token
from tests.turns import settle

pytestmark = [
    pytest.mark.usefixtures("deployed"),
    pytest.mark.node,
    pytest.mark.skipif(chosen() != "sqlite", reason="where a right was sold is no matter of the database"),
]

SELLER, BUYER, STRANGER = somebody("seller"), somebody("buyer"), somebody("stranger")
NOBODY = "0x" + "0" * 40
COIN, YEN, RIGHT = 0, 1, 2


@pytest.fixture
def chain(local_chain: LocalChain) -> LocalChain:
    return local_chain


@pytest.fixture
def bazaar(chain: LocalChain) -> str:
    """Where the other marketplace is: known before the town listens, as the real one would be."""
    made = contract.artifact("test/SeaportLike").bytecode
    return checksum(done(chain, STRANGER, None, made)["contractAddress"])


@pytest.fixture
def settings(settings: Settings, chain: LocalChain, bazaar: str) -> Settings:
    return pointed(settings, chain, seaport_addresses=bazaar)


@pytest.fixture
def rights(app: Flask, chain: LocalChain, bazaar: str) -> list[int]:
    """Two rights in the seller's own wallet, which trusts the other marketplace."""
    account = given.an_account()
    listing = get(Listing, given.a_listing(quantity=3))
    with transaction():
        found = [
            promise_token(listing.right_id, serial, listing.code, f"ORD-{serial}", account, 3) for serial in (1, 2)
        ]
    settle()
    custody = "0x" + get(Account, account).custody_id
    with transaction():
        for token_id in found:
            promise(f"out:{token_id}", "custodian", "RightsToken", "custodyTransfer", [custody, SELLER, token_id])
    settle()
    trust = contract.call("RightsToken", "setApprovalForAll", [bazaar, True])
    done(chain, SELLER, register.address_of("RightsToken"), trust)
    return found


def done(chain: LocalChain, who: str, to: str | None, data: bytes) -> dict[str, Any]:
    """A transaction of somebody whose key we do not have; its receipt."""
    chain.ask("anvil_impersonateAccount", who)
    fields = {"from": who, "data": "0x" + data.hex(), "gas": hex(3_000_000), "gasPrice": "0x0"}
    sent = chain.ask("eth_sendTransaction", {**fields, **({"to": to} if to else {})})
    receipt = chain.mined(sent)
    assert receipt["status"] == "0x1"
    return receipt


Given = tuple[int, str, int, int]
Received = tuple[int, str, int, int, str]


def fulfil(
    chain: LocalChain, bazaar: str, *orders: tuple[str, str, list[Given], list[Received]], moved: list[int]
) -> str:
    """(offerer, recipient, offer, consideration) each; these rights go from the seller to the buyer."""
    told = [(bytes([number + 1]) * 32, *order) for number, order in enumerate(orders)]
    movements = [(register.address_of("RightsToken"), SELLER, BUYER, token_id) for token_id in moved]
    item = "uint8,address,uint256,uint256"
    kinds = [f"(bytes32,address,address,({item})[],({item},address)[])[]", "(address,address,address,uint256)[]"]
    part = contract.artifact("test/SeaportLike").functions["fulfil"]
    receipt = done(chain, STRANGER, bazaar, contract.selector(part) + encode(kinds, [told, movements]))
    return str(receipt["transactionHash"])


def right(token_id: int) -> Given:
    return RIGHT, register.address_of("RightsToken"), token_id, 1


def yen(amount: int) -> Given:
    return YEN, register.address_of("TestYen"), 0, amount


def trades() -> list[tuple[int, str, str, int, int, Market]]:
    rows = db.session.scalars(sa.select(Trade).order_by(Trade.block_number, Trade.token_id))
    return [(row.token_id, row.seller, row.buyer, row.price_yen, row.royalty_yen, row.marketplace) for row in rows]


def fund() -> str:
    args = db.session.scalars(sa.select(Log.args).where(Log.name == "TreasuryChanged")).one()
    return str(args["treasury"])


def test_an_offer_to_sell_that_was_taken_is_a_sale(chain: LocalChain, bazaar: str, rights: list[int]) -> None:
    paid = [(*yen(2_850), SELLER), (*yen(150), fund())]
    fulfil(chain, bazaar, (SELLER, BUYER, [right(rights[0])], paid), moved=rights[:1])
    settle()
    assert trades() == [(rights[0], SELLER, BUYER, 3_000, 150, Market.SEAPORT)]
    assert (token(rights[0]).holder_address, statements.figures().volume) == (BUYER, 3_000)
    assert [(step.kind, step.price_yen) for step in statements.history(rights[0])][-1] == ("sale", 3_000)


def test_an_offer_to_buy_that_was_taken_is_a_sale(chain: LocalChain, bazaar: str, rights: list[int]) -> None:
    """The seller pays the royalty out of what the buyer offered."""
    wanted = [(*right(rights[0]), BUYER), (*yen(200), fund())]
    fulfil(chain, bazaar, (BUYER, SELLER, [yen(4_000)], wanted), moved=rights[:1])
    settle()
    assert trades() == [(rights[0], SELLER, BUYER, 4_000, 200, Market.SEAPORT)]


def test_two_orders_matched_with_each_other_are_one_sale(chain: LocalChain, bazaar: str, rights: list[int]) -> None:
    """Seaport tells of both, and names no recipient."""
    sell = (SELLER, NOBODY, [right(rights[0])], [(*yen(3_000), SELLER)])
    buy = (BUYER, NOBODY, [yen(3_000)], [(*right(rights[0]), BUYER)])
    fulfil(chain, bazaar, sell, buy, moved=rights[:1])
    settle()
    assert trades() == [(rights[0], SELLER, BUYER, 3_000, 0, Market.SEAPORT)]


def test_a_price_in_coins_is_kept_but_is_no_price_in_yen(chain: LocalChain, bazaar: str, rights: list[int]) -> None:
    coins = (COIN, NOBODY, 0, 10**16, SELLER)
    fulfil(chain, bazaar, (SELLER, BUYER, [right(rights[0])], [coins]), moved=rights[:1])
    settle()
    [args] = db.session.scalars(sa.select(Log.args).where(Log.name == seaport.NAME)).all()
    assert (args["currency"], args["price"], args["paid"]) == (NOBODY, 10**16, [[SELLER, 10**16]])
    assert (trades(), token(rights[0]).holder_address) == ([], BUYER)


def test_a_bundle_and_the_sales_of_others_are_not_sales_of_a_right(
    chain: LocalChain, bazaar: str, rights: list[int]
) -> None:
    bundle = (SELLER, BUYER, [right(each) for each in rights], [(*yen(5_000), SELLER)])
    other = (SELLER, BUYER, [(RIGHT, somebody("another collection"), 1, 1)], [(*yen(9), SELLER)])
    fulfil(chain, bazaar, bundle, other, moved=rights)
    settle()
    assert (trades(), [token(each).holder_address for each in rights]) == ([], [BUYER, BUYER])


def test_what_an_unknown_contract_says_counts_for_nothing(
    app: Flask, chain: LocalChain, bazaar: str, rights: list[int]
) -> None:
    app.extensions["hiroba.settings"] = app.extensions["hiroba.settings"].model_copy(
        update={"seaport_addresses": somebody("the real one")}
    )
    fulfil(chain, bazaar, (SELLER, BUYER, [right(rights[0])], [(*yen(3_000), SELLER)]), moved=rights[:1])
    settle()
    assert (trades(), token(rights[0]).holder_address) == ([], BUYER)


def test_a_sale_that_the_chain_takes_back_is_gone(chain: LocalChain, bazaar: str, rights: list[int]) -> None:
    before = chain.ask("evm_snapshot")
    fulfil(chain, bazaar, (SELLER, BUYER, [right(rights[0])], [(*yen(3_000), SELLER)]), moved=rights[:1])
    settle()
    chain.ask("evm_revert", before)
    settle()
    assert (trades(), token(rights[0]).holder_address) == ([], SELLER)


def test_the_topic_is_seaports() -> None:
    """As https://etherscan.io shows it for every OrderFulfilled."""
    assert seaport.TOPIC == "0x9d9af8e38d66c62e2c12f0225249fd9d721c54b83f48d9352c97c6cacdcb6f31"
    assert seaport.TOPIC not in events.TOPICS
