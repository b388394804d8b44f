"""The embedded chain is stopped, killed, and finds everything again."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from eth_account import Account

from marketplace.chain import snapshots
from tests import listening
from tests.local_chain import ask, free_port, mined, need_anvil

CHAIN_ID = 4_242
KEY = Account.from_key("0x" + "07" * 32)

Keeper = Callable[[], "subprocess.Popen[bytes]"]


@pytest.fixture
def port() -> int:
    need_anvil()
    return free_port()


@pytest.fixture
def keeper(port: int, tmp_path: Path) -> Iterator[Keeper]:
    """Starts the keeper as the command line does, and waits until it says that it is ready."""
    started: list[subprocess.Popen[bytes]] = []

    def start() -> "subprocess.Popen[bytes]":
        where = ["--port", str(port), "--data", str(tmp_path), "--chain-id", str(CHAIN_ID)]
        command = [sys.executable, "-m", "marketplace.chain.embedded", *where]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline().decode() == f"chain {CHAIN_ID} is ready: http://127.0.0.1:{port}\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def send(port: int, nonce: int) -> str:
    """A transaction to nobody; the hash of the block that has it."""
    fields = {"nonce": nonce, "gas": 21_000, "maxFeePerGas": 0, "maxPriorityFeePerGas": 0, "value": 0}
    signed = KEY.sign_transaction({**fields, "chainId": CHAIN_ID, "to": "0x" + "11" * 20})
    sent = ask(port, "eth_sendRawTransaction", "0x" + bytes(signed.raw_transaction).hex())
    return str(mined(port, sent)["blockHash"])


def head(port: int) -> str:
    return str(ask(port, "eth_getBlockByNumber", "latest", False)["hash"])


def until(true: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def answers(port: int) -> bool:
    try:
        ask(port, "eth_chainId")
    except OSError:
        return False
    return True


def kept(tmp_path: Path, nonce: int) -> bool:
    """Whether a snapshot has this many transactions."""
    path = tmp_path / snapshots.NAME
    return path.exists() and path.read_bytes().count(b'"transaction_hash"') >= nonce


def test_it_stops_when_asked_and_finds_everything_as_it_was(keeper: Keeper, port: int, tmp_path: Path) -> None:
    process = keeper()
    before = [send(port, nonce) for nonce in range(3)]
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    assert answers(port) is False
    keeper()
    assert head(port) == before[-1]
    assert send(port, 3) != before[-1]


def test_it_answers_this_machine_alone_and_no_page_of_a_browser(keeper: Keeper, port: int) -> None:
    keeper()
    assert listening.addresses(port) == {"127.0.0.1"}
    assert ask(port, "eth_accounts") == []
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    body = b'{"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []}'
    connection.request("POST", "/", body, {"Content-Type": "application/json", "Origin": "https://evil.example"})
    assert connection.getresponse().getheader("Access-Control-Allow-Origin") is None
    connection.close()


def test_a_kill_takes_the_chain_along_and_loses_only_what_came_after_the_last_snapshot(
    keeper: Keeper, port: int, tmp_path: Path
) -> None:
    process = keeper()
    first = send(port, 0)
    until(lambda: kept(tmp_path, 1))
    process.kill()
    process.wait()
    until(lambda: not answers(port))
    keeper()
    assert head(port) == first


def test_it_is_the_same_chain_however_often_it_is_started(keeper: Keeper, port: int, tmp_path: Path) -> None:
    """By block 1: block 0 is made anew by each start (identity.py)."""
    process = keeper()
    first = send(port, 0)
    for nonce in (1, 2):
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        process = keeper()
        send(port, nonce)
    assert ask(port, "eth_getBlockByNumber", "0x1", False)["hash"] == first


def test_a_chain_that_dies_is_started_again_from_its_snapshot(keeper: Keeper, port: int, tmp_path: Path) -> None:
    process = keeper()
    first = send(port, 0)
    until(lambda: kept(tmp_path, 1))
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    if not children.exists():
        pytest.skip("finding the child needs Linux's /proc")
    os.kill(int(children.read_text().split()[0]), signal.SIGKILL)
    assert process.stdout is not None
    assert process.stdout.readline() != b""  # ready again
    assert head(port) == first


def test_a_port_that_somebody_holds_is_refused(port: int, tmp_path: Path) -> None:
    """Else the stranger's chain would answer in the place of ours."""
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", port))
        stranger.listen()
        where = ["--port", str(port), "--data", str(tmp_path)]
        command = [sys.executable, "-m", "marketplace.chain.embedded", *where]
        done = subprocess.run(command, capture_output=True, timeout=30, check=False)
    assert done.returncode == 1
    assert f"port {port} is taken" in done.stderr.decode()


def test_torn_snapshots_stop_it(tmp_path: Path, port: int) -> None:
    (tmp_path / snapshots.NAME).write_bytes(b"{")
    command = [sys.executable, "-m", "marketplace.chain.embedded", "--port", str(port), "--data", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, timeout=30, check=False)
    assert done.returncode == 1
    assert "no whole snapshot" in done.stderr.decode()
