"""A wallet is somebody's once it signed what we asked of it: for this site, this person, now, and once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.chain.register import contracts
from marketplace.holders import siwe, wallets
from marketplace.holders.models import Wallet
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db, get
from marketplace.kit.refusals import Refused
from marketplace.tokens.custody import custody_of
from marketplace.tokens.models import NOBODY
from tests.chainlogs import Chain
from tests.holders.stage import mails, proved, refusal
from tests.racing import at_once
from tests.wallets import OwnWallet

HANA = OwnWallet("hana")


def test_a_wallet_that_signed_is_kept_with_its_proof(chain: Chain, hana: int) -> None:
    text = wallets.ask(hana, HANA.address.lower())
    wallet = get(Wallet, wallets.prove(hana, text.replace("\n", "\r\n"), f" {HANA.sign(text)} "))
    assert (wallet.account_id, wallet.address, siwe.signer(wallet.message, wallet.signature)) == (
        hana,
        HANA.address,
        HANA.address,
    )
    assert mails("hana@example.jp") == ["wallet_proved"]


def test_proved_twice_it_is_the_same_wallet(chain: Chain, hana: int) -> None:
    assert proved(hana, HANA) == proved(hana, HANA)
    assert [wallet.address for wallet in wallets.wallets_of(hana)] == [HANA.address]


def test_a_signature_is_good_for_one_proof(chain: Chain, hana: int) -> None:
    text = wallets.ask(hana, HANA.address)
    wallets.prove(hana, text, HANA.sign(text))
    assert refusal(lambda: wallets.prove(hana, text, HANA.sign(text))) == "wallet_proof_expired"


def test_of_proofs_at_once_one_counts(app: Flask, chain: Chain, hana: int) -> None:
    text = wallets.ask(hana, HANA.address)
    found = at_once(app, 3, lambda _: wallets.prove(hana, text, HANA.sign(text)))
    assert sorted(each.code if isinstance(each, Refused) else "proved" for each in found) == [
        "proved",
        *["wallet_proof_expired"] * 2,
    ]


def test_a_signature_for_one_person_proves_nothing_of_another(chain: Chain, hana: int, ken: int) -> None:
    text = wallets.ask(hana, HANA.address)
    assert refusal(lambda: wallets.prove(ken, text, HANA.sign(text))) == "wallet_proof_expired"
    wallets.prove(hana, text, HANA.sign(text))


def test_a_signature_comes_in_time(chain: Chain, hana: int) -> None:
    text = wallets.ask(hana, HANA.address)
    with pretending(now() + timedelta(minutes=wallets.MINUTES)):
        assert refusal(lambda: wallets.prove(hana, text, HANA.sign(text))) == "wallet_proof_expired"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"domain": "elsewhere.example.jp"}, "bad_wallet_message"),
        ({"uri": "http://127.0.0.1/elsewhere"}, "bad_wallet_message"),
        ({"chain_id": 1}, "bad_wallet_message"),
        ({"statement": "I give everything to somebody"}, "bad_wallet_message"),
        ({"nonce": "0123456789abcdef"}, "wallet_proof_expired"),
        ({"expires_days": 365}, None),
    ],
    ids=["domain", "uri", "chain", "statement", "nonce", "a longer life"],
)
def test_only_what_we_asked_for_counts_though_the_wallet_really_signed_it(
    chain: Chain, hana: int, change: dict[str, object], code: str | None
) -> None:
    message = siwe.parse(wallets.ask(hana, HANA.address))
    if days := change.pop("expires_days", None):
        assert isinstance(days, int)
        change["expires_at"] = message.expires_at + timedelta(days=days)
    text = replace(message, **change).text()  # type: ignore[arg-type]
    if code is not None:
        assert refusal(lambda: wallets.prove(hana, text, HANA.sign(text))) == code
        return
    with pretending(now() + timedelta(minutes=wallets.MINUTES)):  # ours is what ends it
        assert refusal(lambda: wallets.prove(hana, text, HANA.sign(text))) == "wallet_proof_expired"


def test_an_address_that_is_none_or_nobodys_is_not_asked(chain: Chain, hana: int) -> None:
    mistyped = HANA.address[:-1] + ("0" if HANA.address[-1] != "0" else "1")
    typed = ["", "hana", HANA.address[2:], HANA.address + "0", mistyped, HANA.address.swapcase().replace("0X", "0x")]
    codes = [refusal(lambda address=address: wallets.ask(hana, address)) for address in typed]  # type: ignore[misc]
    nobodys = [NOBODY, *contracts().values(), custody_of(hana)]
    lost = [refusal(lambda address=address: wallets.ask(hana, address)) for address in nobodys]  # type: ignore[misc]
    assert (codes, lost) == (["bad_wallet_address"] * 6, ["nobodys_wallet"] * len(nobodys))


def test_two_people_of_one_household_may_share_a_wallet(chain: Chain, hana: int, ken: int) -> None:
    assert proved(hana, HANA) != proved(ken, HANA)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Wallet)) == 2
