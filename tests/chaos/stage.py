"""The town before the troubles, built once by the real commands: each run begins with a copy of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from flask import Flask
from pydantic import SecretStr

from marketplace.chain.deploying import ensure_contracts
from marketplace.kit.clock import now
from marketplace.lotteries.closing import of_listing as lottery_of
from marketplace.lotteries.entering import enter
from marketplace.settings import Settings
from tests import given, local_stripe
from tests.apps import another
from tests.databases import Databases
from tests.ipfs.kubo_double import KuboDouble
from tests.local_chain import CHAIN_ID, LocalChain, running
from tests.local_stripe import SECRET, LocalStripe
from tests.turns import settle

BUYERS, APPLICANTS, WINNERS = 5, 5, 2
MAXIMA = (9_000, 5_000, 2_000)
"""What the bidders would pay at most. The first wins at a step above the second, whoever comes first."""


class World(NamedTuple):
    """Ids of the copy's rows, which are the same in each."""

    sale: int
    lottery_sale: int
    lottery: int
    auction_sale: int
    buyers: list[int]
    applicants: list[int]
    bidders: dict[int, int]
    """Account to maximum in yen."""
    office: int
    close: datetime
    draw_at: datetime


@dataclass
class Stage:
    databases: Databases
    settings: Settings
    chain: LocalChain
    stripe: LocalStripe
    kubo: KuboDouble
    world: World
    prepared: str
    """URL of the database that is copied."""
    beginning: str
    """The chain's snapshot that belongs to it."""
    blocks: dict[bytes, bytes]
    """What the replica held."""

    @contextmanager
    def copy(self) -> Iterator[Flask]:
        """The town as it was, in its context: database, keys, chain, Stripe and replica."""
        assert self.chain.ask("evm_revert", self.beginning) is True
        self.beginning = self.chain.ask("evm_snapshot")
        self.stripe.sim("reset")
        self.stripe.sim("faults", manual=True)
        self.kubo.blocks, self.kubo.is_busy = dict(self.blocks), False
        with ExitStack() as stack:
            url = stack.enter_context(self.databases.copy(self.prepared))
            own = Path(stack.enter_context(TemporaryDirectory(dir=self.settings.data_dir)))
            shutil.copytree(self.settings.data_dir / "keys", own / "keys")
            app = stack.enter_context(another(self.settings.model_copy(update={"database_url": url, "data_dir": own})))
            app.testing = True
            yield app


@contextmanager
def prepared(databases: Databases, folder: Path) -> Iterator[Stage]:
    """A stage of one's own, with chain, Stripe and replica, until the block ends."""
    with ExitStack() as stack:
        chain = stack.enter_context(running())
        stripe = stack.enter_context(local_stripe.running())
        kubo = stack.enter_context(KuboDouble())
        url = stack.enter_context(databases.copy())
        settings = stripe.settings(
            Settings(
                database_url=url,
                data_dir=folder,
                secret_key=SecretStr("a test's secret"),
                key_password=SecretStr("a test's password"),
                stripe_webhook_secrets=SecretStr(SECRET),
                beacon_url="",
                chain_url=chain.url,
                chain_id=CHAIN_ID,
                chain_embedded=True,
                ipfs_rpc_url=kubo.url,
                min_replicas=1,
            )
        )
        with another(settings.model_copy()):  # which keeps what it has worked out, e.g. the address of its database
            ensure_contracts()
            at = now()
            world = built(at + timedelta(days=7), at + timedelta(days=8))
            settle()
        snapshot = chain.ask("evm_snapshot")
        yield Stage(databases, settings, chain, stripe, kubo, world, url, snapshot, dict(kubo.blocks))


def built(close: datetime, draw_at: datetime) -> World:
    """Three sales that end at the same moment, people who want something, and a lottery that has its applicants."""
    sale = given.a_listing(quantity=BUYERS, price_yen=1_000, closes_at=close)
    lottery_sale = given.a_listing(
        "lottery", quantity=WINNERS, price_yen=2_000, auction_rules={}, closes_at=close, draw_at=draw_at
    )
    # or bids in the last five minutes would move the end by as many, and half a minute without a web by ten
    hard = {"soft_close": None, "outage": None}
    auction_sale = given.a_listing("ascending", "naming", price_yen=1_000, closes_at=close, auction_rules=hard)
    lottery = lottery_of(lottery_sale)
    assert lottery is not None
    applicants = [given.an_account(f"applicant-{n}@example.jp") for n in range(APPLICANTS)]
    for applicant in applicants:
        enter(lottery.id, applicant)
    return World(
        sale=sale,
        lottery_sale=lottery_sale,
        lottery=lottery.id,
        auction_sale=auction_sale,
        buyers=[given.an_account(f"buyer-{n}@example.jp") for n in range(BUYERS)],
        applicants=applicants,
        bidders={given.an_account(f"bidder-{yen}@example.jp"): yen for yen in MAXIMA},
        office=given.staff("approver"),
        close=close,
        draw_at=draw_at,
    )
