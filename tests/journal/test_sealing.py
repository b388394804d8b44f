from __future__ import annotations

import hashlib

import pytest
import rfc8785
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import IntegrityError

from marketplace.journal import sealing
from marketplace.journal.checking import check_here
from marketplace.journal.models import Entry, Head
from marketplace.journal.sealing import seal
from marketplace.journal.writing import note
from marketplace.kit.db import db, get, transaction
from tests.journal.forging import unguarded
from tests.racing import at_once


def written(count: int) -> None:
    with transaction():
        for number in range(count):
            note("order:ORD-TEST", "look", by="staff:ACC-TEST", why="何を見たか", page=number)


def chain() -> list[Entry]:
    return list(db.session.scalars(sa.select(Entry).order_by(Entry.seq)))


def test_what_is_written_is_chained_once_in_the_order_of_writing(app: Flask) -> None:
    written(3)
    assert (seal(), seal(), check_here()) == (3, 0, None)
    assert [(entry.seq, entry.details["page"]) for entry in chain()] == [(1, 0), (2, 1), (3, 2)]


def test_a_stranger_can_compute_the_chain_from_what_is_published(app: Flask) -> None:
    written(2)
    seal()
    prev = "0" * 64
    for entry in chain():
        published = {
            "seq": entry.seq,
            "at": entry.at.isoformat(),
            "subject": "order:ORD-TEST",
            "event": "look",
            "from": None,
            "to": None,
            "by": "staff:ACC-TEST",
            "why": "何を見たか",
            "details": entry.details,
        }
        prev = hashlib.sha256(bytes.fromhex(prev) + hashlib.sha256(rfc8785.dumps(published)).digest()).hexdigest()
        assert entry.hash == prev
    assert (get(Head, 1).seq, get(Head, 1).hash) == (2, prev)


def test_more_than_one_batch_makes_one_chain(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "BATCH", 2)
    written(5)
    assert ([seal(), seal(), seal(), seal()], check_here()) == ([2, 2, 1, 0], None)


def test_two_sealers_at_once_make_one_chain(app: Flask) -> None:
    written(40)
    assert sum(at_once(app, 4, lambda _: seal())) == 40
    assert ([entry.seq for entry in chain()], check_here()) == (list(range(1, 41)), None)


def test_sealing_and_writing_at_once_lose_no_row(app: Flask) -> None:
    def work(number: int) -> None:
        for _ in range(5):
            if number % 2:
                written(1)
            else:
                seal()

    assert at_once(app, 6, work) == [None] * 6
    seal()
    assert ([entry.seq for entry in chain()], check_here()) == (list(range(1, 16)), None)


def test_the_database_has_one_end_of_the_chain_and_one_row_for_each_number(app: Flask) -> None:
    written(2)
    seal()
    with pytest.raises(IntegrityError, match="only_one"), transaction() as session:
        session.execute(sa.insert(Head).values(id=2, seq=0, hash="0" * 64))
    unguarded()
    with pytest.raises(IntegrityError, match=r"uq_journal_seq|journal\.seq"), transaction() as session:
        session.execute(sa.text("UPDATE journal SET seq = 1 WHERE seq = 2"))
