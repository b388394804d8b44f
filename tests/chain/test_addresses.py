"""Custody addresses by themselves (against the contract: tests/contracts)."""

import pytest

from marketplace.chain.addresses import custody_address_at

ONE, OTHER = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"


def test_custody_differs_by_account_by_chain_and_by_collection() -> None:
    made = {
        custody_address_at("0x" + "01" * 32, 1, ONE),
        custody_address_at("0x" + "02" * 32, 1, ONE),
        custody_address_at("0x" + "01" * 32, 2, ONE),
        custody_address_at("0x" + "01" * 32, 1, OTHER),
    }
    assert len(made) == 4


def test_a_custody_id_is_32_bytes() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        custody_address_at("0x01", 1, ONE)
