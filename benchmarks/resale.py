"""Seconds from a sale's receipt until the town's own pages know it: the sale is made by an outside wallet on the demo
town's chain, and found by its real follower and worker. Beside it, how long the chain took to mine the sale.
"""

import http.client
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from benchmarks import Result, compared
from benchmarks.serving import Served, town
from marketplace.application import create_app
from marketplace.chain.contract import MARKET, YEN, call
from marketplace.chain.register import contracts
from marketplace.chain.sending import promise
from marketplace.kit.db import db, transaction
from marketplace.resale.models import Offer, OfferState
from marketplace.settings import Settings
from marketplace.supervising import premises
from marketplace.tokens.models import Token
from tests.local_chain import ask
from tests.wallets import OwnWallet

ROUNDS = 5
PATIENCE = 60.0
PLENTY = 10**9


def measure() -> Iterator[Result]:
    with tempfile.TemporaryDirectory() as data, town(Path(data) / "town") as served:
        here = Path(data) / "town"
        kept = {name.lower(): value for name, value in premises.read(here / "hiroba.env").items()}
        app = create_app(Settings(**{**kept, "data_dir": here}))  # type: ignore[arg-type]
        with app.app_context():
            try:
                followed, mined = _sales(served, app.extensions["hiroba.settings"])
            finally:
                db.session.remove()
                db.engine.dispose()
    yield compared("resale.followed", "s", followed, "mining the sale", mined)


def _sales(served: Served, settings: Settings) -> tuple[list[float], list[float]]:
    """Seconds of each sale until it was followed, and until it was mined."""
    buyer, at = OwnWallet("benchmark"), contracts()
    with transaction():
        promise("benchmark:yen", "town", YEN, "mint", [buyer.address, PLENTY])
    port = int(_asked(served.port, "/status")["chain"]["rpc"].rpartition(":")[2])

    def sent(to: str, data: bytes) -> str:
        nonce = int(ask(port, "eth_getTransactionCount", buyer.address, "pending"), 16)
        fees = {"maxFeePerGas": 0, "maxPriorityFeePerGas": 0, "chainId": settings.chain_id, "type": 2}
        raw = buyer.transaction(to=to, data="0x" + data.hex(), value=0, nonce=nonce, gas=500_000, **fees)
        hash_: str = ask(port, "eth_sendRawTransaction", raw)
        status: str = _until(lambda: ask(port, "eth_getTransactionReceipt", hash_))["status"]
        return status

    balance = {"to": at[YEN], "data": "0x" + call(YEN, "balanceOf", [buyer.address]).hex()}
    _until(lambda: int(ask(port, "eth_call", balance, "latest"), 16) == PLENTY)
    assert sent(at[YEN], call(YEN, "approve", [at[MARKET], PLENTY])) == "0x1"
    followed, mined = [], []
    for path, token_id, listing, price in _offers():
        began = time.monotonic()
        assert sent(at[MARKET], call(MARKET, "buy", [token_id, listing, price, buyer.address])) == "0x1"
        receipt = time.monotonic()
        _until(lambda path=path: _asked(served.port, path)["owner"] == buyer.address)  # type: ignore[misc]
        followed.append(time.monotonic() - receipt)
        mined.append(receipt - began)
    return followed, mined


def _offers() -> list[tuple[str, int, int, int]]:
    """(path, token, number in the market, price) of what the demo town's people have on offer."""
    live = sa.select(Offer, Token).join(Token, Token.token_id == Offer.token_id).where(Offer.state == OfferState.LIVE)
    rows = db.session.execute(live.order_by(Offer.id).limit(ROUNDS)).all()
    found = [(str(token.path), token.token_id, offer.market_listing, offer.price_yen) for offer, token in rows]
    db.session.rollback()
    return found


def _asked(port: int, path: str) -> Any:
    """What the town's API answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", f"/api/v1{path}")
    answer = json.loads(connection.getresponse().read())
    connection.close()
    return answer


def _until(condition: Callable[[], Any]) -> Any:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if found := condition():
            return found
        time.sleep(0.01)
    raise RuntimeError("it never happened")
