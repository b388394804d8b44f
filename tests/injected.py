"""A wallet in a browser, as EIP-1193 wants one: window.ethereum with a key of its own, on a real chain."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Page

from marketplace.kit.addresses import checksum
from tests.local_chain import CHAIN_ID, LocalChain, post
from tests.wallets import OwnWallet

PROVIDER = """
window.ethereum = {
  async request({ method, params }) {
    const answer = JSON.parse(await window.askTheWallet(method, JSON.stringify(params || [])));
    if (answer.error) throw Object.assign(new Error(answer.error.message), answer.error);
    return answer.result;
  },
};
"""


@dataclass
class Injected:
    """`refusing`: the person says no to the next transaction. `silences`: so many questions for a receipt fail.
    `asked` is what pages wanted, in order."""

    wallet: OwnWallet
    chain: LocalChain
    refusing: bool = False
    silences: int = 0
    chain_id: int = CHAIN_ID
    asked: list[str] = field(default_factory=list)

    def into(self, page: Page) -> None:
        page.expose_function("askTheWallet", self.answer)
        page.add_init_script(PROVIDER)

    def answer(self, method: str, text: str) -> str:
        self.asked.append(method)
        params = json.loads(text)
        match method:
            case "eth_requestAccounts":
                return _result([self.wallet.address.lower()])
            case "eth_chainId":
                return _result(hex(self.chain_id))
            case "wallet_switchEthereumChain":
                self.chain_id = int(params[0]["chainId"], 16)
                return _result(None)
            case "personal_sign":
                return _result(self.wallet.sign(bytes.fromhex(params[0][2:]).decode()))
            case "eth_getTransactionReceipt" if self.silences:
                self.silences -= 1
                return json.dumps({"error": {"code": -32603, "message": "Internal JSON-RPC error."}})
            case "eth_sendTransaction" if self.refusing:
                return json.dumps({"error": {"code": 4001, "message": "User rejected the request."}})
            case "eth_sendTransaction":
                return _result(self.send(params[0]["to"], params[0]["data"]))
        return json.dumps(post(self.chain.port, method, *params))

    def send(self, to: str, data: str) -> str:
        """Sign and send a transaction; its hash."""
        nonce = int(self.chain.ask("eth_getTransactionCount", self.wallet.address, "pending"), 16)
        fees = {"maxFeePerGas": 0, "maxPriorityFeePerGas": 0, "chainId": CHAIN_ID, "type": 2}
        raw = self.wallet.transaction(to=checksum(to), data=data, value=0, nonce=nonce, gas=500_000, **fees)
        return str(self.chain.ask("eth_sendRawTransaction", raw))


def _result(value: Any) -> str:
    return json.dumps({"result": value})
