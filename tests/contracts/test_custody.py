"""Rights that the town keeps for people without a wallet: moved by naming the account, and in no other way."""

from marketplace.chain.addresses import custody_address_at
from tests.contracts.conftest import Town
from tests.local_chain import CHAIN_ID

FIRST = 1_000_001
ACCOUNT = b"\xa1" * 32


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


def test_a_gift_between_two_accounts_in_custody_and_a_right_that_comes_back(town: Town) -> None:
    do = town.rights.functions
    other = b"\xb2" * 32
    first, second = (do.custodyAddress(each).call() for each in (ACCOUNT, other))
    town.open_series()
    town.issue(1, (first, 1))
    town.act(town.custodian, do.custodyTransfer(ACCOUNT, second, FIRST))
    assert town.owner(FIRST) == second
    town.act(town.custodian, do.custodyTransfer(other, town.hanako.address, FIRST))
    town.act(town.hanako, do.transferFrom(town.hanako.address, first, FIRST))
    assert town.owner(FIRST) == first


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


def test_a_bound_right_does_not_leave_custody_either(town: Town) -> None:
    town.open_series(transferable=False)
    town.issue(1, (town.rights.functions.custodyAddress(ACCOUNT).call(), 1))
    move = town.rights.functions.custodyTransfer(ACCOUNT, town.hanako.address, FIRST)
    assert town.refused(town.custodian, move) == "NotTransferable"


def test_before_the_trading_date_custody_is_no_back_door(town: Town) -> None:
    town.open_series(tradableFrom=town.now() + 10_000)
    town.issue(1, (town.rights.functions.custodyAddress(ACCOUNT).call(), 1))
    move = town.rights.functions.custodyTransfer(ACCOUNT, town.hanako.address, FIRST)
    assert town.refused(town.custodian, move) == "NotTradableBefore"
