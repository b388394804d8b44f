"""The counter to the chain: what we ask of any node, in our words.

`Web3Node` speaks JSON-RPC through web3's provider, without web3's own formatting of every answer, which costs
twenty-five times the call on long lists of logs. Anything that does not answer is Unavailable, to be tried again;
what the node refuses is a Rejected of its own (NodeRefuses, Reverted).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Protocol, cast

import requests
from flask import current_app

from marketplace.chain.events import RawLog
from marketplace.kit.db import writing
from marketplace.kit.refusals import Rejected, Unavailable

BATCH = 100

TOO_LARGE = 413
"""What a server or a proxy in front of it says to a message, or of an answer, that is too long (RFC 9110)."""


class Overburdened(Unavailable):
    """The node did not come to the end of its answer: perhaps it was asked for too much at once."""


class NodeRefuses(Rejected):
    """The node answered with an error; its words are the message."""


class Reverted(NodeRefuses):
    """The contract said no. `data` is its error as ABI bytes, maybe empty."""

    def __init__(self, message: str, data: bytes) -> None:
        super().__init__(message)
        self.data = data


@dataclass(frozen=True)
class Header:
    number: int
    hash: str
    parent: str
    at: datetime
    base_fee: int


@dataclass(frozen=True)
class Identity:
    """What tells one chain from another. Not block 0: anvil makes a new one each time it loads a snapshot."""

    chain_id: int
    first: str
    """Hash of block 1; empty on a chain that has none yet."""
    txs: list[str]
    """Hashes of the transactions in it."""


@dataclass(frozen=True)
class Receipt:
    tx_hash: str
    block_number: int
    block_hash: str
    succeeded: bool
    created: str | None
    """Address of the contract that the transaction deployed."""


class Node(Protocol):
    """Every method may raise Unavailable, and must not be called inside transaction()."""

    def identity(self) -> Identity:
        """Which chain this is."""
        ...

    def head(self) -> Header: ...

    def headers(self, numbers: Sequence[int]) -> list[Header | None]:
        """In the order asked; None for a block that is not there."""
        ...

    def logs(self, first: int, last: int, addresses: Sequence[str], topics: Sequence[str]) -> list[RawLog]:
        """Of blocks first to last. Raises NodeRefuses or Overburdened when that is more than the node gives at once."""
        ...

    def receipts(self, hashes: Sequence[str]) -> list[Receipt | None]: ...

    def receipt_logs(self, hashes: Sequence[str]) -> list[list[RawLog]]:
        """All logs of these transactions, whoever wrote them; none for one that is not mined."""
        ...

    def send(self, raws: Sequence[bytes]) -> list[str]:
        """Hand over signed transactions. For each, "" where the node has it now, else why it would not take it."""
        ...

    def take_out(self, signers: Sequence[str]) -> None:
        """Have a chain of our own forget what waits of these, so that it can be sent again: of what comes while it
        mines, anvil now and then puts one aside as if another had to come before it, and never looks at it again."""
        ...

    def next_nonce(self, address: str) -> int:
        """The number of transactions of this signer that are mined."""
        ...

    def balance(self, address: str) -> int:
        """In wei."""
        ...

    def code(self, address: str) -> bytes: ...

    def call(self, sender: str, to: str, data: bytes) -> bytes:
        """Try a call without sending it. Raises Reverted."""
        ...

    def fees(self) -> tuple[int, int]:
        """(maxFeePerGas, maxPriorityFeePerGas) in wei, for a transaction that should be mined soon (EIP-1559)."""
        ...


def node() -> Node:
    """The node of the running application."""
    return cast(Node, current_app.extensions["hiroba.ports"].node)


class Web3Node:
    """Any node that speaks Ethereum JSON-RPC. https://ethereum.org/developers/docs/apis/json-rpc/"""

    def __init__(self, url: str, timeout: float = 10.0) -> None:
        """`timeout` in seconds, for each answer."""
        self.url, self.timeout = url, timeout

    @cached_property
    def provider(self) -> Any:
        from web3 import HTTPProvider  # noqa: PLC0415 -- web3 is slow to import, and only senders and followers need it

        # Nowhere but to the address of the settings: who answers there does not choose whom we ask next.
        how = {"timeout": self.timeout, "allow_redirects": False}
        return HTTPProvider(self.url, request_kwargs=how, exception_retry_configuration=None)

    def identity(self) -> Identity:
        number, block = self._ask_all([("eth_chainId", []), ("eth_getBlockByNumber", ["0x1", False])])
        first = _answer(block) or {}
        return Identity(int(_answer(number), 16), first.get("hash", ""), first.get("transactions", []))

    def head(self) -> Header:
        return _header(self._ask("eth_getBlockByNumber", "latest", False))

    def headers(self, numbers: Sequence[int]) -> list[Header | None]:
        answers = self._ask_all([("eth_getBlockByNumber", [hex(number), False]) for number in numbers])
        return [_header(found) if (found := _answer(each)) else None for each in answers]

    def logs(self, first: int, last: int, addresses: Sequence[str], topics: Sequence[str]) -> list[RawLog]:
        wanted = {"fromBlock": hex(first), "toBlock": hex(last), "address": list(addresses), "topics": [list(topics)]}
        return cast(list[RawLog], self._ask("eth_getLogs", wanted))

    def receipts(self, hashes: Sequence[str]) -> list[Receipt | None]:
        answers = self._ask_all([("eth_getTransactionReceipt", [each]) for each in hashes])
        return [_receipt(found) if (found := _answer(each)) else None for each in answers]

    def receipt_logs(self, hashes: Sequence[str]) -> list[list[RawLog]]:
        answers = self._ask_all([("eth_getTransactionReceipt", [each]) for each in hashes])
        return [found["logs"] if (found := _answer(each)) else [] for each in answers]

    def send(self, raws: Sequence[bytes]) -> list[str]:
        answers = self._ask_all([("eth_sendRawTransaction", ["0x" + raw.hex()]) for raw in raws])
        return [_why_not_taken(each) for each in answers]

    def take_out(self, signers: Sequence[str]) -> None:
        for answer in self._ask_all([("anvil_removePoolTransactions", [each]) for each in signers]):
            _answer(answer)

    def next_nonce(self, address: str) -> int:
        return int(self._ask("eth_getTransactionCount", address, "latest"), 16)

    def balance(self, address: str) -> int:
        return int(self._ask("eth_getBalance", address, "latest"), 16)

    def code(self, address: str) -> bytes:
        return bytes.fromhex(self._ask("eth_getCode", address, "latest")[2:])

    def call(self, sender: str, to: str, data: bytes) -> bytes:
        wanted = {"from": sender, "to": to, "data": "0x" + data.hex()}
        return bytes.fromhex(self._ask("eth_call", wanted, "latest")[2:])

    def fees(self) -> tuple[int, int]:
        if self.head().base_fee == 0:  # a chain of our own, where gas is free
            return 0, 0
        history = self._ask("eth_feeHistory", "0x5", "latest", [50])
        tips = sorted(int(each[0], 16) for each in history["reward"])
        tip = tips[len(tips) // 2]
        # twice the next base fee: six full blocks in a row can pass before it is too little
        return 2 * int(history["baseFeePerGas"][-1], 16) + tip, tip

    def _ask(self, method: str, *params: Any) -> Any:
        assert not writing(), "no network inside transaction()"
        try:
            answer = self.provider.make_request(method, list(params))
        except (requests.RequestException, ValueError) as trouble:
            raise _unanswered(method, trouble) from None  # requests tells the whole address, which may be a key
        return _answer(answer)

    def _ask_all(self, wanted: list[tuple[str, list[Any]]]) -> list[Any]:
        """Many questions in few messages; an answer for each, in order."""
        assert not writing(), "no network inside transaction()"
        answers: list[Any] = []
        for start in range(0, len(wanted), BATCH):
            part = wanted[start : start + BATCH]
            try:
                found = self.provider.make_batch_request(part)
            except (requests.RequestException, ValueError) as trouble:
                raise _unanswered(part[0][0], trouble) from None
            if not isinstance(found, list) or len(found) != len(part):
                _answer(found if isinstance(found, dict) else {})
                raise Unavailable(f"chain: {part[0][0]}: the batch was not answered")
            answers += found
        return answers


def _unanswered(method: str, trouble: Exception) -> Unavailable:
    """Nobody there, or somebody who did not come to an end (late, cut off, too long)."""
    cut_off = (requests.ReadTimeout, requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError)
    response = getattr(trouble, "response", None)
    too_much = isinstance(trouble, (*cut_off, ValueError)) or getattr(response, "status_code", 0) == TOO_LARGE
    kind = Overburdened if too_much else Unavailable
    return kind(f"chain: {method}: {type(trouble).__name__}")


def _answer(answer: Any) -> Any:
    """What a JSON-RPC answer holds. Raises NodeRefuses, or Reverted where a contract refused."""
    if error := answer.get("error"):
        message, data = str(error.get("message", error)), error.get("data")
        if isinstance(data, str) and data.startswith("0x"):
            raise Reverted(message, bytes.fromhex(data[2:]))
        if "revert" in message:
            raise Reverted(message, b"")
        raise NodeRefuses(message)
    return answer.get("result")


def _why_not_taken(answer: Any) -> str:
    """Nodes agree on the errors of sending only by their words."""
    if not (error := answer.get("error")):
        return ""
    words = str(error.get("message", error)).lower()
    known = ("already known", "already imported", "known transaction")
    return "" if any(each in words for each in known) else words


def nonce_is_used(why: str) -> bool:
    """Whether a node refused a transaction because its place is taken: by itself, or by another."""
    return "nonce too low" in why or "nonce has already been used" in why


def _header(block: Any) -> Header:
    return Header(
        number=int(block["number"], 16),
        hash=block["hash"],
        parent=block["parentHash"],
        at=datetime.fromtimestamp(int(block["timestamp"], 16), UTC),
        base_fee=int(block.get("baseFeePerGas") or "0x0", 16),
    )


def _receipt(found: Any) -> Receipt:
    return Receipt(
        tx_hash=found["transactionHash"],
        block_number=int(found["blockNumber"], 16),
        block_hash=found["blockHash"],
        succeeded=int(found["status"], 16) == 1,
        created=found.get("contractAddress"),
    )
