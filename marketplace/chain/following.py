"""Read what the chain says into our tables, and take back what it no longer says.

Logs are asked for by ranges of blocks. Before each range the newest block that we know is compared with the chain's:
if the chain has another one there (a reorganisation, or a local chain that fell back to an older snapshot), we walk
back to the last block on which we agree, forget everything above, and read on from there.
"""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from types import FrameType
from typing import Any, NamedTuple

import sqlalchemy as sa

from marketplace.chain import events
from marketplace.chain.events import Event
from marketplace.chain.models import Block, Contract, Cursor, Log
from marketplace.chain.node import Header, NodeRefuses, node
from marketplace.chain.register import status as status
from marketplace.kit.db import db, insert_once, lock, transaction
from marketplace.kit.refusals import Unavailable
from marketplace.outbox.promising import say
from marketplace.settings import settings

log = logging.getLogger(__name__)

WIDEST = 10_000
"""Blocks asked for at once at most: public nodes cap it there, and longer answers are read no faster."""
REMEMBERED = 128
"""Blocks whose hashes are kept. A deeper reorganisation is survived too, by reading everything again."""
TOKENS_AT_ONCE = 500
POLL_SECONDS = 0.25


class Moved(Exception):
    """The chain, or another follower, went on while we were reading: look again."""


class Place(NamedTuple):
    """Where the follower stands."""

    block: int
    span: int
    revision: int
    addresses: list[str]


def follow_once() -> int:
    """Read up to the head. The number of logs written or taken back. Raises Unavailable."""
    changed, disturbances = 0, 0
    while disturbances < 10:
        try:
            place = _place()
            if place is None:
                return changed
            head = node().head()
            agreed = _agreed(place)
            if agreed < place.block:
                changed += _take_back(place, agreed)
                continue
            last = min(head.number - settings().chain_confirmations, place.block + place.span)
            if last <= place.block:
                _write_head(head.number)
                return changed
            changed += _read(place, last, head)
        except Moved:
            disturbances += 1
    return changed


def follow() -> None:
    """Follow until SIGTERM or SIGINT."""
    leaving = threading.Event()

    def leave(_signal: int, _frame: FrameType | None) -> None:
        leaving.set()

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, leave)
    while not leaving.wait(POLL_SECONDS):
        try:
            follow_once()
        except Unavailable as trouble:
            log.warning("%s", trouble)
        except Exception:
            log.exception("following")


def _place() -> Place | None:
    """Where we stand; None while there is no contract to follow.

    A contract that was deployed behind our back (its row came after we had read past its block) sends us back there.
    """
    chain = settings().chain_id
    found = db.session.execute(
        sa.select(Contract.address, Contract.block, Contract.followed).where(Contract.chain_id == chain)
    ).all()
    cursor = db.session.get(Cursor, chain, populate_existing=True)
    if not found:
        db.session.rollback()
        return None
    if cursor is None:
        db.session.rollback()
        start = min(row.block for row in found) - 1
        with transaction():
            insert_once(Cursor, {"chain_id": chain, "block": start, "head": -1, "span": 2_000, "revision": 0})
        return _place()
    place = Place(cursor.block, cursor.span, cursor.revision, [row.address for row in found])
    unread = [row.block for row in found if not row.followed]
    db.session.rollback()
    if unread and min(unread) <= place.block:
        _take_back(place, min(unread) - 1)
        return _place()
    return place


def _agreed(place: Place) -> int:
    """The newest block on which the chain and we agree; the one before our first contract if there is none."""
    chain = settings().chain_id
    known = dict(
        db.session.execute(
            sa.select(Block.number, Block.hash)
            .where(Block.chain_id == chain, Block.number <= place.block)
            .order_by(Block.number.desc())
            .limit(REMEMBERED)
        ).all()
    )
    first = db.session.scalar(sa.select(sa.func.min(Contract.block)).where(Contract.chain_id == chain))
    db.session.rollback()
    if not known:  # nothing read yet: nothing to disagree about
        return place.block
    numbers = sorted(known, reverse=True)
    for some in (numbers[:1], numbers[1:]):
        for header in node().headers(some):
            if header and header.hash == known[header.number]:
                return header.number
    return (first or 0) - 1


def _read(place: Place, last: int, head: Header) -> int:
    """Read the logs of the next blocks, up to `last`, and write them; how many there were."""
    first = place.block + 1
    end = head if last == head.number else node().headers([last])[0]
    try:
        raw = node().logs(first, last, place.addresses, events.TOPICS)
    except NodeRefuses:
        if last == first:
            raise
        _write_span(place, max(1, (last - first + 1) // 2))
        return 0
    found = [event for each in raw if (event := events.read(each))]
    headers = _headers(found, first, last)
    if end is None or headers[last].hash != end.hash:
        raise Moved  # the last block was another before we asked for the logs
    _see_that_it_is_one_history(place, found, headers)
    return _write(place, found, headers, last, head.number)


def _headers(found: Iterable[Event], first: int, last: int) -> dict[int, Header]:
    """Of the newest blocks, to remember; and of those whose time the node did not say with the log."""
    numbers = {event.block_number for event in found if event.at is None}
    numbers |= set(range(max(first, last - REMEMBERED + 1), last + 1))
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
    db.session.rollback()
    following = headers.get(place.block + 1)
    if known and following and following.parent != known.hash:
        raise Moved


def _write(place: Place, found: list[Event], headers: dict[int, Header], last: int, head: int) -> int:
    chain = settings().chain_id
    with transaction() as session:
        cursor = _locked(place)
        if found:
            session.execute(sa.insert(Log), [_row(chain, event, headers) for event in found])
        newest = [number for number in headers if number > last - REMEMBERED]
        session.execute(
            sa.insert(Block),
            [{"chain_id": chain, "number": number, "hash": headers[number].hash} for number in sorted(newest)],
        )
        session.execute(sa.delete(Block).where(Block.chain_id == chain, Block.number <= last - REMEMBERED))
        session.execute(
            sa.update(Contract)
            .where(Contract.chain_id == chain, Contract.address.in_(place.addresses), Contract.block <= last)
            .values(followed=True)
        )
        cursor.block, cursor.head, cursor.revision = last, head, cursor.revision + 1
        cursor.span = min(WIDEST, cursor.span * 2) if len(found) < WIDEST else cursor.span
        _say_touched(cursor.revision, [event.token_id for event in found])
    return len(found)


def _row(chain: int, event: Event, headers: dict[int, Header]) -> dict[str, Any]:
    at: datetime = event.at or headers[event.block_number].at
    return {
        "chain_id": chain,
        "block_hash": event.block_hash,
        "log_index": event.log_index,
        "block_number": event.block_number,
        "at": at,
        "tx_hash": event.tx_hash,
        "address": event.address,
        "name": event.name,
        "args": event.args,
        "token_id": event.token_id,
    }


def _take_back(place: Place, agreed: int) -> int:
    """Forget what lies above the last block on which we agree; how many logs that were."""
    chain = settings().chain_id
    with transaction() as session:
        cursor = _locked(place)
        gone = session.scalars(
            sa.delete(Log).where(Log.chain_id == chain, Log.block_number > agreed).returning(Log.token_id)
        ).all()
        session.execute(sa.delete(Block).where(Block.chain_id == chain, Block.number > agreed))
        cursor.block, cursor.revision = agreed, cursor.revision + 1
        _say_touched(cursor.revision, gone)
    log.warning("went back to block %d; %d logs to be read again", agreed, len(gone))
    return len(gone)


def _say_touched(revision: int, token_ids: Sequence[int | None]) -> None:
    """The tokens about which logs came or went: whoever keeps something about them computes it anew."""
    tokens = sorted({each for each in token_ids if each is not None})
    for start in range(0, len(tokens), TOKENS_AT_ONCE):
        key = f"{settings().chain_id}:{revision}:{start}"
        say("chain.touched", key, token_ids=tokens[start : start + TOKENS_AT_ONCE])


def _locked(place: Place) -> Cursor:
    cursor = lock(Cursor, settings().chain_id)
    if cursor.revision != place.revision:
        raise Moved
    return cursor


def _write_span(place: Place, span: int) -> None:
    with transaction():
        _locked(place).span = span


def _write_head(head: int) -> None:
    chain = settings().chain_id
    known = db.session.scalar(sa.select(Cursor.head).where(Cursor.chain_id == chain))
    db.session.rollback()
    if known != head:
        with transaction() as session:
            session.execute(sa.update(Cursor).where(Cursor.chain_id == chain).values(head=head))
