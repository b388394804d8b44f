"""The heads of the journal's days on a real chain, and what they tell of somebody who owns the database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.chain.dating import anchor_days, anchored_days
from marketplace.continuity.standing import verify_here
from marketplace.journal.models import Day, Entry, Head
from marketplace.journal.sealing import BEFORE_ALL, digest, fields, seal
from marketplace.journal.writing import note
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db, transaction
from marketplace.kit.published import Malformed
from tests.journal.forging import unguarded

pytestmark = pytest.mark.node


@pytest.fixture
def three_days(app: Flask, settle: Callable[[], None]) -> list[Day]:
    """Twenty rows on each of three days that are over; every head is on the chain."""
    for ago in (3, 2, 1):
        with pretending(now() - timedelta(days=ago)), transaction():
            for page in range(20):
                note("order:ORD-TEST", "look", page=page)
    anchor_days()
    settle()
    return [day for day, _ in reversed(anchored_days())]


def chained_anew() -> None:
    """Hashes, head and days made to fit by somebody who owns the database, but not the chain."""
    with transaction() as session:
        rows = list(session.scalars(sa.select(Entry).where(Entry.seq.is_not(None)).order_by(Entry.seq)))
        prev = BEFORE_ALL
        for seq, row in enumerate(rows, start=1):
            row.seq, row.prev = seq, prev
            prev = row.hash = digest(prev, fields(row))
        session.execute(sa.update(Head).values(seq=len(rows), hash=prev))
        for day in session.scalars(sa.select(Day)):
            day.hash = rows[day.seq - 1].hash or ""


def test_every_head_is_on_the_chain_and_the_journal_goes_through_all_of_them(three_days: list[Day]) -> None:
    assert [(place is not None and place.block is not None) for _, place in anchored_days()] == [True] * 3
    seal()
    rows = db.session.scalar(sa.select(Head.seq))
    assert verify_here() == f"journal: {rows} entries; 3 of 3 heads of days stand on chain"


def test_a_day_is_anchored_once_however_often_it_is_asked(three_days: list[Day], settle: Callable[[], None]) -> None:
    before = [place for _, place in anchored_days()]
    assert anchor_days() == 0
    settle()
    assert [place for _, place in anchored_days()] == before


def test_a_journal_that_was_chained_anew_is_found_by_the_chain(three_days: list[Day]) -> None:
    unguarded()
    with transaction() as session:
        session.execute(sa.update(Entry).where(Entry.seq == 25).values(why="ほかの理由"))
    chained_anew()
    with pytest.raises(Malformed) as wrong:
        verify_here()
    day = three_days[1].day
    assert str(wrong.value) == (
        "journal: one of the rows 21 to 40 was changed, put in or taken out, and all after it chained anew"
        f" (the head of {day} is another)"
    )


def test_an_end_that_was_cut_off_with_its_days_is_found_by_the_chain(three_days: list[Day]) -> None:
    unguarded()
    with transaction() as session:
        session.execute(sa.delete(Entry).where(sa.or_(Entry.seq > 45, Entry.seq.is_(None))))
        session.execute(sa.delete(Day).where(Day.day == three_days[2].day))
    chained_anew()
    with pytest.raises(Malformed, match=f"row 46 .a head of {three_days[2].day} stands on chain. is missing: the end"):
        verify_here()
