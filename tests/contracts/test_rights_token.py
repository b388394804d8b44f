"""RightsToken on a real chain: what holders can rely on, and what nobody may do."""

from typing import Any

import pytest
from eth_account import Account
from web3 import Web3

from marketplace.chain import anvil, contract
from marketplace.chain.addresses import checksum, custody_address_at
from tests.contracts.conftest import Town
from tests.local_chain import CHAIN_ID

FIRST = 1_000_001
ACCOUNT = b"\xa1" * 32
NOBODY = "0x" + "00" * 20


def test_a_batch_issues_each_right_to_its_holder(town: Town) -> None:
    town.open_series()
    town.issue(1, (town.hanako.address, 1), (town.jiro.address, 2))
    assert (town.owner(FIRST), town.owner(FIRST + 1)) == (town.hanako.address, town.jiro.address)
    assert town.rights.functions.series(1).call()[1:] == (2, False)


def test_the_same_batch_again_issues_nothing(town: Town) -> None:
    town.open_series()
    town.issue(1, (town.hanako.address, 1), (town.jiro.address, 2))
    assert town.issue(1, (town.hanako.address, 1), (town.jiro.address, 2))["logs"] == []
    assert town.rights.functions.series(1).call()[1] == 2


def test_a_batch_that_overlaps_issues_only_what_is_new(town: Town) -> None:
    town.open_series()
    town.issue(1, (town.hanako.address, 1))
    town.issue(1, (town.jiro.address, 1), (town.jiro.address, 2))
    assert (town.owner(FIRST), town.owner(FIRST + 1)) == (town.hanako.address, town.jiro.address)


def test_one_serial_twice_in_a_batch_goes_to_the_first(town: Town) -> None:
    town.open_series()
    town.issue(1, (town.hanako.address, 1), (town.jiro.address, 1))
    assert town.owner(FIRST) == town.hanako.address
    assert town.rights.functions.series(1).call()[1] == 1


def test_a_revoked_right_is_never_issued_again(town: Town) -> None:
    town.open_series(revocable=True)
    town.issue(1, (town.hanako.address, 1))
    town.act(town.issuer, town.rights.functions.revoke(FIRST, b"\x01" * 32))
    assert town.issue(1, (town.jiro.address, 1))["logs"] == []
    assert town.rights.functions.wasIssued(FIRST).call() is True


@pytest.mark.parametrize("serial", [0, 11])
def test_a_serial_outside_the_series_is_refused(town: Town, serial: int) -> None:
    town.open_series(maxSupply=10)
    batch = [(town.hanako.address, serial, b"\0" * 32)]
    assert town.refused(town.issuer, town.rights.functions.issueBatch(1, batch)) == "BadSerial"


def test_a_series_is_created_once(town: Town) -> None:
    town.open_series()
    again = town.rights.functions.createSeries(1, town.terms(maxSupply=999), "ipfs://other/")
    assert town.refused(town.issuer, again) == "SeriesExists"


@pytest.mark.parametrize(
    ("series", "terms", "error"),
    [
        (0, {}, "BadSeries"),
        (2**32, {}, "BadSeries"),
        (1, {"maxSupply": 0}, "BadSupply"),
        (1, {"maxSupply": 1_000_000}, "BadSupply"),
        (1, {"royaltyBps": 1_001}, "RoyaltyTooHigh"),
    ],
)
def test_a_series_beyond_the_limits_is_refused(town: Town, series: int, terms: dict[str, Any], error: str) -> None:
    creation = town.rights.functions.createSeries(series, town.terms(**terms), "")
    assert town.refused(town.issuer, creation) == error


def test_the_last_serial_of_one_series_is_not_the_first_of_the_next(town: Town) -> None:
    town.open_series(1, maxSupply=999_999)
    town.open_series(2)
    town.issue(1, (town.hanako.address, 999_999))
    town.issue(2, (town.jiro.address, 1))
    assert (town.owner(1_999_999), town.owner(2_000_001)) == (town.hanako.address, town.jiro.address)


def test_issue_in_a_series_that_does_not_exist_is_refused(town: Town) -> None:
    batch = [(town.hanako.address, 1, b"\0" * 32)]
    assert town.refused(town.issuer, town.rights.functions.issueBatch(7, batch)) == "NoSeries"


def test_strangers_may_do_nothing_that_needs_a_role(town: Town) -> None:
    town.open_series(revocable=True)
    town.issue(1, (town.stranger.address, 1))
    do = town.rights.functions
    forbidden = [
        do.createSeries(2, town.terms(), ""),
        do.issueBatch(1, [(town.stranger.address, 2, b"\0" * 32)]),
        do.revoke(FIRST, b"\0" * 32),
        do.setSeriesURI(1, "ipfs://mine/"),
        do.setTokenURI(FIRST, "ipfs://mine"),
        do.freezeSeries(1),
        do.setContractURI("ipfs://mine"),
        do.setTreasury(town.stranger.address),
        do.pause(),
        do.custodyTransfer(ACCOUNT, town.stranger.address, FIRST),
        do.custodyApprove(ACCOUNT, town.stranger.address, FIRST),
    ]
    refusals = {each.fn_name: town.refused(town.stranger, each) for each in forbidden}
    assert set(refusals.values()) == {"AccessControlUnauthorizedAccount"}
    assert len(refusals) == len(forbidden)


def test_the_issuer_is_not_the_custodian_nor_the_editor(town: Town) -> None:
    town.open_series()
    do = town.rights.functions
    for each in (do.custodyTransfer(ACCOUNT, town.issuer.address, FIRST), do.setSeriesURI(1, ""), do.pause()):
        assert town.refused(town.issuer, each) == "AccessControlUnauthorizedAccount"


def test_a_right_bound_to_its_holder_moves_nowhere(town: Town) -> None:
    town.open_series(transferable=False)
    town.issue(1, (town.hanako.address, 1))
    move = town.rights.functions.transferFrom(town.hanako.address, town.jiro.address, FIRST)
    assert town.refused(town.hanako, move) == "NotTransferable"
    assert town.rights.functions.locked(FIRST).call() is True
    assert town.events(town.rights, "Locked") == [{"tokenId": FIRST}]


def test_a_bound_right_does_not_leave_custody_either(town: Town) -> None:
    town.open_series(transferable=False)
    town.issue(1, (town.rights.functions.custodyAddress(ACCOUNT).call(), 1))
    move = town.rights.functions.custodyTransfer(ACCOUNT, town.hanako.address, FIRST)
    assert town.refused(town.custodian, move) == "NotTransferable"


def test_before_the_trading_date_nothing_moves_and_from_then_on_it_does(town: Town) -> None:
    opens = town.now() + 1_000
    town.open_series(tradableFrom=opens)
    town.issue(1, (town.hanako.address, 1))
    move = town.rights.functions.transferFrom(town.hanako.address, town.jiro.address, FIRST)
    assert town.refused(town.hanako, move) == "NotTradableBefore"
    assert town.rights.functions.tradable(FIRST).call() is False
    assert town.rights.functions.locked(FIRST).call() is False
    town.wait_until(opens)
    assert town.rights.functions.tradable(FIRST).call() is True
    town.act(town.hanako, move)
    assert town.owner(FIRST) == town.jiro.address


def test_before_the_trading_date_custody_is_no_back_door(town: Town) -> None:
    town.open_series(tradableFrom=town.now() + 10_000)
    town.issue(1, (town.rights.functions.custodyAddress(ACCOUNT).call(), 1))
    move = town.rights.functions.custodyTransfer(ACCOUNT, town.hanako.address, FIRST)
    assert town.refused(town.custodian, move) == "NotTradableBefore"


def test_before_the_trading_date_rights_are_issued_and_revoked(town: Town) -> None:
    town.open_series(tradableFrom=town.now() + 10_000, revocable=True)
    town.issue(1, (town.hanako.address, 1))
    town.act(town.issuer, town.rights.functions.revoke(FIRST, b"\x07" * 32))
    assert town.events(town.rights, "RightRevoked") == [{"tokenId": FIRST, "reasonHash": b"\x07" * 32}]


def test_a_right_that_was_not_sold_as_revocable_cannot_be_revoked(town: Town) -> None:
    town.open_series()
    town.issue(1, (town.hanako.address, 1))
    assert town.refused(town.issuer, town.rights.functions.revoke(FIRST, b"\0" * 32)) == "NotRevocable"


def test_custody_addresses_are_those_that_python_computes(town: Town) -> None:
    for account in (ACCOUNT, b"\0" * 32, b"\xff" * 32):
        on_chain = town.rights.functions.custodyAddress(account).call()
        assert custody_address_at(account.hex(), CHAIN_ID, town.rights.address) == on_chain


def test_the_custodian_releases_a_right_to_a_wallet(town: Town) -> None:
    town.open_series()
    town.issue(1, (town.rights.functions.custodyAddress(ACCOUNT).call(), 1))
    town.act(town.custodian, town.rights.functions.custodyTransfer(ACCOUNT, town.hanako.address, FIRST))
    assert town.owner(FIRST) == town.hanako.address
    released = {"accountId": ACCOUNT, "to": town.hanako.address, "tokenId": FIRST}
    assert town.events(town.rights, "CustodyReleased") == [released]


def test_the_custodian_moves_nothing_out_of_a_wallet_or_another_account(town: Town) -> None:
    town.open_series()
    town.issue(1, (town.hanako.address, 1), (town.rights.functions.custodyAddress(b"\xb2" * 32).call(), 2))
    do = town.rights.functions
    for token_id in (FIRST, FIRST + 1):
        taking = do.custodyTransfer(ACCOUNT, town.custodian.address, token_id)
        assert town.refused(town.custodian, taking) == "ERC721IncorrectOwner"
        approving = do.custodyApprove(ACCOUNT, town.custodian.address, token_id)
        assert town.refused(town.custodian, approving) == "ERC721InvalidApprover"


def test_custody_does_not_release_into_a_contract_that_cannot_hold_rights(town: Town) -> None:
    town.open_series()
    town.issue(1, (town.rights.functions.custodyAddress(ACCOUNT).call(), 1))
    move = town.rights.functions.custodyTransfer(ACCOUNT, town.yen.address, FIRST)
    assert town.refused(town.custodian, move) == "ERC721InvalidReceiver"


def test_each_move_is_counted_and_issue_is_not(town: Town) -> None:
    town.open_series()
    town.issue(1, (town.hanako.address, 1))
    count = town.rights.functions.transferCount(FIRST)
    assert count.call() == 0
    town.act(town.hanako, town.rights.functions.transferFrom(town.hanako.address, town.jiro.address, FIRST))
    assert count.call() == 1


def test_a_paused_collection_stands_still_and_only_the_town_starts_it(town: Town) -> None:
    town.open_series()
    town.issue(1, (town.hanako.address, 1))
    town.act(town.pauser, town.rights.functions.pause())
    move = town.rights.functions.transferFrom(town.hanako.address, town.jiro.address, FIRST)
    batch = [(town.jiro.address, 2, b"\0" * 32)]
    assert town.refused(town.hanako, move) == "EnforcedPause"
    assert town.refused(town.issuer, town.rights.functions.issueBatch(1, batch)) == "EnforcedPause"
    assert town.refused(town.pauser, town.rights.functions.unpause()) == "AccessControlUnauthorizedAccount"
    town.act(town.admin, town.rights.functions.unpause())
    town.act(town.hanako, move)


def test_metadata_of_a_right_is_that_of_its_series_until_it_has_its_own(town: Town) -> None:
    town.open_series()
    town.issue(1, (town.hanako.address, 1))
    uri = town.rights.functions.tokenURI(FIRST)
    assert uri.call() == "ipfs://series/1.json"
    town.act(town.editor, town.rights.functions.setSeriesURI(1, "ipfs://second/"))
    assert uri.call() == "ipfs://second/1.json"
    town.act(town.editor, town.rights.functions.setTokenURI(FIRST, "ipfs://own"))
    assert uri.call() == "ipfs://own"
    town.act(town.editor, town.rights.functions.setTokenURI(FIRST, ""))
    assert uri.call() == "ipfs://second/1.json"
    assert town.events(town.rights, "BatchMetadataUpdate") == [{"_fromTokenId": FIRST, "_toTokenId": FIRST + 9}]
    assert town.events(town.rights, "MetadataUpdate") == [{"_tokenId": FIRST}] * 2


def test_a_series_of_one_right_names_the_document_itself(town: Town) -> None:
    town.open_series(maxSupply=1, uri="ipfs://document")
    town.issue(1, (town.hanako.address, 1))
    uri = town.rights.functions.tokenURI(FIRST)
    assert uri.call() == "ipfs://document"
    town.act(town.editor, town.rights.functions.setSeriesURI(1, "ipfs://corrected"))
    assert uri.call() == "ipfs://corrected"
    assert town.events(town.rights, "BatchMetadataUpdate") == [{"_fromTokenId": FIRST, "_toTokenId": FIRST}]
    town.act(town.editor, town.rights.functions.freezeSeries(1))
    assert town.refused(town.editor, town.rights.functions.setSeriesURI(1, "ipfs://x")) == "Frozen"


def test_a_frozen_series_keeps_its_metadata_for_ever(town: Town) -> None:
    town.open_series()
    town.issue(1, (town.hanako.address, 1))
    do = town.rights.functions
    town.act(town.editor, do.freezeSeries(1))
    for each in (do.setSeriesURI(1, "ipfs://x/"), do.setTokenURI(FIRST, "ipfs://x"), do.freezeSeries(1)):
        assert town.refused(town.editor, each) == "Frozen"


def test_the_royalty_is_the_series_own_and_goes_to_the_fund(town: Town) -> None:
    town.open_series(1, royaltyBps=500)
    town.open_series(2, royaltyBps=1_000)
    ask = town.rights.functions.royaltyInfo
    assert ask(1_000_001, 10_000).call() == [town.fund.address, 500]
    assert ask(2_000_001, 10_000).call() == [town.fund.address, 1_000]
    assert ask(1_000_001, 19).call() == [town.fund.address, 0]  # rounded down
    town.act(town.admin, town.rights.functions.setTreasury(town.jiro.address))
    assert ask(1_000_001, 10_000).call() == [town.jiro.address, 500]
    assert town.refused(town.admin, town.rights.functions.setTreasury(NOBODY)) == "NoTreasury"


INTERFACES = {
    "ERC-165": "01ffc9a7",
    "ERC-721": "80ac58cd",
    "ERC-721 metadata": "5b5e139f",
    "ERC-2981": "2a55205a",
    "ERC-4906": "49064906",
    "ERC-5192": "b45a3c0e",
    "ERC-7572": "e8a3d485",
    "AccessControl": "7965db0b",
    "AccessControlDefaultAdminRules": "31498786",
}


@pytest.mark.parametrize("name", INTERFACES)
def test_it_says_which_interfaces_it_has(town: Town, name: str) -> None:
    """Numbers from the texts of the EIPs, and from OpenZeppelin for its own two."""
    assert town.rights.functions.supportsInterface(bytes.fromhex(INTERFACES[name])).call() is True


def test_it_does_not_claim_what_it_has_not(town: Town) -> None:
    claims = town.rights.functions.supportsInterface
    assert claims(b"\xff\xff\xff\xff").call() is False  # as ERC-165 demands
    assert claims(bytes.fromhex("780e9d63")).call() is False  # ERC-721 enumerable


def test_the_town_hands_over_its_power_in_two_steps_and_not_at_once(town: Town) -> None:
    do = town.rights.functions
    direct = do.grantRole(b"\0" * 32, town.jiro.address)
    assert town.refused(town.admin, direct) == "AccessControlEnforcedDefaultAdminRules"
    town.act(town.admin, do.beginDefaultAdminTransfer(town.jiro.address))
    early = do.acceptDefaultAdminTransfer()
    assert town.refused(town.jiro, early) == "AccessControlEnforcedDefaultAdminDelay"
    town.wait_until(town.now() + 3_601)
    town.act(town.jiro, do.acceptDefaultAdminTransfer())
    assert do.defaultAdmin().call() == town.jiro.address


def test_a_batch_of_250_fits_the_gas_that_one_transaction_may_use(town: Town) -> None:
    """EIP-7825: 16,777,216 gas a transaction; the chain of this test enforces it."""
    town.open_series(maxSupply=250)
    receipt = town.issue(1, *((checksum(Account.create().address), serial) for serial in range(1, 251)))
    assert len(receipt["logs"]) == 500
    assert receipt["gasUsed"] < 250 * 62_000 + 100_000  # what sending.py reserves


def test_the_code_on_chain_is_the_committed_artifact(town: Town) -> None:
    for where, name in ((town.rights, "RightsToken"), (town.market, "ResaleMarket"), (town.yen, "TestYen")):
        code = bytes(town.web3.eth.get_code(where.address))
        assert contract.artifact(name).has_code(code) is True
        assert contract.artifact(name).has_code(code[:-1] + b"\0") is False


def test_no_key_is_known_to_the_local_chain_and_no_page_may_ask_it(town: Town) -> None:
    assert town.chain.ask("eth_accounts") == []
    assert "--no-cors" in anvil.command(1, 1)
    assert Web3(Web3.HTTPProvider(town.chain.url)).eth.get_block("latest").get("baseFeePerGas") == 0
