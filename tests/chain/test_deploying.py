"""The contracts are deployed once, and recognised ever after."""

import base64
import json
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.chain import contract, register
from marketplace.chain.deploying import HANDOVER_SECONDS, ensure_contracts
from marketplace.chain.models import Tx
from marketplace.chain.node import node
from marketplace.kit.db import db
from marketplace.kit.refusals import Rejected, Unavailable
from marketplace.settings import Settings
from tests.apps import another
from tests.chain import given
from tests.local_chain import LocalChain


def test_before_there_are_contracts_their_addresses_are_unavailable(app: Flask) -> None:
    with pytest.raises(Unavailable):
        register.custody_address("00" * 32)


def test_all_five_are_deployed_and_a_second_time_changes_nothing(app: Flask) -> None:
    first = ensure_contracts()
    assert set(first) == {"RightsToken", "UsageRegistry", "ResaleMarket", "TestYen", "Anchors"}
    sent = db.session.scalar(sa.select(sa.func.count()).select_from(Tx))
    assert ensure_contracts() == first == register.contracts()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Tx)) == sent == given.OF_DEPLOYMENT


def test_a_wallet_reads_what_the_collection_is_and_needs_no_server_for_it(app: Flask, settings: Settings) -> None:
    ensure_contracts()
    head, _, body = str(asked("RightsToken", "contractURI", [])[0]).partition(",")
    told = json.loads(base64.b64decode(body, validate=True))
    emblem = (Path(app.root_path) / "static" / "img" / "emblem.svg").read_bytes()
    assert (head, asked("RightsToken", "name", [])) == ("data:application/json;base64", (told["name"],))
    assert told == {
        "name": f"{settings.town_name_en} Public Rights",
        "symbol": asked("RightsToken", "symbol", [])[0],
        "description": (
            f"{settings.town_name}が発行する、町の権利の証です。\n\n"
            f"Rights issued by {settings.town_name_en}, Japan: resident tokens, cards, lectures, names."
        ),
        "image": f"data:image/svg+xml;base64,{base64.b64encode(emblem).decode()}",
        "external_link": settings.base_url,
    }


def test_each_key_has_its_role_and_no_other(deployed: Flask) -> None:
    keys = ("town", "issuer", "custodian", "redeemer", "anchorer", "pauser")
    signers = {key: register.signer_of(key) for key in keys}
    assert len(set(signers.values())) == len(keys)
    has = {
        (name, role, key)
        for name in contract.NAMES
        for role in contract.artifact(name).functions
        if role.endswith("_ROLE")
        for key, address in signers.items()
        if asked(name, "hasRole", [asked(name, role, [])[0], address])[0]
    }
    assert has == {
        ("RightsToken", "ISSUER_ROLE", "issuer"),
        ("RightsToken", "METADATA_ROLE", "issuer"),
        ("RightsToken", "CUSTODIAN_ROLE", "custodian"),
        ("RightsToken", "PAUSER_ROLE", "pauser"),
        ("UsageRegistry", "REDEEMER_ROLE", "redeemer"),
        ("UsageRegistry", "PAUSER_ROLE", "pauser"),
        ("ResaleMarket", "CUSTODIAN_ROLE", "custodian"),
        ("ResaleMarket", "PAUSER_ROLE", "pauser"),
        ("Anchors", "ANCHOR_ROLE", "anchorer"),
        ("TestYen", "MINTER_ROLE", "town"),
        *((name, "DEFAULT_ADMIN_ROLE", "town") for name in contract.NAMES),
    }


def test_on_a_chain_that_others_keep_the_towns_power_is_handed_over_with_a_delay(settings: Settings) -> None:
    with another(settings.model_copy(update={"chain_embedded": False})):
        ensure_contracts()
        delays = {name: asked(name, "defaultAdminDelay", []) for name in contract.NAMES if name != "TestYen"}
        assert set(delays.values()) == {(HANDOVER_SECONDS,)}


def asked(name: str, function: str, args: list[object]) -> tuple[object, ...]:
    answer = node().call("0x" + "00" * 20, register.address_of(name), contract.call(name, function, args))
    return contract.result(name, function, answer)


def test_custody_addresses_are_those_of_the_deployed_contract(deployed: Flask) -> None:
    [address] = asked("RightsToken", "custodyAddress", ["0x" + "a1" * 32])
    assert str(address) == register.custody_address("a1" * 32).lower()


def test_a_node_on_another_chain_is_refused(settings: Settings) -> None:
    with another(settings.model_copy(update={"chain_id": 99})), pytest.raises(Rejected, match="CHAIN_ID"):
        ensure_contracts()


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
