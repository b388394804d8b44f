"""Calls written as bytes, against web3's own encoder."""

from typing import Any

import pytest
from web3 import Web3

from marketplace.chain import contract

HANAKO = "0x52908400098527886E0F7030069857D2E4169EE7"
TERMS: dict[str, Any] = {
    "maxSupply": 100,
    "usesPerToken": 12,
    "royaltyBps": 500,
    "validUntil": 1_900_000_000,
    "tradableFrom": 0,
    "kind": 2,
    "transferable": True,
    "revocable": False,
    "termsHash": "0x" + "ab" * 32,
}


def test_a_call_from_json_is_what_web3_would_send() -> None:
    made = Web3().eth.contract(abi=list(contract.artifact("RightsToken").abi))
    batch = [{"to": HANAKO, "serial": 1, "ref": "0x" + "11" * 32}]
    theirs = made.encode_abi("issueBatch", [7, [(HANAKO, 1, b"\x11" * 32)]])
    assert "0x" + contract.data("RightsToken", "issueBatch", [7], batch).hex() == theirs
    theirs = made.encode_abi("createSeries", [7, (*list(TERMS.values())[:-1], b"\xab" * 32), "ipfs://dir/"])
    assert "0x" + contract.call("RightsToken", "createSeries", [7, TERMS, "ipfs://dir/"]).hex() == theirs


def test_a_struct_may_be_a_list_in_order() -> None:
    by_name = contract.call("RightsToken", "createSeries", [7, TERMS, ""])
    assert contract.call("RightsToken", "createSeries", [7, list(TERMS.values()), ""]) == by_name


@pytest.mark.parametrize(
    "args",
    [
        [7],
        [7, TERMS],
        [-1, TERMS, ""],
        [7, {**TERMS, "maxSupply": 2**32}, ""],
        [7, {**TERMS, "surprise": 1}, ""],
        [7, {**TERMS, "termsHash": "0x" + "ab" * 33}, ""],
        ["7", TERMS, ""],
    ],
)
def test_arguments_that_do_not_fit_are_refused_at_once(args: list[Any]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 -- the words are those of eth_abi
        contract.call("RightsToken", "createSeries", args)


def test_there_is_no_call_of_an_unknown_function() -> None:
    with pytest.raises(KeyError):
        contract.call("RightsToken", "giveMeEverything", [])


def test_results_are_read() -> None:
    encoded = bytes(12) + bytes.fromhex(HANAKO[2:])
    assert contract.result("RightsToken", "ownerOf", encoded) == (HANAKO.lower(),)
