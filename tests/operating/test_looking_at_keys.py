"""The doctor on the town's keys: who else uses them, and whether they may what they should; by real transactions."""

from __future__ import annotations

import secrets

import pytest
from flask import Flask

from marketplace.accounts.models import Account
from marketplace.chain import following, guarding, register
from marketplace.chain.contract import call
from marketplace.chain.deploying import role_id
from marketplace.collections import swapping
from marketplace.collections.models import Swap
from marketplace.holders import giving, wallets, withdrawing
from marketplace.kit.db import db, get, transaction
from marketplace.listings.models import Listing
from marketplace.resale import offering, proceeds, wallet
from marketplace.settings import Settings
from marketplace.tokens import using
from marketplace.tokens.issuing import promise_token
from tests import given
from tests.chain.given import has, rekey
from tests.chain.thief import uses_the_key_of
from tests.deployment import pointed
from tests.local_chain import CHAIN_ID, LocalChain, free_port
from tests.operating.looked import codes, codes_with, findings
from tests.resale.stage import token
from tests.turns import settle
from tests.wallets import OwnWallet

pytestmark = [pytest.mark.node, pytest.mark.usefixtures("deployed")]
THIEF, FRIEND = OwnWallet("thief"), OwnWallet("friend")


@pytest.fixture
def chain(local_chain: LocalChain) -> LocalChain:
    return local_chain


@pytest.fixture
def settings(settings: Settings, chain: LocalChain) -> Settings:
    return pointed(settings, chain, demo=True, withdrawal_cooling_hours=0)


def rights(holder: int, listing_id: int, *serials: int) -> list[int]:
    """Issued to the holder's custody."""
    listing = get(Listing, listing_id)
    with transaction():
        found = [
            promise_token(listing.right_id, serial, listing.code, f"ORD-{listing_id}-{serial}", holder, 5)
            for serial in serials
        ]
    settle()
    return found


def own(account_id: int) -> str:
    found = "0x" + get(Account, account_id).custody_id
    db.session.rollback()
    return found


def lent(chain: LocalChain, holder: int, *token_ids: int) -> None:
    """With the custodian's key the thief allows a wallet of theirs to move these."""
    for token_id in token_ids:
        uses_the_key_of("custodian", chain, "RightsToken", "custodyApprove", own(holder), THIEF.address, token_id)


def moved_by_the_thief(chain: LocalChain, holder: str, token_id: int, nonce: int) -> None:
    """To whom it was lent."""
    data = "0x" + call("RightsToken", "transferFrom", [holder, FRIEND.address, token_id]).hex()
    fees = {"gas": 500_000, "maxFeePerGas": 0, "maxPriorityFeePerGas": 0, "value": 0, "chainId": CHAIN_ID}
    where = register.address_of("RightsToken")
    db.session.rollback()
    sent = chain.ask("eth_sendRawTransaction", THIEF.transaction(nonce=nonce, to=where, data=data, **fees))
    assert chain.mined(sent)["status"] == "0x1"
    settle()


def test_nothing_that_the_town_does_is_taken_for_a_thief(app: Flask, hana: int, ken: int) -> None:
    cards, more = (given.a_listing(kind="card", quantity=5, title_ja=name) for name in ("わらび", "うど"))
    lectures = given.a_listing(kind="lecture", quantity=5)
    first, second, third, fourth = rights(hana, cards, 1, 2, 3, 4)
    [his] = rights(ken, more, 1)
    [lecture] = rights(hana, lectures, 1)
    giving.accept(giving.give(first, hana, "ken@example.jp"), ken)
    text = wallets.ask(hana, FRIEND.address)
    withdrawing.ask(second, hana, wallets.prove(hana, text, FRIEND.sign(text)))
    withdrawing.release_due()
    swap_id = swapping.offer(third, hana, get(Listing, more).right_id, None, None, 14)
    swapping.accept(swap_id, ken, his)
    offering.offer(fourth, hana, 5_000)
    with transaction():
        using.write_down(lecture, "0x" + secrets.token_hex(32))
    settle()
    standing = offering.live_offer(fourth)
    assert standing is not None
    wallet.buy(standing.id)
    settle()
    proceeds.draw(hana, FRIEND.address)
    for role in ("custodian", "issuer", "redeemer"):
        rekey(role)
    settle()
    holders = [token(each).holder_id or token(each).holder_address for each in (first, second, third, fourth, his)]
    assert holders == [ken, FRIEND.address, ken, register.signer_of("wallet:demo"), hana]
    assert get(Swap, swap_id).state == "swapped"
    db.session.rollback()
    assert (codes("keys", deep=True), codes("chain")) == ([], [])
    following.read_anew()
    settle()
    assert (codes("keys", deep=True), codes("chain")) == ([], [])


def test_a_thief_who_moves_a_right_is_told_with_the_key_and_the_right(
    app: Flask, chain: LocalChain, hana: int, settings: Settings
) -> None:
    [token_id] = rights(hana, given.a_listing(), 1)
    custodian = register.signer_of("custodian")
    uses_the_key_of("custodian", chain, "RightsToken", "custodyTransfer", own(hana), THIEF.address, token_id)
    settle()
    assert token(token_id).holder_address == THIEF.address
    db.session.rollback()
    [finding] = findings("keys")
    assert (finding.fault.code, finding.seen) == (
        "keys.misused",
        {"role": "custodian", "address": custodian, "count": 1, "rights": str(token_id)},
    )
    assert codes("chain") == []
    assert codes_with(settings, "keys", chain_url=f"http://127.0.0.1:{free_port()}") == []
    assert codes_with(settings, "keys", chain_id=1337) == []
    rekey("custodian")
    settle()
    assert codes("keys", deep=True) == []


def test_a_loan_that_a_thief_made_is_told_when_it_is_used_even_after_the_key_was_replaced(
    app: Flask, chain: LocalChain, hana: int
) -> None:
    first, second = rights(hana, given.a_listing(quantity=2), 1, 2)
    custody = str(token(first).holder_address)
    lent(chain, hana, first, second)
    assert (codes("keys"), codes("chain")) == (["keys.misused"], [])
    moved_by_the_thief(chain, custody, first, nonce=0)
    rekey("custodian")
    moved_by_the_thief(chain, custody, second, nonce=1)
    assert codes("keys", deep=True) == []
    [finding] = findings("chain")
    assert (finding.fault.code, finding.seen) == ("chain.taken", {"days": 7, "rights": f"{first}, {second}"})


def test_a_key_without_its_role_is_told(app: Flask, chain: LocalChain) -> None:
    redeemer = register.signer_of("redeemer")
    uses_the_key_of("town", chain, "UsageRegistry", "revokeRole", role_id("REDEEMER_ROLE"), redeemer)
    assert codes("keys") == ["keys.misused"]
    _, finding = findings("keys", deep=True)
    assert (finding.fault.code, finding.seen) == (
        "keys.no_role",
        {"role": "redeemer", "address": redeemer, "power": "REDEEMER_ROLE", "name": "UsageRegistry"},
    )
    guarding.vouch("town", lambda _line: None)
    rekey("redeemer")
    settle()
    assert codes("keys", deep=True) == []


def test_whoever_was_let_in_by_a_thief_is_told_and_put_out_with_the_next_key(app: Flask, chain: LocalChain) -> None:
    uses_the_key_of("town", chain, "RightsToken", "grantRole", role_id("ISSUER_ROLE"), THIEF.address)
    settle()
    misused, stray = findings("keys", deep=True)
    assert (misused.fault.code, stray.fault.code, stray.seen) == (
        "keys.misused",
        "keys.stray",
        {"address": THIEF.address, "power": "ISSUER_ROLE", "name": "RightsToken", "role": "issuer"},
    )
    guarding.vouch("town", lambda _line: None)
    rekey("issuer")
    settle()
    assert (codes("keys", deep=True), has("RightsToken", "ISSUER_ROLE", THIEF.address)) == ([], False)
