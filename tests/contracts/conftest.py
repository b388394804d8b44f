"""A chain with a deployed town for the session, put back to its beginning after each test."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount
from web3 import Web3
from web3.contract import Contract
from web3.contract.contract import ContractFunction
from web3.exceptions import ContractCustomError
from web3.types import TxReceipt

from marketplace.chain import contract
from tests.local_chain import LocalChain, running


@pytest.fixture(scope="session")
def chain() -> Iterator[LocalChain]:
    with running() as chain:
        yield chain


@dataclass
class Town:
    """Every role has a key of its own, so that a test shows who may do what."""

    web3: Web3
    chain: LocalChain
    admin: LocalAccount = field(default_factory=Account.create)
    issuer: LocalAccount = field(default_factory=Account.create)
    editor: LocalAccount = field(default_factory=Account.create)
    pauser: LocalAccount = field(default_factory=Account.create)
    custodian: LocalAccount = field(default_factory=Account.create)
    redeemer: LocalAccount = field(default_factory=Account.create)
    fund: LocalAccount = field(default_factory=Account.create)
    hanako: LocalAccount = field(default_factory=Account.create)
    jiro: LocalAccount = field(default_factory=Account.create)
    stranger: LocalAccount = field(default_factory=Account.create)

    def __post_init__(self) -> None:
        admin = self.admin.address
        uri = "ipfs://town.json"
        self.rights = self.deploy("RightsToken", "Rights", "RGT", admin, 3600, self.fund.address, uri)
        self.yen = self.deploy("TestYen", admin)
        self.uses = self.deploy("UsageRegistry", self.rights.address, admin, 3600)
        parts = (self.rights.address, self.uses.address, self.yen.address)
        self.market = self.deploy("ResaleMarket", *parts, admin, 3600)
        self.anchors = self.deploy("Anchors", admin, 3600)
        for where, role, who in (
            (self.rights, "ISSUER_ROLE", self.issuer),
            (self.rights, "METADATA_ROLE", self.editor),
            (self.rights, "PAUSER_ROLE", self.pauser),
            (self.rights, "CUSTODIAN_ROLE", self.custodian),
            (self.uses, "REDEEMER_ROLE", self.redeemer),
            (self.uses, "PAUSER_ROLE", self.pauser),
            (self.market, "CUSTODIAN_ROLE", self.custodian),
            (self.market, "PAUSER_ROLE", self.pauser),
            (self.anchors, "ANCHOR_ROLE", self.editor),
        ):
            self.act(self.admin, where.functions.grantRole(getattr(where.functions, role)().call(), who.address))

    def deploy(self, name: str, *args: Any) -> Contract:
        made = contract.artifact(name)
        receipt = self._send(self.admin, None, contract.creation(name, args))
        assert receipt["status"] == 1
        return cast(Contract, self.web3.eth.contract(address=receipt["contractAddress"], abi=list(made.abi)))

    def act(self, who: LocalAccount, function: ContractFunction) -> TxReceipt:
        """Send it and see it succeed."""
        receipt = self._send(who, function.address, bytes.fromhex(function._encode_transaction_data()[2:]))
        if receipt["status"] != 1:
            function.call({"from": who.address})  # says why
        assert receipt["status"] == 1
        return receipt

    def refused(self, who: LocalAccount, function: ContractFunction) -> str:
        """Send it, see it fail, and say by which error of the contract."""
        receipt = self._send(who, function.address, bytes.fromhex(function._encode_transaction_data()[2:]))
        assert receipt["status"] == 0, "it was accepted"
        with pytest.raises(ContractCustomError) as refusal:
            function.call({"from": who.address})
        return self.error(bytes.fromhex(str(refusal.value.data)[2:]))

    @staticmethod
    def error(data: bytes) -> str:
        """The name of an error of any of our contracts."""
        for name in (*contract.NAMES, "test/GreedyRights"):
            if part := contract.artifact(name).errors.get(data[:4]):
                return str(part["name"])
        raise AssertionError(data.hex())

    def _send(self, who: LocalAccount, to: Any, data: bytes) -> TxReceipt:
        transaction: dict[str, Any] = {
            "chainId": self.web3.eth.chain_id,
            "nonce": self.web3.eth.get_transaction_count(who.address),
            "gas": 16_000_000,
            "maxFeePerGas": 0,
            "maxPriorityFeePerGas": 0,
            "value": 0,
            "data": data,
        }
        if to is not None:
            transaction["to"] = to
        sent = self.web3.eth.send_raw_transaction(who.sign_transaction(transaction).raw_transaction)
        return self.web3.eth.wait_for_transaction_receipt(sent, poll_latency=0.005)

    # -- the town's usual acts, told briefly

    def now(self) -> int:
        return int(self.web3.eth.get_block("latest")["timestamp"])

    def wait_until(self, moment: int) -> None:
        """The next block is not before this moment."""
        self.chain.ask("evm_setNextBlockTimestamp", moment)
        self.chain.ask("evm_mine")

    def open_series(self, series: int = 1, uri: str = "ipfs://series/", **terms: Any) -> None:
        self.act(self.issuer, self.rights.functions.createSeries(series, self.terms(**terms), uri))

    @staticmethod
    def terms(**changed: Any) -> tuple[Any, ...]:
        usual: dict[str, Any] = {
            "maxSupply": 10,
            "usesPerToken": 0,
            "royaltyBps": 500,
            "validUntil": 0,
            "tradableFrom": 0,
            "kind": 0,
            "transferable": True,
            "revocable": False,
            "termsHash": b"\x11" * 32,
        }
        assert changed.keys() <= usual.keys()
        return tuple((usual | changed).values())

    def issue(self, series: int, *items: tuple[str, int]) -> TxReceipt:
        batch = [(to, serial, serial.to_bytes(32, "big")) for to, serial in items]
        return self.act(self.issuer, self.rights.functions.issueBatch(series, batch))

    def owner(self, token_id: int) -> str:
        return str(self.rights.functions.ownerOf(token_id).call())

    def rich(self, *people: LocalAccount, yen: int = 100_000) -> None:
        """Give play money, which the market may take."""
        for each in people:
            self.act(self.admin, self.yen.functions.mint(each.address, yen))
            self.act(each, self.yen.functions.approve(self.market.address, yen))

    def balance(self, who: LocalAccount | str) -> int:
        address = who if isinstance(who, str) else who.address
        return int(self.yen.functions.balanceOf(address).call())

    def owed(self, who: LocalAccount | str) -> int:
        address = who if isinstance(who, str) else who.address
        return int(self.market.functions.owed(address).call())

    def events(self, where: Contract, name: str) -> list[dict[str, Any]]:
        return [dict(log["args"]) for log in getattr(where.events, name)().get_logs(from_block=0)]


@pytest.fixture(scope="session")
def deployed(chain: LocalChain) -> Town:
    return Town(Web3(Web3.HTTPProvider(chain.url)), chain)


@pytest.fixture
def town(deployed: Town) -> Iterator[Town]:
    beginning = deployed.chain.ask("evm_snapshot")
    yield deployed
    assert deployed.chain.ask("evm_revert", beginning) is True
