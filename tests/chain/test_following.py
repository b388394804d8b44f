"""Our tables say what the chain says, and unsay what it unsays."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.chain import alarms, following, reading, register, sending
from marketplace.chain.events import RawLog
from marketplace.chain.models import Block, Contract, Cursor, Log, Trouble
from marketplace.chain.node import NodeRefuses, Web3Node, node
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db, transaction
from marketplace.kit.refusals import Unavailable
from marketplace.outbox import keeping
from marketplace.outbox.promising import HANDLERS, LISTENERS, handles
from marketplace.ports import Ports
from marketplace.settings import Settings
from tests.apps import another
from tests.chain import given
from tests.databases import chosen
from tests.local_chain import LocalChain


@pytest.fixture
def touched() -> Iterator[list[list[int]]]:
    """The tokens about which something came or went, as they were said."""
    said: list[list[int]] = []

    @handles("chain.touched")
    def hear(token_ids: list[int]) -> None:
        said.append(token_ids)

    name = f"{hear.__module__}.{hear.__qualname__}"
    yield said
    HANDLERS.pop(name)
    LISTENERS["chain.touched"].remove(name)


def issue(*serials: int) -> None:
    for serial in serials:
        given.an_issue(serial)
    sending.work()


def issued() -> list[int]:
    return [log["tokenId"] for log in given.logs("RightIssued")]


def test_before_there_is_a_contract_there_is_nothing_to_follow(app: Flask) -> None:
    assert following.follow_once() == 0
    assert following.status() == {"followed_block": -1, "head_block": -1}


def test_a_log_is_kept_with_its_block_its_time_and_its_words(deployed: Flask) -> None:
    given.a_series()
    issue(1)
    following.follow_once()
    log = db.session.scalars(sa.select(Log).where(Log.name == "RightIssued")).one()
    head = node().head()
    assert log.args == {
        "tokenId": 1_000_001,
        "seriesId": 1,
        "to": register.custody_address(given.custody_id(1)),
        "ref": "0x" + f"{1:064x}",
    }
    assert (log.block_number, log.block_hash, log.at, log.token_id) == (head.number, head.hash, head.at, 1_000_001)
    assert log.address == register.address_of("RightsToken")
    assert abs(log.at - now()) < timedelta(minutes=5)
    assert following.status() == {"followed_block": head.number, "head_block": head.number}


def test_reading_again_changes_nothing(deployed: Flask, touched: list[list[int]]) -> None:
    given.a_series()
    issue(1, 2)
    assert following.follow_once() > 0
    assert following.follow_once() == 0
    keeping.drain()
    assert issued() == [1_000_001, 1_000_002]
    assert touched == [[1_000_001, 1_000_002]]


def test_when_the_head_was_last_seen_is_noted_twice_a_minute(deployed: Flask) -> None:
    def read_at(after: int) -> int:
        with pretending(begin + timedelta(seconds=after)):
            following.follow_once()
        db.session.rollback()
        found = register.read_at()
        assert found is not None
        return round((found - begin).total_seconds())

    assert register.read_at() is None
    begin = now()
    assert [read_at(after) for after in (0, 25, 35, 60, 70)] == [0, 0, 35, 35, 70]


def test_a_chain_that_fell_back_is_followed_back(deployed: Flask, chain: LocalChain, touched: list[list[int]]) -> None:
    given.a_series()
    issue(1)
    before = chain.ask("evm_snapshot")
    issue(2)
    following.follow_once()
    assert issued() == [1_000_001, 1_000_002]
    chain.ask("evm_revert", before)
    following.follow_once()
    assert issued() == [1_000_001]
    assert following.status()["followed_block"] == node().head().number
    sending.work()
    following.follow_once()
    keeping.drain()
    assert issued() == [1_000_001, 1_000_002]
    assert touched == [[1_000_001, 1_000_002], [1_000_002], [1_000_002]]


def test_another_block_at_the_same_height_is_noticed(deployed: Flask, chain: LocalChain) -> None:
    given.a_series()
    issue(1)
    before = chain.ask("evm_snapshot")
    issue(2)
    following.follow_once()
    height = node().head().number
    chain.ask("evm_revert", before)
    chain.ask("evm_mine")
    assert node().head().number == height
    following.follow_once()
    assert issued() == [1_000_001]


def test_a_chain_that_forgot_everything_is_read_anew(deployed: Flask, chain: LocalChain) -> None:
    given.a_series()
    issue(1)
    following.follow_once()
    chain.forget()
    following.follow_once()
    assert issued() == []
    sending.work()
    following.follow_once()
    assert issued() == [1_000_001]


def test_a_roll_back_deeper_than_we_remember_is_read_anew(deployed: Flask, chain: LocalChain) -> None:
    given.a_series()
    issue(1)
    following.follow_once()
    before = chain.ask("evm_snapshot")
    issue(2)
    chain.ask("anvil_mine", hex(reading.REMEMBERED + 5))
    following.follow_once()
    chain.ask("evm_revert", before)
    chain.ask("anvil_mine", hex(3))
    following.follow_once()
    assert issued() == [1_000_001]
    assert following.status()["followed_block"] == node().head().number


def test_of_many_blocks_the_newest_are_remembered_and_each_eighth_before_and_the_chain_is_joined_without_a_gap(
    deployed: Flask, chain: LocalChain
) -> None:
    chain.ask("anvil_mine", hex(300))
    following.follow_once()
    read = node().head().number
    given.a_series()
    sending.work()
    following.follow_once()
    numbers = list(db.session.scalars(sa.select(Block.number).order_by(Block.number.desc())))
    near = list(range(read + 1, read - reading.NEAR, -1))
    far = list(range(read - 16, read + 1 - reading.REMEMBERED, -reading.STRIDE))
    assert numbers == [*near, *far]


@pytest.mark.skipif(chosen() != "postgresql", reason="PostgreSQL: a file does not hang up")
def test_after_a_round_in_which_the_database_hung_up_the_next_one_reads_on(deployed: Flask) -> None:
    patience = alarms.Patience(Trouble.READING)
    alarms.sound(Trouble.READING, "the chain was away")
    mine = db.session.scalar(sa.select(sa.func.pg_backend_pid()))
    db.session.rollback()
    with sa.create_engine(db.engine.url, poolclass=sa.NullPool).connect() as another:
        another.execute(sa.select(sa.func.pg_terminate_backend(mine)))
    for _ in range(2):
        following.go_round(patience)
    assert alarms.standing() == []


def test_the_same_log_cannot_be_kept_twice(deployed: Flask) -> None:
    given.a_series()
    issue(1)
    following.follow_once()
    row = db.session.scalars(sa.select(Log).where(Log.name == "RightIssued")).one()
    again = {column.key: getattr(row, column.key) for column in sa.inspect(Log).columns if column.key != "id"}
    with pytest.raises(sa.exc.IntegrityError), transaction() as session:
        session.execute(sa.insert(Log).values(**again))


def test_a_follower_that_was_overtaken_writes_nothing(deployed: Flask) -> None:
    given.a_series()
    issue(1)
    place = following._place()
    assert place is not None
    head = node().head()
    following.follow_once()
    with pytest.raises(reading.Moved):
        reading.read(place, head.number, head)
    assert issued() == [1_000_001]


def test_confirmations_hold_the_reading_back(deployed: Flask, settings: Settings, chain: LocalChain) -> None:
    given.a_series()
    issue(1)
    with another(settings.model_copy(update={"chain_confirmations": 2})):
        following.follow_once()
        assert issued() == []
        chain.ask("anvil_mine", hex(2))
        following.follow_once()
        assert issued() == [1_000_001]
        db.session.remove()


def test_a_contract_that_comes_to_be_known_late_is_read_from_its_first_block(deployed: Flask) -> None:
    with transaction() as session:
        market = session.scalars(sa.select(Contract).where(Contract.name == "ResaleMarket")).one()
        late = {"chain_id": market.chain_id, "name": market.name, "address": market.address, "block": market.block}
        session.delete(market)
    given.a_series()
    issue(1)
    following.follow_once()
    with transaction() as session:
        session.add(Contract(**late, followed=False))
    following.follow_once()
    assert issued() == [1_000_001]
    assert set(db.session.scalars(sa.select(Contract.followed))) == {True}
    assert following.follow_once() == 0


class NarrowNode(Web3Node):
    """A node like the public ones: it gives logs of a few blocks at once, and leaves the time out of them."""

    widest = 3

    def logs(self, first: int, last: int, addresses: Sequence[str], topics: Sequence[str]) -> list[RawLog]:
        if last - first + 1 > self.widest:
            raise NodeRefuses("query exceeds max block range")
        found = super().logs(first, last, addresses, topics)
        return [{name: value for name, value in log.items() if name != "blockTimestamp"} for log in found]


def test_a_node_that_gives_little_at_once_is_asked_for_less(
    deployed: Flask, settings: Settings, chain: LocalChain
) -> None:
    given.a_series()
    for serial in range(1, 9):
        issue(serial)
    ports = Ports(settings)
    ports.node = NarrowNode(chain.url)
    with another(settings, ports):
        following.follow_once()
        assert issued() == [1_000_000 + serial for serial in range(1, 9)]
        assert following.status()["followed_block"] == node().head().number
        times = set(db.session.scalars(sa.select(Log.at).where(Log.block_number == node().head().number)))
        assert times == {node().head().at}
        db.session.remove()


def test_when_the_node_gives_much_more_is_asked(deployed: Flask, chain: LocalChain) -> None:
    following.follow_once()
    first = span()
    chain.ask("anvil_mine", hex(5))
    following.follow_once()
    assert span() == min(2 * first, reading.WIDEST)


def span() -> Any:
    db.session.rollback()
    return db.session.scalar(sa.select(Cursor.span))


def test_a_chain_that_is_away_is_unavailable(deployed: Flask, chain: LocalChain) -> None:
    chain.process.kill()
    chain.process.wait()
    with pytest.raises(Unavailable):
        following.follow_once()
