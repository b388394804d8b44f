"""The message of Sign-In with Ethereum is read strictly, and the signer is who really signed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given as each
from hypothesis import settings as examples
from hypothesis import strategies as st

from marketplace.holders.siwe import HALF_ORDER, BadMessage, BadSignature, Message, parse, signer
from marketplace.kit.addresses import checksum
from tests.wallets import OwnWallet

HANA = OwnWallet("hana")
AT = datetime(2026, 11, 25, 1, 2, 3, tzinfo=UTC)
MESSAGE = Message(
    domain="town.example.jp",
    address=HANA.address,
    statement="I want to take public rights out of the custody of the town into this wallet.",
    uri="https://town.example.jp/mypage/wallets",
    chain_id=706_123,
    nonce="0123456789abcdef01234567",
    issued_at=AT,
    expires_at=AT.replace(minute=32),
)


def test_what_is_written_is_what_is_read() -> None:
    assert parse(MESSAGE.text()) == MESSAGE


def test_a_form_that_ends_its_lines_its_own_way_changes_nothing() -> None:
    through_a_form = MESSAGE.text().replace("\n", "\r\n")
    assert parse(through_a_form) == MESSAGE
    assert signer(through_a_form, HANA.sign(MESSAGE.text())) == HANA.address


def test_the_layout_is_that_of_the_standard() -> None:
    """https://eips.ethereum.org/EIPS/eip-4361#example-message, with our words in it."""
    assert MESSAGE.text().split("\n") == [
        "town.example.jp wants you to sign in with your Ethereum account:",
        HANA.address,
        "",
        "I want to take public rights out of the custody of the town into this wallet.",
        "",
        "URI: https://town.example.jp/mypage/wallets",
        "Version: 1",
        "Chain ID: 706123",
        "Nonce: 0123456789abcdef01234567",
        "Issued At: 2026-11-25T01:02:03Z",
        "Expiration Time: 2026-11-25T01:32:03Z",
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Version: 1", "Version: 2"),
        ("Version: 1\n", ""),
        ("Nonce: 0123456789abcdef01234567", "Nonce: 0123456"),
        ("Nonce: 0123456789abcdef01234567", "Nonce: 0123456789-bcdef0"),
        ("2026-11-25T01:02:03Z", "2026-02-30T01:02:03Z"),
        ("2026-11-25T01:02:03Z", "yesterday"),
        ("\nExpiration Time: 2026-11-25T01:32:03Z", ""),
        ("Chain ID: 706123", "Chain ID: １"),
        ("I want", "欲しい"),
        ("wants you", "want you"),
        ("01:32:03Z", "01:32:03Z\nNot Before: 2027-01-01T00:00:00Z"),
        ("01:32:03Z", "01:32:03Z\nResources:\n- https://elsewhere.example/everything"),
        ("01:32:03Z", "01:32:03Z\n"),
        ("town.example.jp wants", "https://town.example.jp wants"),
        ("town.example.jp wants", "town.example.jp/x wants"),
    ],
)
def test_what_the_standard_or_we_do_not_want_is_not_read(old: str, new: str) -> None:
    text = MESSAGE.text()
    assert old in text
    with pytest.raises(BadMessage):
        parse(text.replace(old, new, 1))


def test_an_address_without_its_capitals_is_not_read() -> None:
    with pytest.raises(BadMessage):
        parse(replace(MESSAGE, address=HANA.address.lower()).text())


@examples(max_examples=25)
@each(st.text(max_size=60), st.binary(min_size=32, max_size=32))
def test_another_library_signs_and_we_recover(text: str, seed: bytes) -> None:
    wallet = OwnWallet(seed.hex())
    plain = text.replace("\r\n", "\n")
    assert signer(plain, wallet.sign(plain)) == checksum(wallet.address)


def test_one_letter_more_is_another_signer() -> None:
    assert signer(MESSAGE.text() + ".", HANA.sign(MESSAGE.text())) != HANA.address


def other_form(signature: str) -> str:
    """The same signature with the high s, which EIP-2 forbids."""
    made = bytes.fromhex(signature[2:])
    order = HALF_ORDER * 2 + 1
    s = order - int.from_bytes(made[32:64], "big")
    return "0x" + (made[:32] + s.to_bytes(32, "big") + bytes([55 - made[64]])).hex()


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "0x",
        "hello",
        "0x" + "00" * 65,
        "0x" + "ff" * 65,
        HANA.sign("x")[:-2],
        HANA.sign("x") + "00",
        HANA.sign("x")[:-2] + "1d",
        other_form(HANA.sign("x")),
    ],
    ids=["empty", "prefix", "word", "zeros", "ones", "short", "long", "no recovery", "high s"],
)
def test_what_is_no_signature_is_refused(signature: str) -> None:
    with pytest.raises(BadSignature):
        signer("x", signature)


def test_the_older_way_to_write_the_last_byte_is_read_too() -> None:
    made = HANA.sign("x")
    assert signer("x", made[:-2] + f"{int(made[-2:], 16) - 27:02x}") == HANA.address
