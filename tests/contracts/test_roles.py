"""Who may do what, and which interfaces each contract says it has."""

import pytest

from tests.contracts.conftest import Town

FIRST = 1_000_001
ACCOUNT = b"\xa1" * 32


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
        do.freezeToken(FIRST),
        do.setContractURI("ipfs://mine"),
        do.setTreasury(town.stranger.address),
        do.pause(),
        do.custodyTransfer(ACCOUNT, town.stranger.address, FIRST),
        do.custodyApprove(ACCOUNT, town.stranger.address, FIRST),
        do.custodySwap(ACCOUNT, FIRST, b"\xb2" * 32, FIRST + 1),
    ]
    refusals = {each.fn_name: town.refused(town.stranger, each) for each in forbidden}
    assert set(refusals.values()) == {"AccessControlUnauthorizedAccount"}
    assert len(refusals) == len(forbidden)


def test_the_issuer_is_not_the_custodian_nor_the_editor(town: Town) -> None:
    town.open_series()
    do = town.rights.functions
    for each in (do.custodyTransfer(ACCOUNT, town.issuer.address, FIRST), do.setSeriesURI(1, ""), do.pause()):
        assert town.refused(town.issuer, each) == "AccessControlUnauthorizedAccount"


@pytest.mark.parametrize("name", ["rights", "uses", "market", "anchors"])
def test_the_town_hands_over_its_power_in_two_steps_and_not_at_once(town: Town, name: str) -> None:
    do = getattr(town, name).functions
    direct = do.grantRole(b"\0" * 32, town.jiro.address)
    assert town.refused(town.admin, direct) == "AccessControlEnforcedDefaultAdminRules"
    town.act(town.admin, do.beginDefaultAdminTransfer(town.jiro.address))
    early = do.acceptDefaultAdminTransfer()
    assert town.refused(town.jiro, early) == "AccessControlEnforcedDefaultAdminDelay"
    town.wait_until(town.now() + 3_601)
    town.act(town.jiro, do.acceptDefaultAdminTransfer())
    assert do.defaultAdmin().call() == town.jiro.address


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


def test_the_other_contracts_claim_their_roles_and_no_token(town: Town) -> None:
    for where in (town.uses, town.market, town.anchors):
        claimed = {
            name: where.functions.supportsInterface(bytes.fromhex(id_)).call() for name, id_ in INTERFACES.items()
        }
        assert {name for name, claims in claimed.items() if claims} == {
            *("ERC-165", "AccessControl", "AccessControlDefaultAdminRules")
        }


def test_no_contract_claims_what_it_has_not(town: Town) -> None:
    for where in (town.rights, town.uses, town.market, town.anchors):
        claims = where.functions.supportsInterface
        assert claims(b"\xff\xff\xff\xff").call() is False  # as ERC-165 demands
        assert claims(bytes.fromhex("780e9d63")).call() is False  # ERC-721 enumerable
