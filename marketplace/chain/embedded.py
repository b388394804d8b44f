"""The chain of the embedded default: anvil behind a keeper that makes it survive a crash.

    python -m marketplace.chain.embedded --port 8545 --data DIR

Every second in which the head moved, the keeper takes a snapshot (`snapshots.py`). A crash loses at most what came
after the last one; the sender still has those transactions and sends the same bytes again (`sending.py`).
"""

import argparse
import contextlib
import ctypes
import http.client
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from marketplace.chain import anvil, snapshots
from marketplace.kit.termination import when_terminated

log = logging.getLogger(__name__)

START_SECONDS = 20.0
STOP_SECONDS = 10.0
# an empty chain that dies at once, three times in a row, will not live the fourth time either
HOPELESS = 3


class Dead(Exception):
    """The chain cannot be started or does not stay alive."""


class Chain:
    """One running anvil: the process that we started ourselves, and no other that answers on its port."""

    def __init__(self, port: int, chain_id: int, directory: Path) -> None:
        self.port, self.chain_id, self.directory = port, chain_id, directory
        self.head: str | None = None
        _claim(port)
        snapshot = snapshots.newest(directory)
        loading = ["--load-state", str(snapshot)] if snapshot else []
        self.child = subprocess.Popen(
            anvil.command(port, chain_id, *loading),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            env={**os.environ, "HOME": str(directory)},  # anvil writes caches below HOME
            start_new_session=True,  # Ctrl-C is for the keeper, which wants a last snapshot first
            preexec_fn=_die_with_parent(),
        )

    def wait(self) -> None:
        """Until it answers. Raises Dead when our own child is gone, whoever may answer on the port."""
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            if self.child.poll() is not None:
                raise Dead(f"the chain stopped while starting (exit code {self.child.returncode})")
            with contextlib.suppress(OSError, http.client.HTTPException):
                if int(self.ask("eth_chainId"), 16) == self.chain_id and self.child.poll() is None:
                    return
            time.sleep(0.02)
        raise Dead(f"the chain did not answer within {START_SECONDS:.0f} seconds")

    def alive(self) -> bool:
        return self.child.poll() is None

    def ask(self, method: str, *params: object) -> Any:
        """One JSON-RPC call. Raises OSError or HTTPException when nobody answers, Dead when the answer is an error."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
            connection.request("POST", "/", body, {"Content-Type": "application/json"})
            answer = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        if "error" in answer:
            raise Dead(f"{method}: {answer['error']}")
        return answer["result"]

    def keep(self) -> bool:
        """Take a snapshot if the head moved since the last one. False: the dump was not whole, try again soon."""
        head = self.ask("eth_getBlockByNumber", "latest", False)["hash"]
        if head == self.head:
            return True
        raw = snapshots.unpack(self.ask("anvil_dumpState"))
        if not snapshots.consistent(raw):
            return False
        snapshots.write(raw, self.directory)
        self.head = head
        return True

    def stop(self) -> None:
        """End the child; what it holds since the last snapshot is gone."""
        self.child.terminate()
        try:
            self.child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()


def serve(
    port: int,
    directory: Path,
    chain_id: int,
    leaving: threading.Event,
    ready: Callable[[], None] = lambda: None,
    every: float = 1.0,
) -> None:
    """Run the chain and keep it until `leaving` is set; start it again from its last snapshot when it dies.

    Args:
        every: seconds between looks at the head; longer while snapshots themselves are slow.
    """
    directory.mkdir(parents=True, exist_ok=True)
    deaths = 0
    while not leaving.is_set():
        chain = Chain(port, chain_id, directory)
        try:
            chain.wait()
            ready()
            started = time.monotonic()
            _keep_while_alive(chain, leaving, every)
            deaths = 0 if time.monotonic() - started > START_SECONDS else deaths + 1
        finally:
            if chain.alive():
                _last_snapshot(chain)
                chain.stop()
        if not leaving.is_set():
            log.warning("the local chain died; starting it from its last snapshot")
            if deaths >= HOPELESS:
                raise Dead("the chain does not stay alive")


def _keep_while_alive(chain: Chain, leaving: threading.Event, every: float) -> None:
    pause = every
    while chain.alive() and not leaving.wait(pause):
        began = time.monotonic()
        try:
            whole = chain.keep()
        except (OSError, http.client.HTTPException, Dead) as trouble:
            log.warning("no snapshot: %s", trouble)
            pause = every
            continue
        # a slow snapshot must not eat the chain's time; a torn one is tried again at once
        pause = max(every, 4 * (time.monotonic() - began)) if whole else every / 10


def _last_snapshot(chain: Chain) -> None:
    for _ in range(20):
        try:
            if chain.keep():
                return
        except (OSError, http.client.HTTPException, Dead) as trouble:
            log.warning("no last snapshot: %s", trouble)
            return
        time.sleep(0.05)
    log.warning("no last snapshot: the chain was never at rest")


def _claim(port: int) -> None:
    """Refuse a port on which somebody listens: their chain would answer in our child's place."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise Dead(f"port {port} is taken") from error


def _die_with_parent() -> Callable[[], None] | None:
    """On Linux, let the kernel end the child when the keeper is killed: an orphan would hold the port."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    set_parent_death_signal = 1  # PR_SET_PDEATHSIG, prctl(2)

    def ask_the_kernel() -> None:
        libc.prctl(set_parent_death_signal, signal.SIGKILL)

    return ask_the_kernel


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m marketplace.chain.embedded", description=__doc__.split("\n")[0])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data", type=Path, required=True, help="directory of the snapshots")
    parser.add_argument("--chain-id", type=int, default=int(os.environ.get("CHAIN_ID", "24601")))
    options = parser.parse_args()
    leaving = threading.Event()
    when_terminated(leaving.set)

    def say_ready() -> None:
        sys.stdout.write(f"chain {options.chain_id} is ready: http://127.0.0.1:{options.port}\n")
        sys.stdout.flush()

    try:
        serve(options.port, options.data.resolve(), options.chain_id, leaving, say_ready)
    except (Dead, snapshots.Torn, FileNotFoundError) as trouble:
        sys.exit(f"the local chain cannot run: {trouble}")


if __name__ == "__main__":
    main()
