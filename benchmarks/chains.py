"""A town on a chain of its own, for measuring: a new database, a real node, the contracts deployed."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask

from benchmarks.serving import free_port
from marketplace.application import create_app
from marketplace.chain import register, sending
from marketplace.chain.contract import RIGHTS, call
from marketplace.chain.deploying import ensure_contracts
from marketplace.chain.embedded import Chain
from marketplace.kit import schema
from marketplace.kit.db import db, transaction
from marketplace.settings import Settings

CHAIN_ID = 31_337
TERMS: dict[str, Any] = {
    "maxSupply": 900_000,
    "usesPerToken": 0,
    "royaltyBps": 500,
    "validUntil": 0,
    "tradableFrom": 0,
    "kind": 0,
    "transferable": True,
    "revocable": False,
    "termsHash": "0x" + "11" * 32,
}


@contextmanager
def town(**settings: Any) -> Iterator[tuple[Flask, Chain]]:
    """The application, its context open, and its chain."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        chain = Chain(free_port(), CHAIN_ID, data)
        try:
            chain.wait()
            here: dict[str, Any] = {"chain_url": f"http://127.0.0.1:{chain.port}", "chain_id": CHAIN_ID}
            here |= {"chain_embedded": True, "secret_key": "measured", "key_password": "measured"}
            app = create_app(Settings(data_dir=data, **here, **settings))
            with app.app_context():
                schema.upgrade()
                ensure_contracts()
                yield app, chain
                db.session.remove()
                db.engine.dispose()
        finally:
            chain.stop()


def a_series(number: int = 1) -> None:
    with transaction():
        sending.promise(f"series:{number}", "issuer", RIGHTS, "createSeries", [number, TERMS, "ipfs://series/"])


def wallet(number: int) -> str:
    return f"0x{0xABCDEF0000 + number:040x}"


def issue(serials: range, together: int, series: int = 1) -> None:
    """Promise rights, so many in a transaction, each to a wallet of its own, and have them mined."""
    with transaction():
        for serial in serials:
            item = {"to": wallet(serial), "serial": serial, "ref": f"0x{serial:064x}"}
            group = f"{series}:{(serial - 1) // together}"
            sending.promise(
                f"issue:{series}:{serial}", "issuer", RIGHTS, "issueBatch", [series], group=group, item=item
            )
    while sending.work():
        pass


def move(chain: Chain, serials: range, series: int = 1) -> None:
    """Each right goes to another wallet, in a block of its own."""
    rights = register.contracts()[RIGHTS]
    db.session.rollback()
    for serial in serials:
        owner, to = wallet(serial), wallet(serial + 1_000_000)
        chain.ask("anvil_impersonateAccount", owner)
        data = "0x" + call(RIGHTS, "transferFrom", [owner, to, series * 1_000_000 + serial]).hex()
        fields = {"from": owner, "to": rights, "data": data, "gas": hex(200_000), "gasPrice": "0x0"}
        sent = chain.ask("eth_sendTransaction", fields)
        while chain.ask("eth_getTransactionReceipt", sent) is None:
            pass
