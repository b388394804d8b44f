"""Follow the chain: read what it says into our tables, and take back what it no longer says.

Logs are asked for by ranges of blocks. Before each range the newest block that we know is compared with the chain's:
if the chain has another one there (a reorganisation, or a local chain that fell back to an older snapshot), we walk
back to the last block on which we agree, forget everything above, and read on from there.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import timedelta

import sqlalchemy as sa

from marketplace.chain import alarms, identity
from marketplace.chain.models import Block, Contract, Cursor, Log, Trouble
from marketplace.chain.node import node
from marketplace.chain.reading import REMEMBERED, Moved, Place, TooWide, locked, read, say_touched
from marketplace.chain.register import read_at, reading_anew
from marketplace.chain.register import status as status
from marketplace.kit import beats, schema
from marketplace.kit.clock import now
from marketplace.kit.db import db, insert_once, let_go, transaction
from marketplace.kit.outages import turn_failed, waiting
from marketplace.kit.refusals import Rejected, Unavailable
from marketplace.kit.termination import when_terminated
from marketplace.settings import settings

log = logging.getLogger(__name__)

POLL_SECONDS = 0.25
AT_REST = timedelta(seconds=30)
"""How old the note of the last reading may become while nothing happens."""
DISTURBANCES = 10
"""How often in a row the chain may turn under our eyes before we let it be for a moment."""

Progress = Callable[[int, int, int], None]
"""Is told (block read, head, first block of ours) after each step."""


def follow_once(progress: Progress = lambda *_: None) -> int:
    """Read up to the head. The number of logs written or taken back. Raises Unavailable."""
    changed, disturbances = 0, 0
    here = identity.confirm()
    while disturbances < DISTURBANCES:
        try:
            place = _place()
            if place is None:
                return changed
            head = here.head()
            agreed = _agreed(place)
            if agreed < place.block:
                changed += _take_back(place, agreed)
                continue
            last = min(head.number - settings().chain_confirmations, place.block + place.span)
            if last <= place.block:
                _write_head(place, head.number)
                return changed
            changed += read(place, last, head)
            progress(last, head.number, _first_block())
            if last == head.number and not reading_anew():
                return changed  # whatever came meanwhile is for the next round
        except TooWide:
            continue
        except Moved:
            disturbances += 1
    return changed


def follow() -> None:
    """Follow until SIGTERM or SIGINT, as soon as there are tables."""
    leaving = threading.Event()
    patience = alarms.Patience(Trouble.READING)
    when_terminated(leaving.set)
    if not schema.wait_until_present(leaving):
        return
    beats.begin(beats.FOLLOWER, read_at())
    while not leaving.wait(POLL_SECONDS):
        go_round(patience)


def go_round(patience: alarms.Patience) -> None:
    """One round, whatever becomes of it. Where the database went away in its middle, the next one begins with another
    session: of this one nothing can be asked any more."""
    try:
        follow_patiently(patience)
    except Exception:
        turn_failed(log, "following")
        db.session.remove()


def follow_patiently(patience: alarms.Patience) -> None:
    """One round whose trouble is for the log, and if it lasts for the staff."""
    try:
        follow_once()
    except (Unavailable, Rejected) as trouble:
        waiting(log, str(trouble))
        patience.failed(str(trouble))
    else:
        patience.succeeded()


def read_anew(progress: Progress = lambda *_: None) -> int:
    """Forget every log and read the chain from our first block on; how many logs there are.

    What is computed from the logs stays as it is until all of them have been read, and is then computed anew. A
    process that dies in between is no harm: whoever follows next goes on. Raises Unavailable.
    """
    identity.confirm()
    with transaction() as session:
        cursor = db.session.get(Cursor, settings().chain_id, with_for_update=True, populate_existing=True)
        if cursor is None:
            return 0
        known = session.scalars(sa.select(Log.token_id).where(Log.chain_id == cursor.chain_id).distinct()).all()
        session.execute(sa.delete(Log).where(Log.chain_id == cursor.chain_id))
        session.execute(sa.delete(Block).where(Block.chain_id == cursor.chain_id))
        cursor.block, cursor.revision = _first_block() - 1, cursor.revision + 1
        cursor.replaying = False
        say_touched(cursor, known)  # heard when the logs are back: nobody computes anything before
        cursor.replaying = True
    follow_once(progress)
    count = db.session.scalar(sa.select(sa.func.count()).select_from(Log).where(Log.chain_id == settings().chain_id))
    let_go()
    return count or 0


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
        let_go()
        return None
    if cursor is None:
        let_go()
        start = min(row.block for row in found) - 1
        with transaction():
            insert_once(Cursor, {"chain_id": chain, "block": start, "head": -1, "span": 2_000, "revision": 0})
        return _place()
    place = Place(cursor.block, cursor.span, cursor.revision, [row.address for row in found])
    unread = [row.block for row in found if not row.followed]
    let_go()
    if unread and min(unread) <= place.block:
        _take_back(place, min(unread) - 1)
        return _place()
    return place


def _first_block() -> int:
    """The block of our first contract."""
    query = sa.select(sa.func.min(Contract.block)).where(Contract.chain_id == settings().chain_id)
    return db.session.scalar(query) or 0


def _agreed(place: Place) -> int:
    """The newest block on which the chain and we agree; the one before our first contract if there is none.

    Raises Behind where the node has not come so far.
    """
    chain = settings().chain_id
    known = dict(
        db.session.execute(
            sa.select(Block.number, Block.hash)
            .where(Block.chain_id == chain, Block.number <= place.block)
            .order_by(Block.number.desc())
            .limit(REMEMBERED)
        ).all()
    )
    first = _first_block()
    let_go()
    if not known:  # nothing read yet: nothing to disagree about
        return place.block
    numbers = sorted(known, reverse=True)
    for some in (numbers[:1], numbers[1:]):
        for number, header in zip(some, node().headers(some), strict=True):
            if identity.stands(number, known[number], header):
                return number
    return first - 1


def _take_back(place: Place, agreed: int) -> int:
    """Forget what lies above the last block on which we agree; how many logs that were."""
    chain = settings().chain_id
    with transaction() as session:
        cursor = locked(place)
        gone = session.scalars(
            sa.delete(Log).where(Log.chain_id == chain, Log.block_number > agreed).returning(Log.token_id)
        ).all()
        session.execute(sa.delete(Block).where(Block.chain_id == chain, Block.number > agreed))
        cursor.block, cursor.revision = agreed, cursor.revision + 1
        say_touched(cursor, gone)
    log.warning("went back to block %d; %d logs to be read again", agreed, len(gone))
    return len(gone)


def _write_head(place: Place, head: int) -> None:
    """Nothing more to read: what was being read anew is whole, and said."""
    chain = settings().chain_id
    query = sa.select(Cursor.head, Cursor.replaying, Cursor.read_at).where(Cursor.chain_id == chain)
    known_head, replaying, read_at = db.session.execute(query).one()
    let_go()
    if (known_head, replaying) == (head, False) and read_at is not None and abs(now() - read_at) < AT_REST:
        return
    with transaction() as session:
        cursor = locked(place)
        cursor.head, cursor.read_at = head, now()
        if cursor.replaying:
            cursor.replaying = False
            say_touched(cursor, session.scalars(sa.select(Log.token_id).where(Log.chain_id == chain).distinct()).all())
