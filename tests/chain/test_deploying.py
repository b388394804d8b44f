"""The contracts are deployed once, and recognised ever after."""

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.application import create_app
from marketplace.chain import contract, register
from marketplace.chain.deploying import ensure_contracts
from marketplace.chain.models import Tx
from marketplace.chain.node import node
from marketplace.kit.db import db
from marketplace.kit.refusals import Rejected, Unavailable
from marketplace.settings import Settings
from tests.local_chain import LocalChain


def test_before_there_are_contracts_their_addresses_are_unavailable(app: Flask) -> None:
    with pytest.raises(Unavailable):
        register.custody_address("00" * 32)


def test_all_four_are_deployed_and_a_second_time_changes_nothing(app: Flask) -> None:
    first = ensure_contracts()
    assert set(first) == {"RightsToken", "ResaleMarket", "TestYen", "Anchors"}
    sent = db.session.scalar(sa.select(sa.func.count()).select_from(Tx))
    assert ensure_contracts() == first == register.contracts()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Tx)) == sent == 11


def test_each_key_has_its_role_and_no_other(deployed: Flask) -> None:
    rights = register.address_of("RightsToken")
    signers = {role: register.signer_of(role) for role in ("town", "issuer", "custodian")}
    has = {
        (name, role)
        for name in ("ISSUER_ROLE", "METADATA_ROLE", "CUSTODIAN_ROLE", "PAUSER_ROLE", "DEFAULT_ADMIN_ROLE")
        for role, address in signers.items()
        if asked(rights, "hasRole", [asked(rights, name, [])[0], address])[0]
    }
    assert has == {
        ("ISSUER_ROLE", "issuer"),
        ("METADATA_ROLE", "issuer"),
        ("CUSTODIAN_ROLE", "custodian"),
        ("PAUSER_ROLE", "town"),
        ("DEFAULT_ADMIN_ROLE", "town"),
    }


def asked(address: str, function: str, args: list[object]) -> tuple[object, ...]:
    answer = node().call("0x" + "00" * 20, address, contract.call("RightsToken", function, args))
    return contract.result("RightsToken", function, answer)


def test_custody_addresses_are_those_of_the_deployed_contract(deployed: Flask) -> None:
    [address] = asked(register.address_of("RightsToken"), "custodyAddress", ["0x" + "a1" * 32])
    assert str(address) == register.custody_address("a1" * 32).lower()


def test_a_node_on_another_chain_is_refused(settings: Settings) -> None:
    with create_app(settings.model_copy(update={"chain_id": 99})).app_context():
        with pytest.raises(Rejected, match="CHAIN_ID"):
            ensure_contracts()
        db.engine.dispose()


def test_other_code_at_our_addresses_is_refused(deployed: Flask, chain: LocalChain) -> None:
    chain.ask("anvil_setCode", register.address_of("TestYen"), "0x6001600155")
    with pytest.raises(Rejected, match="TestYen"):
        ensure_contracts()


def test_a_chain_that_forgot_everything_is_told_everything_again(deployed: Flask, chain: LocalChain) -> None:
    """The bytes that made the contracts are kept, so the same addresses come back."""
    before = register.contracts()
    chain.forget()
    assert node().code(before["RightsToken"]) == b""
    assert ensure_contracts() == before
    assert contract.artifact("RightsToken").has_code(node().code(before["RightsToken"])) is True
