"""Addresses: EIP-55, and custody addresses by themselves (against the contract: tests/contracts)."""

import pytest

from marketplace.chain.addresses import checksum, custody_address_at

EIP_55 = [
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
    "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
    "0x52908400098527886E0F7030069857D2E4169EE7",
    "0xde709f2102306220921060314715629080e2fb77",
]
"""The examples in the text of the standard."""


@pytest.mark.parametrize("address", EIP_55)
def test_capitals_are_those_of_eip_55(address: str) -> None:
    assert checksum(address.lower()) == checksum("0x" + address[2:].upper()) == address


@pytest.mark.parametrize("wrong", ["", "0x12", "0x" + "g" * 40])
def test_what_is_no_address_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 -- int() and we both say ValueError, in different words
        checksum(wrong)


def test_custody_differs_by_account_by_chain_and_by_collection() -> None:
    one, other = EIP_55[0], EIP_55[1]
    made = {
        custody_address_at("0x" + "01" * 32, 1, one),
        custody_address_at("0x" + "02" * 32, 1, one),
        custody_address_at("0x" + "01" * 32, 2, one),
        custody_address_at("0x" + "01" * 32, 1, other),
    }
    assert len(made) == 4


def test_a_custody_id_is_32_bytes() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        custody_address_at("0x01", 1, EIP_55[0])
