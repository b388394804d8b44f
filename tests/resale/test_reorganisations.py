"""However often and deep the chain turns, our tables end as if it had never turned: equal to reading it from zero."""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys
from dataclasses import dataclass, field
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.accounts.models import Account
from marketplace.chain import contract, following, register, sending
from marketplace.chain.models import Cursor, Log
from marketplace.kit.db import Base, db, get, transaction
from marketplace.listings.models import Listing
from marketplace.outbox import keeping
from marketplace.settings import Settings
from marketplace.tokens.issuing import promise_token
from tests import given
from tests.chainlogs import somebody
from tests.databases import chosen
from tests.deployment import pointed
from tests.local_chain import CHAIN_ID, LocalChain
from tests.turns import settle

pytestmark = [
    pytest.mark.usefixtures("deployed"),
    pytest.mark.node,
    pytest.mark.skipif(chosen() != "sqlite", reason="what turns is the chain, and both databases keep logs alike"),
]

TURNS = 200
DEEPEST = 64
RIGHTS = 6
PEOPLE = [somebody(name) for name in ("haru", "natsu", "aki", "fuyu")]
TABLES = ("chain_logs", "tokens", "transfers", "offers", "trades")
FOR_EVER = 2**32 - 1
GAS = hex(400_000)


@pytest.fixture
def chain(local_chain: LocalChain) -> LocalChain:
    return local_chain


@pytest.fixture
def settings(settings: Settings, chain: LocalChain) -> Settings:
    return pointed(settings, chain)


@pytest.fixture
def rights(app: Flask, chain: LocalChain) -> list[int]:
    """Rights in people's own wallets, who have yen and trust the market."""
    holder = given.an_account()
    listing = get(Listing, given.a_listing(quantity=RIGHTS))
    serials = range(1, RIGHTS + 1)
    with transaction():
        found = [promise_token(listing.right_id, n, listing.code, f"ORD-{n}", holder, RIGHTS) for n in serials]
    custody = "0x" + get(Account, holder).custody_id
    settle()
    with transaction():
        for number, token_id in enumerate(found):
            args = [custody, PEOPLE[number % len(PEOPLE)], token_id]
            sending.promise(f"out:{token_id}", "custodian", "RightsToken", "custodyTransfer", args)
        for person in PEOPLE:
            sending.promise(f"yen:{person}", "town", "TestYen", "mint", [person, 10_000_000])
    settle()
    market = register.address_of("ResaleMarket")
    for person in PEOPLE:
        chain.ask("anvil_impersonateAccount", person)
        act(chain, person, "TestYen", "approve", market, 10_000_000)
        act(chain, person, "RightsToken", "setApprovalForAll", market, True)
    return found


def act(chain: LocalChain, who: str, name: str, function: str, *args: Any) -> None:
    """Somebody with a wallet does something; the contract may say no."""
    data = "0x" + contract.call(name, function, list(args)).hex()
    fields = {"from": who, "to": register.address_of(name), "data": data, "gas": GAS, "gasPrice": "0x0"}
    chain.mined(chain.ask("eth_sendTransaction", fields))


@dataclass
class Town:
    """What people do on a chain that turns."""

    chain: LocalChain
    rights: list[int]
    chance: random.Random
    marks: list[tuple[int, str]] = field(default_factory=list)
    """Heights to which the chain can be turned back, each with its snapshot."""

    @property
    def height(self) -> int:
        return int(self.chain.ask("eth_blockNumber"), 16)

    def live(self) -> None:
        """Some blocks: a movement, an offer, a purchase, or nothing at all."""
        self.marks.append((self.height, self.chain.ask("evm_snapshot")))
        for _ in range(self.chance.randrange(3)):
            getattr(self, self.chance.choice(("give", "offer", "buy", "cancel")))()
        self.chain.ask("anvil_mine", hex(self.chance.randint(1, 20)))

    def turn(self, depth: int) -> int:
        """The chain forgets about so many blocks, and goes on another way; how many it forgot."""
        height = self.height
        back = [mark for mark in self.marks if height - mark[0] >= depth] or self.marks[:1]
        where, snapshot = back[-1]
        self.marks = [mark for mark in self.marks if mark[0] < where]
        assert self.chain.ask("evm_revert", snapshot) is True
        self.marks.append((where, self.chain.ask("evm_snapshot")))
        return height - where

    def give(self) -> None:
        token_id = self.chance.choice(self.rights)
        act(self.chain, self.owner(token_id), "RightsToken", "transferFrom", *self.of(token_id))

    def of(self, token_id: int) -> tuple[str, str, int]:
        return self.owner(token_id), self.chance.choice(PEOPLE), token_id

    def offer(self) -> None:
        token_id, price = self.chance.choice(self.rights), self.chance.randint(100, 5_000)
        act(self.chain, self.owner(token_id), "ResaleMarket", "list", token_id, price, FOR_EVER)

    def buy(self) -> None:
        """What was offered last of what we have read: it may be gone, or never have been in this history."""
        args = db.session.scalar(sa.select(Log.args).where(Log.name == "Listed").order_by(Log.id.desc()).limit(1))
        db.session.rollback()
        if args:
            who = self.chance.choice(PEOPLE)
            act(self.chain, who, "ResaleMarket", "buy", args["tokenId"], args["listingId"], args["price"], who)

    def cancel(self) -> None:
        token_id = self.chance.choice(self.rights)
        act(self.chain, self.owner(token_id), "ResaleMarket", "cancel", token_id)

    def owner(self, token_id: int) -> str:
        asked = "0x" + contract.call("RightsToken", "ownerOf", [token_id]).hex()
        answer = self.chain.ask("eth_call", {"to": register.address_of("RightsToken"), "data": asked}, "latest")
        db.session.rollback()
        return "0x" + str(answer)[-40:]


def prints() -> dict[str, str]:
    """A hash of all that each table says, without the numbers that only say which row was written first."""
    db.session.rollback()
    found = {}
    for name in TABLES:
        table = Base.metadata.tables[name]
        columns = [column for column in table.columns if column.name != "id"]
        rows = sorted(repr(tuple(row)) for row in db.session.execute(sa.select(*columns)))
        found[name] = f"{len(rows)} {hashlib.sha256(''.join(rows).encode()).hexdigest()}"
    return found


def test_two_hundred_turns_end_where_reading_from_zero_ends(chain: LocalChain, rights: list[int]) -> None:
    chance = random.Random(64)
    town = Town(chain, rights, chance)
    depths = []
    for _ in range(DEEPEST // 4):
        town.live()
    for number in range(TURNS):
        town.live()
        if chance.random() < 0.7:
            following.follow_once()
        if number % 10 == 0:
            keeping.drain()
        depths.append(town.turn(chance.randint(1, DEEPEST)))
        town.chain.ask("anvil_mine", hex(chance.randint(20, 60)))
        following.follow_once()
    for _ in range(3):
        town.offer()
        following.follow_once()
        town.buy()
        town.live()
    settle()
    followed = prints()
    assert following.status()["followed_block"] == town.height
    assert (len(depths), max(depths) >= DEEPEST, min(depths) >= 1) == (TURNS, True, True)
    assert [int(followed[name].split()[0]) > 0 for name in TABLES] == [True] * len(TABLES)
    following.read_anew()
    keeping.drain()
    assert prints() == followed


def test_reading_anew_hides_nothing_while_it_lasts_and_ends_where_it_was(chain: LocalChain, rights: list[int]) -> None:
    town = Town(chain, rights, random.Random(1))
    for _ in range(5):
        town.live()
    settle()
    before = prints()
    with transaction() as session:  # as if the process had died after it forgot
        session.execute(sa.delete(Log))
        session.execute(sa.update(Cursor).values(block=0, replaying=True, revision=Cursor.revision + 1))
        session.execute(sa.delete(Base.metadata.tables["chain_blocks"]))
    keeping.drain()
    assert {name: prints()[name] for name in TABLES[1:]} == {name: before[name] for name in TABLES[1:]}
    following.follow_once()
    keeping.drain()
    assert (prints(), register.reading_anew()) == (before, False)


def test_staff_read_the_chain_anew_by_one_command(chain: LocalChain, rights: list[int], settings: Settings) -> None:
    settle()
    before = prints()
    db.session.remove()
    env = {
        **os.environ,
        "CHAIN_URL": chain.url,
        "CHAIN_ID": str(CHAIN_ID),
        "CHAIN_EMBEDDED": "1",
        "SECRET_KEY": "x",
        "DATABASE_URL": settings.database,
        "DATA_DIR": str(settings.data_dir),
    }
    for how, last in (("--replay", "100%"), ("--backfill", "")):
        command = [sys.executable, "-m", "marketplace", "follow", how]
        ended = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)
        assert ended.returncode == 0, ended.stderr
        bars = [line for line in ended.stderr.splitlines() if line.startswith("[")]
        assert ["100%" in line for line in bars[-1:]] == ([True] if last else [])
    keeping.drain()
    assert prints() == before
