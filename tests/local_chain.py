"""A real local chain for tests: anvil on a free port of 127.0.0.1, gone when the block ends."""

import http.client
import json
import os
import secrets
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import pytest

from marketplace.chain import anvil
from tests.processes import LONG

CHAIN_ID = 31337


@dataclass(frozen=True)
class LocalChain:
    port: int
    process: "subprocess.Popen[bytes]"
    beginning: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def forget(self) -> None:
        """Back to the empty chain that it was. (`anvil_reset` would also bring back fees.)"""
        assert self.ask("evm_revert", self.beginning) is True

    def ask(self, method: str, *params: object) -> Any:
        return ask(self.port, method, *params)

    def mined(self, sent: str) -> dict[str, Any]:
        return mined(self.port, sent)


def ask(port: int, method: str, *params: object) -> Any:
    """One JSON-RPC call; what the node says no to is an AssertionError."""
    answer = post(port, method, *params)
    assert "error" not in answer, answer
    return answer["result"]


def mined(port: int, sent: str) -> dict[str, Any]:
    """The receipt of a transaction that the node has taken: it says so before it has mined it."""
    until = time.monotonic() + LONG
    while (receipt := ask(port, "eth_getTransactionReceipt", sent)) is None:
        assert time.monotonic() < until, f"{sent} is not mined"
        time.sleep(0.002)
    found: dict[str, Any] = receipt
    return found


def post(port: int, method: str, *params: object) -> dict[str, Any]:
    """One JSON-RPC call, answered as the node answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
    connection.request("POST", "/", body, {"Content-Type": "application/json"})
    answer: dict[str, Any] = json.loads(connection.getresponse().read())
    connection.close()
    return answer


def free_port() -> int:
    """One below those that the kernel gives to whoever asks for any (32768 and above): nobody has it before we do."""
    while True:
        port = 15_000 + secrets.randbelow(17_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def wait_for(port: int, process: "subprocess.Popen[bytes]", seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        assert process.poll() is None, f"the chain ended with {process.returncode}"
        try:
            ask(port, "eth_chainId")
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError("the chain does not answer")


def need_anvil() -> None:
    """Skip, by name, where the npm packages of contracts/ are missing; fail where REQUIRE_NODE=1 says they must not."""
    try:
        anvil.binary()
    except FileNotFoundError as missing:
        if os.environ.get("REQUIRE_NODE") == "1":
            pytest.fail(str(missing))
        pytest.skip(str(missing))


@contextmanager
def running(*more: str, keep_history: bool = False) -> Iterator[LocalChain]:
    """An empty chain, with the flags of the product and EIP-7825's limit of gas for one transaction.

    Args:
        keep_history: keep old states, which `anvil_reorg` needs.
    """
    need_anvil()
    port = free_port()
    flags = [flag for flag in anvil.command(port, CHAIN_ID) if not (keep_history and flag == "--prune-history")]
    process = subprocess.Popen([*flags, "--enable-tx-gas-limit", *more], stdout=subprocess.DEVNULL)
    try:
        wait_for(port, process)
        yield LocalChain(port, process, ask(port, "evm_snapshot"))
    finally:
        process.kill()
        process.wait()
