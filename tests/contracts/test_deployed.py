"""The code on the chain, and the chain that it is on."""

from web3 import Web3

from marketplace.chain import anvil, contract
from tests.contracts.conftest import Town


def test_the_code_on_chain_is_the_committed_artifact(town: Town) -> None:
    deployed = (town.rights, town.uses, town.market, town.yen, town.anchors)
    for where, name in zip(deployed, contract.NAMES, strict=True):
        code = bytes(town.web3.eth.get_code(where.address))
        assert contract.artifact(name).has_code(code) is True
        assert contract.artifact(name).has_code(code[:-1] + b"\0") is False


def test_no_key_is_known_to_the_local_chain_and_no_page_may_ask_it(town: Town) -> None:
    assert town.chain.ask("eth_accounts") == []
    assert "--no-cors" in anvil.command(1, 1)
    assert Web3(Web3.HTTPProvider(town.chain.url)).eth.get_block("latest").get("baseFeePerGas") == 0
