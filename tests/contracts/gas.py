"""Rewrites the table of gas in contracts/README.md: python -m tests.contracts.gas

Keys are fixed, so that addresses and with them the bytes of each call are the same every time: the numbers are exact.
"""

import argparse
from pathlib import Path

from eth_account import Account
from eth_hash.auto import keccak
from web3 import Web3
from web3.types import TxReceipt

from marketplace.chain import contract
from tests.contracts.conftest import Town
from tests.local_chain import LocalChain, running

README = Path(__file__).resolve().parents[2] / "contracts" / "README.md"
BEGIN, END = "<!-- gas: python -m tests.contracts.gas -->", "<!-- end of gas -->"
KEYS = ("admin", "issuer", "editor", "pauser", "custodian", "redeemer", "fund", "hanako", "jiro", "stranger")
TOKEN, PRICE, FAR = 1_000_001, 10_000, 4_000_000_000
HOME, OTHER = b"\xa1" * 32, b"\xb2" * 32


def measured(chain: LocalChain) -> dict[str, int]:
    """What each act costs, on a chain of its own."""
    web3 = Web3(Web3.HTTPProvider(chain.url))
    town = Town(web3, chain, **{name: Account.from_key(keccak(name.encode())) for name in KEYS})
    found = {f"deploy {name}": _deployment(web3, town, name) for name in contract.NAMES}

    def act(what: str, receipt: TxReceipt) -> None:
        assert what not in found
        found[what] = int(receipt["gasUsed"])

    rights, uses, market = town.rights.functions, town.uses.functions, town.market.functions
    home, other = (rights.custodyAddress(account).call() for account in (HOME, OTHER))
    act("create a series", town.act(town.issuer, rights.createSeries(1, town.terms(maxSupply=300), "ipfs://series/")))
    town.open_series(2, maxSupply=300, usesPerToken=12, revocable=True)
    act("issue the first right of a series", town.issue(1, (home, 1)))
    act("issue one more", town.issue(1, (home, 2)))
    many = [(rights.custodyAddress(bytes([serial]) * 32).call(), serial) for serial in range(3, 253)]
    act("issue 250 to 250 holders", town.issue(1, *many))
    act("the same 250 again", town.issue(1, *many))
    act("gift from custody to custody", town.act(town.custodian, rights.custodyTransfer(HOME, other, TOKEN)))
    act("exchange two in custody", town.act(town.custodian, rights.custodySwap(OTHER, TOKEN, HOME, TOKEN + 1)))
    town.act(town.custodian, rights.custodySwap(HOME, TOKEN, OTHER, TOKEN + 1))
    release = rights.custodyTransfer(OTHER, town.hanako.address, TOKEN)
    act("take it to an own wallet", town.act(town.custodian, release))
    act("allow the market", town.act(town.hanako, rights.approve(town.market.address, TOKEN)))
    act("offer", town.act(town.hanako, market.list(TOKEN, PRICE, FAR)))
    act("take the offer back", town.act(town.hanako, market.cancel(TOKEN)))
    town.act(town.hanako, market.list(TOKEN, PRICE, FAR))
    town.rich(town.jiro)
    act("buy", town.act(town.jiro, market.buy(TOKEN, 2, PRICE, town.jiro.address)))
    act("draw what is owed", town.act(town.hanako, market.withdraw(town.hanako.address)))
    town.act(town.custodian, rights.custodyApprove(HOME, town.market.address, TOKEN + 1))
    offer = market.listFor(HOME, TOKEN + 1, PRICE, FAR)
    act("offer out of custody", town.act(town.custodian, offer))
    town.issue(2, (home, 1), (home, 2))
    use = 2_000_001
    act("write down the first use", town.act(town.redeemer, uses.redeem(use, b"\x01" * 32, home)))
    act("write down another", town.act(town.redeemer, uses.redeem(use, b"\x02" * 32, home)))
    act("take a use back", town.act(town.redeemer, uses.undo(b"\x02" * 32)))
    act("revoke", town.act(town.issuer, rights.revoke(use + 1, b"\x03" * 32)))
    act("fix a record", town.act(town.editor, town.anchors.functions.anchor(b"\x04" * 32, b"\x05" * 32, "")))
    return found


def _deployment(web3: Web3, town: Town, name: str) -> int:
    where = dict(zip(contract.NAMES, (town.rights, town.uses, town.market, town.yen, town.anchors), strict=True))[name]
    for number in range(int(web3.eth.block_number) + 1):
        for sent in web3.eth.get_block(number)["transactions"]:
            receipt = web3.eth.get_transaction_receipt(sent)  # type: ignore[arg-type]
            if receipt["contractAddress"] == where.address:
                return int(receipt["gasUsed"])
    raise LookupError(name)


def table(found: dict[str, int]) -> str:
    return "\n".join(["| act | gas |", "|---|---|", *(f"| {what} | {gas:,} |" for what, gas in found.items())])


def written(readme: str) -> str:
    """The table as it stands in the text."""
    return readme.partition(BEGIN)[2].partition(END)[0].strip()


def main() -> None:
    argparse.ArgumentParser(prog="python -m tests.contracts.gas", description=__doc__.split(":")[0]).parse_args()
    readme = README.read_text()
    with running() as chain:
        new = table(measured(chain))
    README.write_text(readme.replace(written(readme), new))


if __name__ == "__main__":
    main()
