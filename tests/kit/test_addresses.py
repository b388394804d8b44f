"""Addresses as EIP-55 writes them, and those that are mistyped."""

import pytest

from marketplace.kit.addresses import checksum, mistyped

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


@pytest.mark.parametrize("address", EIP_55)
def test_an_address_in_its_own_capitals_or_in_one_case_is_well_typed(address: str) -> None:
    assert [mistyped(each) for each in (address, address.lower(), "0x" + address[2:].upper())] == [False] * 3


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "seaport",
        EIP_55[0][2:],
        EIP_55[0] + "0",
        "0x" + "g" * 40,
        "0x-" + "1" * 39,
        EIP_55[0].replace("d", "e"),
        EIP_55[0].replace("aA", "Aa"),
    ],
)
def test_what_is_no_address_or_has_a_wrong_digit_is_mistyped(wrong: str) -> None:
    assert mistyped(wrong)
