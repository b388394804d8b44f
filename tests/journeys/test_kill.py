"""Power cuts while people buy: whatever dies, each paid order ends with its one token, and nothing else does."""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.application import create_app
from marketplace.chain.models import Log
from marketplace.kit.db import db
from marketplace.listings.models import Listing
from marketplace.orders.models import Order, OrderState
from marketplace.payments.models import Payment, PaymentState
from marketplace.settings import Settings
from marketplace.supervising.premises import read
from marketplace.tokens.models import Token, TokenState
from tests import given
from tests.chaos.buyer import Buyer
from tests.local_chain import free_port
from tests.processes import eventually
from tests.town import pid_of, town

BUYERS, UNITS, KILLS = 12, 9, 14
VICTIMS = (b"marketplace worker", b"marketplace follow", b"gunicorn", b"bin/anvil", b"chain.embedded")
PATIENCE = 90.0

pytestmark = [pytest.mark.node, pytest.mark.skipif(sys.platform != "linux", reason="the processes are found in /proc")]


def test_kill_nine_of_anything_at_any_moment_ends_in_one_token_for_each_paid_order(tmp_path: Path) -> None:
    data, port, dice = tmp_path / "town", free_port(), random.Random(20260420)
    with town(data, port) as up:
        up.until_said("Hiroba is ready")
        app = looking_at(data)
        with app.app_context():
            code, cookies = prepared(app)
            buyers = [Buyer([f"http://127.0.0.1:{port}"], cookie, code) for cookie in cookies]
            over = threading.Event()
            threads = [threading.Thread(target=buyer.try_until, args=(over,)) for buyer in buyers]
            for thread in threads:
                thread.start()
            try:
                killed = Counter(kill_one(data, dice) for _ in range(KILLS))
                assert eventually(lambda: counted(Order) == {OrderState.ISSUED: UNITS}), (counted(Order), up.said)
            finally:
                over.set()
                for thread in threads:
                    thread.join(timeout=PATIENCE)
            assert killed.total() - killed[b""] >= KILLS // 2, killed
            assert_exact()
            db.session.remove()
            db.engine.dispose()


def looking_at(data: Path) -> Flask:
    """The town's own application, seen from here."""
    kept = {name.lower(): value for name, value in read(data / "hiroba.env").items()}
    return create_app(Settings(**{**kept, "data_dir": data}))  # type: ignore[arg-type]


def prepared(app: Flask) -> tuple[str, list[str]]:
    """A listing that is open, and the cookies of those who want it."""
    listing_id = given.a_listing(quantity=UNITS, price_yen=1_000)
    cookies = []
    for _ in range(BUYERS):
        client = given.signed_in(app.test_client(), given.an_account())
        cookie = client.get_cookie("hiroba")
        assert cookie is not None
        cookies.append(cookie.value)
    return db.session.get_one(Listing, listing_id).code, cookies


def kill_one(data: Path, dice: random.Random) -> bytes:
    """SIGKILL to one of the town's processes at a moment of the dice's choice; which, or b'' where it was dead."""
    time.sleep(dice.uniform(0.2, 1.2))
    victim = dice.choice(VICTIMS)
    with suppress(ValueError, FileNotFoundError, ProcessLookupError):
        os.kill(pid_of(data, victim), signal.SIGKILL)
        return victim
    return b""


def counted(kind: type[Order] | type[Token] | type[Payment]) -> dict[Any, int]:
    rows = db.session.execute(
        sa.select(kind.state, sa.func.count())
        .where(kind.state.not_in((OrderState.EXPIRED, OrderState.CANCELLED, PaymentState.EXPIRED, PaymentState.FAILED)))
        .group_by(kind.state)
    )
    found = {state: count for state, count in rows}  # noqa: C416 -- a Row is no pair to mypy
    db.session.rollback()
    return found


def assert_exact() -> None:
    """Orders, payments, tokens and the chain's own events agree, one for one."""
    assert counted(Order) == {OrderState.ISSUED: UNITS}
    assert counted(Payment) == {PaymentState.SUCCEEDED: UNITS}
    assert counted(Token) == {TokenState.HELD: UNITS}
    issued = Counter(db.session.scalars(sa.select(Log.token_id).where(Log.name == "RightIssued")))
    assert issued == Counter(db.session.scalars(sa.select(Token.token_id)))
    assert set(db.session.scalars(sa.select(Token.order_code))) == set(db.session.scalars(sa.select(Order.code)))
