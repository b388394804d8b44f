"""RightsToken on a real chain: what holders can rely on, and what nobody may do."""

from typing import Any

import pytest
from eth_account import Account

from marketplace.kit.addresses import checksum
from tests.contracts.conftest import Town

FIRST = 1_000_001
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


def test_a_right_bound_to_its_holder_moves_nowhere(town: Town) -> None:
    town.open_series(transferable=False)
    town.issue(1, (town.hanako.address, 1))
    move = town.rights.functions.transferFrom(town.hanako.address, town.jiro.address, FIRST)
    assert town.refused(town.hanako, move) == "NotTransferable"
    assert town.rights.functions.locked(FIRST).call() is True
    assert town.events(town.rights, "Locked") == [{"tokenId": FIRST}]


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


def test_before_the_trading_date_rights_are_issued_and_revoked(town: Town) -> None:
    town.open_series(tradableFrom=town.now() + 10_000, revocable=True)
    town.issue(1, (town.hanako.address, 1))
    town.act(town.issuer, town.rights.functions.revoke(FIRST, b"\x07" * 32))
    assert town.events(town.rights, "RightRevoked") == [{"tokenId": FIRST, "reasonHash": b"\x07" * 32}]


def test_a_right_that_was_not_sold_as_revocable_cannot_be_revoked(town: Town) -> None:
    town.open_series()
    town.issue(1, (town.hanako.address, 1))
    assert town.refused(town.issuer, town.rights.functions.revoke(FIRST, b"\0" * 32)) == "NotRevocable"


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


def test_a_right_cannot_be_sent_to_the_contract_itself(town: Town) -> None:
    town.open_series()
    town.issue(1, (town.hanako.address, 1))
    move = town.rights.functions.transferFrom(town.hanako.address, town.rights.address, FIRST)
    assert town.refused(town.hanako, move) == "NotHere"
    batch = [(town.rights.address, 2, b"\0" * 32)]
    assert town.refused(town.issuer, town.rights.functions.issueBatch(1, batch)) == "NotHere"


def test_what_a_right_can_be_used_for_is_read_from_its_series(town: Town) -> None:
    town.open_series(usesPerToken=12, validUntil=4_000_000_000)
    assert town.rights.functions.usesOf(FIRST).call() == [12, 4_000_000_000]
    assert town.rights.functions.usesOf(9_000_001).call() == [0, 0]


def test_a_batch_of_250_fits_the_gas_that_one_transaction_may_use(town: Town) -> None:
    """EIP-7825: 16,777,216 gas a transaction; the chain of this test enforces it."""
    town.open_series(maxSupply=250)
    receipt = town.issue(1, *((checksum(Account.create().address), serial) for serial in range(1, 251)))
    assert len(receipt["logs"]) == 500
    assert receipt["gasUsed"] < 250 * 62_000 + 100_000  # what sending.py reserves
