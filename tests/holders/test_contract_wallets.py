"""A wallet that is a contract proves itself by its own word, on our chain; nobody else's signature passes for it."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.chain.contract import creation
from marketplace.chain.register import contracts
from marketplace.holders import contract_wallets, siwe, wallets, withdrawing
from marketplace.holders.models import Wallet
from marketplace.kit.db import get, transaction
from marketplace.kit.refusals import Unavailable
from marketplace.listings.models import Listing
from marketplace.settings import Settings
from marketplace.tokens.issuing import promise_token
from tests import given
from tests.deployment import pointed
from tests.holders.stage import refusal
from tests.local_chain import CHAIN_ID, LocalChain
from tests.pages import read, send
from tests.resale.stage import token
from tests.turns import settle
from tests.wallets import OwnWallet

pytestmark = [pytest.mark.node, pytest.mark.usefixtures("deployed")]
HANA, JIRO, STRANGER = OwnWallet("hana"), OwnWallet("jiro"), OwnWallet("stranger")


@pytest.fixture
def chain(local_chain: LocalChain) -> LocalChain:
    return local_chain


@pytest.fixture
def settings(settings: Settings, chain: LocalChain) -> Settings:
    return pointed(settings, chain, withdrawal_cooling_hours=0)


@pytest.fixture
def shared(app: Flask, chain: LocalChain) -> str:
    """The address of a wallet for which Hana and Jiro sign together."""
    sent = chain.ask("eth_sendRawTransaction", wallet_of(HANA.address, JIRO.address))
    return wallets.read_address(chain.mined(sent)["contractAddress"])


def wallet_of(*owners: str) -> str:
    data = "0x" + creation("test/ContractWallet", owners).hex()
    fees = {"gas": 1_000_000, "maxFeePerGas": 0, "maxPriorityFeePerGas": 0}
    return HANA.transaction(nonce=0, value=0, data=data, chainId=CHAIN_ID, **fees)


def both(text: str, *signers: OwnWallet) -> str:
    """What the people of a shared wallet sign, one after the other."""
    return "0x" + "".join(each.sign(text)[2:] for each in signers or (HANA, JIRO))


def test_it_is_proved_by_what_it_agrees_to_and_the_proof_is_kept(shared: str, hana: int) -> None:
    text = wallets.ask(hana, shared)
    wallet = get(Wallet, wallets.prove(hana, text.replace("\n", "\r\n"), both(text)))
    assert (wallet.address, wallet.message, wallet.signature) == (shared, text, both(text))
    assert refusal(lambda: wallets.prove(hana, text, both(text))) == "wallet_proof_expired"


def test_a_right_is_taken_into_it(shared: str, hana: int) -> None:
    listing = get(Listing, given.a_listing(price_yen=1_000))
    with transaction():
        token_id = promise_token(listing.right_id, 1, listing.code, "ORD-1", hana, listing.quantity)
    settle()
    text = wallets.ask(hana, shared)
    withdrawing.ask(token_id, hana, wallets.prove(hana, text, both(text)))
    withdrawing.release_due()
    settle()
    assert (token(token_id).holder_address, token(token_id).holder_id) == (shared, None)


def test_whose_signature_it_does_not_call_its_own_proves_nothing(shared: str, hana: int) -> None:
    text = wallets.ask(hana, shared)
    wrong = {
        "the other way round": both(text, JIRO, HANA),
        "of something else": both(text + " and more"),
        "of one of them": HANA.sign(text),
        "of a stranger": both(text, HANA, STRANGER),
    }
    outcomes = {name: refusal(lambda made=made: wallets.prove(hana, text, made)) for name, made in wrong.items()}  # type: ignore[misc]
    assert outcomes == dict.fromkeys(wrong, "another_signer")
    wallets.prove(hana, text, both(text))


def test_where_no_contract_lies_the_key_alone_counts(shared: str, hana: int) -> None:
    text = wallets.ask(hana, STRANGER.address)
    assert refusal(lambda: wallets.prove(hana, text, HANA.sign(text))) == "another_signer"
    assert refusal(lambda: wallets.prove(hana, text, both(text))) == "bad_signature"
    wallets.prove(hana, text, STRANGER.sign(text))


def test_a_contract_that_is_no_wallet_agrees_to_nothing(shared: str, hana: int, chain: LocalChain) -> None:
    assert contract_wallets.agrees(contracts()["RightsToken"], bytes(32), bytes(65)) is False


def test_while_the_chain_is_away_a_key_still_proves_itself_and_a_contract_waits(
    client: FlaskClient, shared: str, hana: int, chain: LocalChain
) -> None:
    given.signed_in(client, hana)
    asked = read(client.get("/mypage/wallets")).form("/mypage/wallets")
    form = read(send(client, asked, {"address": shared})).form("/mypage/wallets/proof")
    text = siwe.parse(form.value("message")).text()
    own = wallets.ask(hana, HANA.address)
    chain.process.kill()
    chain.process.wait()
    with pytest.raises(Unavailable):
        wallets.prove(hana, text, both(text))
    answer = send(client, form, {"signature": both(text)})
    kept = read(answer).form("/mypage/wallets/proof")
    assert (answer.status_code, kept.value("signature")) == (503, both(text))
    assert "少し待ってから、もう一度お試しください" in read(answer).words
    wallets.prove(hana, own, HANA.sign(own))
