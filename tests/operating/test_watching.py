"""A fault that lasts is told once, and its end once; what flickers or mends itself is nobody's business."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.journal.models import Entry
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db, transaction
from marketplace.notices.models import Notice
from marketplace.operating import watching
from marketplace.operating.faults import PARTS, found
from marketplace.operating.health import Finding
from marketplace.operating.models import Round, Trouble
from marketplace.operating.watching import keep_watch, standing, write
from marketplace.settings import Settings
from tests import given
from tests.operating.looked import changed
from tests.processes import eventually

DOWN, LOW = found("chain.no_answer", why="refused"), found("disk.low", free=900, percent=3)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return changed(settings, operator_mail="operator@example.jp, vendor@example.jp")


@pytest.fixture
def began(app: Flask) -> datetime:
    return now()


def rounds(began: datetime, *found_at: tuple[float, list[Finding]]) -> None:
    """One round at each minute named."""
    for minutes, findings in found_at:
        with pretending(began + timedelta(minutes=minutes)):
            write(findings)


def letters() -> list[str]:
    """The subjects that one of the operators got."""
    mine = sa.select(Notice.subject).where(Notice.to_email == "operator@example.jp")
    found_ = list(db.session.scalars(mine.order_by(Notice.id)))
    db.session.rollback()
    return found_


BROKEN = "【異常】まちの権利ひろば: ブロックチェーンの接続先が答えません（refused）"
WELL = "【回復】まちの権利ひろば: ブロックチェーンの接続先が答えません（refused）"


def test_what_lasts_is_told_once_and_its_end_once(began: datetime) -> None:
    rounds(began, (0, [DOWN]), (1, [DOWN]))
    assert letters() == []
    rounds(began, (2.1, [DOWN]), (3, [DOWN]), (60, [DOWN]))
    assert letters() == [BROKEN]
    rounds(began, (61, []), (62, []))
    assert letters() == [BROKEN]
    rounds(began, (63, []), (64, []))
    assert letters() == [BROKEN, WELL]
    assert (standing(), [trouble.code for trouble in watching.past(5)]) == ([], ["chain.no_answer"])


def test_each_operator_gets_the_letter_with_the_remedy(began: datetime) -> None:
    rounds(began, (0, [DOWN]), (3, [DOWN]))
    rows = db.session.execute(sa.select(Notice.to_email, Notice.body).order_by(Notice.to_email)).all()
    assert [to for to, _ in rows] == ["operator@example.jp", "vendor@example.jp"]
    assert DOWN.remedy_ja in rows[0].body
    assert "/staff/health" in rows[0].body


def test_what_mends_itself_is_not_told(began: datetime) -> None:
    rounds(began, (0, [DOWN]), (1, [DOWN]), (2, []), (3, [DOWN]), (4, [DOWN]), (4.5, []))
    assert (letters(), standing(), watching.past(5)) == ([], [], [])


def test_what_flickers_is_one_trouble(began: datetime) -> None:
    rounds(began, (0, [DOWN]), (2.1, [DOWN]), (3, []), (4, [DOWN]), (5, []), (6, [DOWN]))
    assert (letters(), len(standing())) == ([BROKEN], 1)


def test_a_warning_is_told_only_when_it_has_stood_for_an_hour(began: datetime) -> None:
    rounds(began, (0, [LOW]), (59, [LOW]))
    assert letters() == []
    rounds(began, (60.1, [LOW]))
    assert letters() == ["【注意】まちの権利ひろば: ディスクの空きが 900 MB（3%）になりました"]


def test_several_at_once_are_one_letter(began: datetime) -> None:
    both = [DOWN, found("mail.no_answer", why="refused")]
    rounds(began, (0, both), (2.1, both))
    assert letters() == [f"{BROKEN} ほか"]


def test_the_same_fault_in_two_places_is_one_trouble(began: datetime) -> None:
    rounds(began, (0, [found("keys.missing", role="town"), found("keys.missing", role="issuer")]))
    assert [trouble.seen for trouble in standing()] == [[{"role": "town"}, {"role": "issuer"}]]


def test_beginning_and_end_stand_in_the_journal(began: datetime) -> None:
    rounds(began, (0, [DOWN]), (2.1, [DOWN]), (3, []), (6, []))
    entries = sa.select(Entry.subject, Entry.event).where(Entry.subject.startswith("fault:")).order_by(Entry.id)
    assert [tuple(row) for row in db.session.execute(entries)] == [
        ("fault:chain.no_answer", "alarm"),
        ("fault:chain.no_answer", "calm"),
    ]


def test_two_watches_at_once_tell_it_once(app: Flask, began: datetime) -> None:
    rounds(began, (0, [DOWN]))
    both = threading.Barrier(2)

    def watch() -> None:
        with app.app_context():
            both.wait(timeout=60)
            write([DOWN])
            db.session.remove()

    with pretending(began + timedelta(minutes=3)):
        threads = [threading.Thread(target=watch) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
    assert (letters(), len(standing())) == ([BROKEN], 1)


def test_the_database_keeps_a_fault_from_standing_twice(began: datetime) -> None:
    rounds(began, (0, [DOWN]))
    with pytest.raises(sa.exc.IntegrityError), transaction() as session:
        session.add(Trouble(code="chain.no_answer", seen=[], since=began))


@contextmanager
def on_watch(app: Flask) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=keep_watch, args=(app, stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=60)


def test_the_watch_goes_its_round(app: Flask) -> None:
    def looked() -> bool:
        found_ = db.session.scalar(sa.select(Round.at)) is not None
        db.session.rollback()
        return found_

    with on_watch(app):
        assert eventually(looked)
    assert "stripe.no_key" in [trouble.code for trouble in standing()]


def test_a_clock_that_was_ahead_and_is_put_back_keeps_nobody_from_the_next_round(app: Flask, began: datetime) -> None:
    with pretending(began + timedelta(days=3)):
        write([])

    def looked() -> bool:
        at = db.session.scalar(sa.select(Round.at))
        db.session.rollback()
        return at is not None and at < began + timedelta(days=1)

    with on_watch(app):
        assert eventually(looked)


class TestThePage:
    @pytest.fixture
    def clerk(self, app: Flask) -> FlaskClient:
        return given.signed_in(app.test_client(), given.staff("drafter"))

    def test_says_that_nobody_has_looked_yet(self, clerk: FlaskClient) -> None:
        page = clerk.get("/staff/health").text
        assert ("点検そのものが止まっています" in page, page.count("わかりません")) == (True, len(PARTS))

    def test_says_that_all_is_well(self, clerk: FlaskClient) -> None:
        write([])
        page = clerk.get("/staff/health").text
        assert ("すべて正常です" in page, page.count("badge--good")) == (True, len(PARTS))

    def test_names_what_is_wrong_since_when_and_what_to_do(self, clerk: FlaskClient, began: datetime) -> None:
        rounds(began, (0, [DOWN, LOW]))
        page = clerk.get("/staff/health").text
        assert "異常が 1 件あります" in page
        assert all(words in page for words in (DOWN.what_ja, DOWN.remedy_ja, LOW.what_ja, LOW.remedy_ja))
        assert (page.count("badge--bad"), page.count("badge--warn"), page.count("badge--good")) == (
            2,
            2,
            len(PARTS) - 2,
        )

    def test_says_when_the_watch_fell_asleep(self, clerk: FlaskClient, began: datetime) -> None:
        rounds(began, (-10, []))
        assert "点検そのものが止まっています" in clerk.get("/staff/health").text
