"""What any node must do for us, asked of a real one."""

from collections.abc import Callable

import pytest
from eth_account import Account
from flask import Flask

from marketplace.chain import contract
from marketplace.chain.node import NodeRefuses, Reverted, Web3Node, nonce_is_used
from marketplace.kit.db import transaction
from marketplace.kit.refusals import Unavailable
from tests.local_chain import CHAIN_ID, LocalChain, free_port

HANAKO = Account.from_key("0x" + "0a" * 32)


@pytest.fixture
def node(chain: LocalChain, app: Flask) -> Web3Node:
    return Web3Node(chain.url)


def signed(nonce: int, data: bytes = b"", to: str | None = "0x" + "11" * 20) -> tuple[bytes, str]:
    fields = {"chainId": CHAIN_ID, "nonce": nonce, "gas": 3_000_000, "maxFeePerGas": 0, "maxPriorityFeePerGas": 0}
    made = HANAKO.sign_transaction({**fields, "value": 0, "data": data, **({"to": to} if to else {})})
    return bytes(made.raw_transaction), "0x" + bytes(made.hash).hex()


def until(true: Callable[[], object]) -> None:
    for _ in range(10_000):
        if true():
            return
    raise AssertionError


def test_what_is_sent_has_a_receipt_in_a_block_with_a_header(node: Web3Node) -> None:
    raw, tx_hash = signed(0)
    assert node.send([raw]) == [""]
    until(lambda: node.receipts([tx_hash])[0])
    [receipt] = node.receipts([tx_hash])
    assert receipt is not None
    [header, beyond] = node.headers([receipt.block_number, 999])
    assert header == node.head()
    assert header.hash == receipt.block_hash
    assert (receipt.succeeded, receipt.created, beyond) == (True, None, None)
    assert node.next_nonce(HANAKO.address) == 1


def test_the_same_bytes_again_are_no_news(node: Web3Node, chain: LocalChain) -> None:
    chain.ask("anvil_setAutomine", False)
    raw, tx_hash = signed(0)
    assert node.send([raw]) == [""]
    assert node.send([raw]) == [""]
    chain.ask("evm_mine")
    [why] = node.send([raw])
    assert nonce_is_used(why) is True
    assert node.receipts([tx_hash])[0] is not None


def test_a_transaction_without_a_receipt_has_none(node: Web3Node) -> None:
    assert node.receipts(["0x" + "00" * 32]) == [None]


def test_a_deployment_says_where_it_is(node: Web3Node) -> None:
    raw, tx_hash = signed(0, contract.creation("TestYen", [HANAKO.address]), to=None)
    node.send([raw])
    until(lambda: node.receipts([tx_hash])[0])
    [receipt] = node.receipts([tx_hash])
    assert receipt is not None
    assert receipt.created is not None
    assert contract.artifact("TestYen").has_code(node.code(receipt.created)) is True
    with pytest.raises(Reverted) as refusal:
        node.call("0x" + "22" * 20, receipt.created, contract.call("TestYen", "mint", [HANAKO.address, 1]))
    assert contract.refusal("TestYen", refusal.value.data).startswith("AccessControlUnauthorizedAccount(")
    assert node.call(HANAKO.address, receipt.created, contract.call("TestYen", "decimals", [])) == bytes(32)


def test_many_questions_are_answered_in_order(node: Web3Node, chain: LocalChain) -> None:
    chain.ask("anvil_mine", hex(250))
    headers = node.headers(range(251))
    assert [header.number for header in headers if header] == list(range(251))


def test_what_the_node_refuses_is_said_in_its_words(node: Web3Node) -> None:
    with pytest.raises(NodeRefuses):
        node.logs(5, 1, ["0x" + "11" * 20], ["0x" + "00" * 32])


def test_gas_is_free_where_the_chain_asks_nothing(node: Web3Node) -> None:
    assert node.fees() == (0, 0)
    assert node.identity().chain_id == CHAIN_ID


def test_a_node_that_does_not_answer_is_unavailable(app: Flask) -> None:
    nobody = Web3Node(f"http://127.0.0.1:{free_port()}")
    with pytest.raises(Unavailable):
        nobody.head()
    with pytest.raises(Unavailable):
        nobody.send([b"\x02"])


def test_nobody_asks_it_inside_a_transaction(node: Web3Node) -> None:
    with transaction(), pytest.raises(AssertionError):
        node.head()
    with transaction(), pytest.raises(AssertionError):
        node.receipts(["0x" + "00" * 32])
