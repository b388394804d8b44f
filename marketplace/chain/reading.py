"""Read the logs of some blocks and write them down, or nothing at all.

The newest blocks are asked for with the logs, so that what is written is one history: the chain may turn between two
questions, and another follower may have been quicker.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any, NamedTuple

import sqlalchemy as sa

from marketplace.chain import events, seaport
from marketplace.chain.events import Event
from marketplace.chain.models import Block, Contract, Cursor, Log
from marketplace.chain.node import Header, NodeRefuses, Overburdened, node
from marketplace.kit.clock import now
from marketplace.kit.db import Base, UTCDateTime, db, let_go, lock, transaction
from marketplace.outbox.promising import say
from marketplace.settings import settings

WIDEST = 10_000
"""Blocks asked for at once at most: public nodes cap it there, and longer answers are read no faster."""
MOST_LOGS = 10_000
"""Logs in one answer: from here on a wider window is no quicker, and only costs memory."""
REMEMBERED = 128
"""How many blocks back hashes are kept. A deeper reorganisation is survived too, by reading everything again."""
NEAR, STRIDE = 16, 8
"""Of a wide window, the hash of each of the newest blocks is asked for, and farther back of each eighth: a deep
reorganisation is rare, and then costs to read a few blocks more."""
TOKENS_AT_ONCE = 500
COLUMNS = [
    *("chain_id", "block_hash", "log_index", "block_number", "at", "tx_hash"),
    *("address", "name", "args", "token_id"),
]
assert {*COLUMNS, "id"} == set(Log.__table__.columns.keys())
BLOCKS = Base.metadata.tables[Block.__tablename__]


class Moved(Exception):
    """The chain, or another follower, went on while we were reading: look again."""


class TooWide(Exception):
    """The node could not give so much at once: the next window is half as wide."""


class Place(NamedTuple):
    """Where the follower stands."""

    block: int
    span: int
    revision: int
    addresses: list[str]


def read(place: Place, last: int, head: Header) -> int:
    """Read the logs of the next blocks, up to `last`, and write them; how many there were.

    Raises Moved, TooWide, Unavailable, NodeRefuses.
    """
    first = place.block + 1
    end = head if last == head.number else node().headers([last])[0]
    try:
        raw = node().logs(first, last, place.addresses, events.TOPICS)
    except (NodeRefuses, Overburdened):
        if last == first:
            raise
        _narrow(place, last - first + 1)
        raise TooWide from None
    found = [event for each in raw if (event := events.read(each))]
    found += seaport.sales(found)
    headers = _headers(found, first, last)
    if end is None or headers[last].hash != end.hash:
        raise Moved  # the last block was another before we asked for the logs
    _see_that_it_is_one_history(place, found, headers)
    return _write(place, found, headers, last, head.number)


def locked(place: Place) -> Cursor:
    """The cursor, held, if it still is where it was. Raises Moved."""
    cursor = lock(Cursor, settings().chain_id)
    if cursor.revision != place.revision:
        raise Moved
    return cursor


def say_touched(cursor: Cursor, token_ids: Sequence[int | None]) -> None:
    """The tokens about which logs came or went: whoever keeps something about them computes it anew."""
    if cursor.replaying:  # all of them are said when everything has been read
        return
    tokens = sorted({each for each in token_ids if each is not None})
    for start in range(0, len(tokens), TOKENS_AT_ONCE):
        key = f"{cursor.chain_id}:{cursor.revision}:{start}"
        say("chain.touched", key, token_ids=tokens[start : start + TOKENS_AT_ONCE])


def _headers(found: Iterable[Event], first: int, last: int) -> dict[int, Header]:
    """Of the newest blocks, to remember; and of those whose time the node did not say with the log."""
    numbers = {event.block_number for event in found if event.at is None}
    numbers |= set(range(max(first, last - NEAR + 1), last + 1))
    numbers |= set(range(last, max(first, last - REMEMBERED + 1) - 1, -STRIDE))
    headers: dict[int, Header] = {}
    for number, header in zip(sorted(numbers), node().headers(sorted(numbers)), strict=True):
        if header is None:
            raise Moved
        headers[number] = header
    return headers


def _see_that_it_is_one_history(place: Place, found: Iterable[Event], headers: dict[int, Header]) -> None:
    """Logs and headers were asked for one after the other: the chain may have turned in between."""
    for event in found:
        header = headers.get(event.block_number)
        if header and header.hash != event.block_hash:
            raise Moved
    for before, after in pairwise(sorted(headers)):
        if after == before + 1 and headers[after].parent != headers[before].hash:
            raise Moved
    known = db.session.get(Block, (settings().chain_id, place.block))
    let_go()
    following = headers.get(place.block + 1)
    if known and following and following.parent != known.hash:
        raise Moved


def _write(place: Place, found: list[Event], headers: dict[int, Header], last: int, head: int) -> int:
    chain = settings().chain_id
    with transaction() as session:
        cursor = locked(place)
        if found:
            _keep(session.connection(), found, headers)
        newest = [number for number in headers if number > last - REMEMBERED]
        session.execute(
            sa.insert(BLOCKS),
            [{"chain_id": chain, "number": number, "hash": headers[number].hash} for number in sorted(newest)],
        )
        session.execute(sa.delete(Block).where(Block.chain_id == chain, Block.number <= last - REMEMBERED))
        session.execute(
            sa.update(Contract)
            .where(Contract.chain_id == chain, Contract.address.in_(place.addresses), Contract.block <= last)
            .values(followed=True)
        )
        cursor.block, cursor.head, cursor.revision = last, head, cursor.revision + 1
        cursor.span = min(WIDEST, cursor.span * 2) if len(found) < MOST_LOGS else max(1, cursor.span // 2)
        if last == head:
            cursor.read_at = now()
        say_touched(cursor, [event.token_id for event in found])
    return len(found)


def _keep(connection: sa.Connection, found: list[Event], headers: dict[int, Header]) -> None:
    """Insert the logs, past the mapper and its types: that halves what it takes to keep thousands of them."""
    dialect, chain = connection.dialect, settings().chain_id
    written: Any = UTCDateTime().dialect_impl(dialect).bind_processor(dialect)
    times: dict[datetime, Any] = {}  # blocks have one time and many logs
    rows = []
    for event in found:
        at = event.at or headers[event.block_number].at
        if at not in times:
            times[at] = written(at) if written else at
        place = (chain, event.block_hash, event.log_index, event.block_number, times[at], event.tx_hash)
        rows.append((*place, event.address, event.name, json.dumps(event.args), event.token_id))
    marks = ", ".join(("?" if dialect.positional else "%s",) * len(COLUMNS))
    connection.exec_driver_sql(f"INSERT INTO chain_logs ({', '.join(COLUMNS)}) VALUES ({marks})", rows)  # noqa: S608 -- names and marks


def _narrow(place: Place, asked: int) -> None:
    with transaction():
        locked(place).span = max(1, asked // 2)
