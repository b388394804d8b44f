"""The machine is gone: from last night's backup the town stands elsewhere, its chain, blocks and books with it."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.chain import snapshots
from marketplace.chain.deploying import ensure_contracts
from marketplace.continuity import exporting
from marketplace.continuity.standing import verify_here
from marketplace.continuity.verifying import verify
from marketplace.fund.differences import open_differences
from marketplace.fund.statements import balanced, balances
from marketplace.journal.sealing import seal
from marketplace.kit.db import db, get
from marketplace.operating import digests, restoring
from marketplace.operating.backing_up import back_up
from marketplace.orders.models import Order, OrderState
from marketplace.orders.paying import checkout
from marketplace.orders.placing import place
from marketplace.payments import asking
from marketplace.payments.reconciling import reconcile
from marketplace.payments.syncing import sync
from marketplace.settings import Settings
from marketplace.tokens.checking import check
from marketplace.tokens.models import Token, TokenState
from tests import given, turns
from tests.apps import another
from tests.databases import Databases
from tests.local_chain import CHAIN_ID, free_port, need_anvil
from tests.local_stripe import LocalStripe
from tests.operating.looked import round_of
from tests.processes import eventually

pytestmark = pytest.mark.node


@contextmanager
def a_chain(data: Path) -> Iterator[str]:
    """The chain that the town runs itself, kept below `data`; its address. Stopped as a service manager stops it."""
    need_anvil()
    port = free_port()
    where = ["--port", str(port), "--data", str(data / "chain"), "--chain-id", str(CHAIN_ID)]
    process = subprocess.Popen([sys.executable, "-m", "marketplace.chain.embedded", *where], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline().startswith(b"chain ")
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)
        process.stdout.close()


@pytest.fixture
def settings(settings: Settings, stripe: LocalStripe, tmp_path: Path) -> Iterator[Settings]:
    with a_chain(tmp_path) as url:
        yield stripe.settings(settings, chain_url=url, chain_id=CHAIN_ID, chain_embedded=True)


def settle() -> None:
    """Until nothing moves any more, and every day is sealed."""
    turns.settle()
    while seal():
        pass


def bought(stripe: LocalStripe, listing_id: int) -> int:
    order_id = place(given.an_account(), listing_id)
    stripe.pay(checkout(order_id))
    return order_id


def states() -> dict[str, list[str]]:
    found = {
        "orders": [str(state) for state in db.session.scalars(sa.select(Order.state).order_by(Order.id))],
        "tokens": [str(state) for state in db.session.scalars(sa.select(Token.state).order_by(Token.id))],
    }
    db.session.rollback()
    return found


def test_a_town_stands_again_with_its_chain_and_catches_up_with_what_was_paid_since(
    app: Flask, settings: Settings, stripe: LocalStripe, databases: Databases, tmp_path: Path
) -> None:
    ensure_contracts()
    listing_id = given.a_listing(quantity=5)
    for _ in range(2):
        bought(stripe, listing_id)
    waiting = bought(stripe, listing_id)  # paid, but nobody has heard of it when the backup is made
    with_two = place(given.an_account(), listing_id)  # and one who has not paid
    reconcile_all_but(waiting)
    before = digests.of_everything()
    db.session.rollback()
    assert eventually(lambda: snapshots.newest(tmp_path / "chain") is not None)
    archive = back_up(tmp_path / "backups")
    assert archive.has("chain/chain.json.gz")

    new = tmp_path / "new"
    restoring.restore_files(archive, new)
    (tmp_path / "keys").rename(new / "keys")  # from the safe in which the secrets lie
    with databases.empty() as url, a_chain(new) as chain_url:
        there = Settings(**{**settings.model_dump(), "database_url": url, "data_dir": new, "chain_url": chain_url})
        with another(there):
            assert restoring.restore_database(archive) == []
            assert digests.of_everything() == before
            db.session.rollback()

            reconcile()
            settle()
            assert get(Order, with_two).state == OrderState.AWAITING_PAYMENT
            assert states() == {
                "orders": [OrderState.ISSUED] * 3 + [OrderState.AWAITING_PAYMENT],
                "tokens": [TokenState.HELD] * 3,
            }
            assert check() == []  # the chain and the books agree
            assert verify_here().startswith("journal: ")
            reconcile()
            settle()
            assert (balanced(), open_differences(), balances()["collected"]) == (True, [], -9_000)
            db.session.rollback()
            exporting.export(tmp_path / "kit")
            assert verify(tmp_path / "kit", lambda path: None, None)
            codes = {each.fault.code for report in round_of(deep=True).values() for each in report.findings}
            assert codes - {"database.forgetful"} == set()


def reconcile_all_but(order_id: int) -> None:
    """The first two are paid, issued and booked; of the last payment no news has come."""
    for order in db.session.scalars(sa.select(Order).where(Order.id < order_id)).all():
        payment = asking.open_payment(order.subject)
        assert payment is not None
        sync(payment.id)
    settle()
    assert states()["orders"][:3] == [OrderState.ISSUED, OrderState.ISSUED, OrderState.AWAITING_PAYMENT]
