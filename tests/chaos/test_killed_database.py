"""PostgreSQL is killed while people buy: nothing that anybody was told is lost, and the town serves again at once."""

from __future__ import annotations

import random
import threading
import time
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from marketplace.kit.db import db, get
from marketplace.listings.models import Listing
from marketplace.orders.models import Order, OrderState
from tests import given, postgres
from tests.chaos.buyer import Buyer
from tests.chaos.fleet import Fleet, at_anchor, looking_at
from tests.chaos.selling_out import PRICE
from tests.databases import build, chosen
from tests.processes import LONG, eventually

PEOPLE, KILLS = 16, 4
SERVING_AGAIN = 10.0
"""Seconds."""

pytestmark = [
    pytest.mark.node,
    pytest.mark.usefixtures("databases"),  # or it would not be run on PostgreSQL
    pytest.mark.skipif(chosen() != "postgresql", reason="PostgreSQL: SQLite is no process that could be killed"),
]


def test_what_anybody_was_told_is_there_and_pages_come_again_within_ten_seconds(tmp_path: Path) -> None:
    with postgres.killable() as server, at_anchor(tmp_path / "fleet", server.url, workers=1, followers=0) as fleet:
        build(server.url, tmp_path)
        app = looking_at(fleet)
        with app.app_context():
            listing_id = given.a_listing(quantity=PEOPLE, price_yen=PRICE)
            code = get(Listing, listing_id).code
            sites = [f"http://127.0.0.1:{port}" for port in fleet.webs]
            buyers = [Buyer(list(sites), given.a_cookie(app, given.an_account()), code) for _ in range(PEOPLE)]
            fleet.start(*(name for name in fleet.programs if name != "chain"))
            assert eventually(lambda: fleet.shows(f"/listings/{code}"))
            pauses = _deaths_while_they_buy(buyers, fleet, server, code)
            assert eventually(lambda: _states() == [OrderState.PAID] * PEOPLE), _states()
            told = {path.split("/")[2] for buyer in buyers for path in buyer.orders}
            assert told <= set(db.session.scalars(sa.select(Order.code)))  # of some only the answer was lost
            db.session.remove()
            db.engine.dispose()
    assert max(pauses) < SERVING_AGAIN, pauses


def _deaths_while_they_buy(buyers: list[Buyer], fleet: Fleet, server: postgres.Killable, code: str) -> list[float]:
    """All buy at the same time, the server dies again and again; for how many seconds each death was felt."""
    over, dice = threading.Event(), random.Random(1)
    threads = [threading.Thread(target=buyer.try_until, args=(over,)) for buyer in buyers]
    for thread in threads:
        thread.start()
    try:
        assert eventually(lambda: any(buyer.orders for buyer in buyers))
        pauses = [_death(fleet, server, code, dice, whole=n % 2 == 0) for n in range(KILLS)]
        assert eventually(lambda: all(buyer.paid for buyer in buyers))
    finally:
        over.set()
        for thread in threads:
            thread.join(timeout=LONG)
    return pauses


def _death(fleet: Fleet, server: postgres.Killable, code: str, dice: random.Random, *, whole: bool) -> float:
    """Of the whole server, or of one of the processes that serve its connections."""
    time.sleep(dice.uniform(0.2, 1.0))
    if whole:
        server.kill()
        began = time.monotonic()
        server.start()
    else:
        server.kill_a_hand(dice.choice(_hands(server)))
        began = time.monotonic()
    assert eventually(lambda: fleet.shows(f"/listings/{code}"))
    return time.monotonic() - began


def _hands(server: postgres.Killable) -> list[int]:
    """The processes that serve the town's connections."""
    ours = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
    with psycopg.connect(server.url.replace("+psycopg", "")) as connection:
        return [pid for (pid,) in connection.execute(ours)]


def _states() -> list[OrderState]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Order.state)))
