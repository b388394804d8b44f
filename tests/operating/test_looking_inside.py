"""What the doctor reads in the town's own tables: worker, journal, follower, letters."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from pydantic import SecretStr

from marketplace.auctions.bidding import place_bid
from marketplace.chain import alarms
from marketplace.chain.models import Cursor, Trouble
from marketplace.fund.models import PostingLine
from marketplace.fund.posting import post
from marketplace.fund.rules import stripe_lines
from marketplace.fund.subtotals import bring_forward
from marketplace.journal.sealing import seal
from marketplace.journal.writing import note
from marketplace.kit import beats, dates
from marketplace.kit.clock import jst, now, pretending
from marketplace.kit.db import db, get, transaction
from marketplace.kit.refusals import Unavailable
from marketplace.notices.mail import PAPER
from marketplace.notices.models import Notice
from marketplace.operating.looking_inside import standing_alarms
from marketplace.operating.watching import write
from marketplace.outbox.keeping import ATTEMPTS, deliver
from marketplace.outbox.models import Message
from marketplace.settings import Settings, settings
from tests import given
from tests.apps import another
from tests.auctions.endings import ended
from tests.auctions.given import an_auction
from tests.chainlogs import deploy
from tests.journal.forging import unguarded
from tests.operating.looked import changed, codes, codes_with, findings
from tests.operating.test_looking_outside import PUBLIC
from tests.outbox.hearing import hearing
from tests.outbox.test_keeping import tell


def promised(key: str, minutes_ago: int, parked: bool = False) -> None:
    at = now() - timedelta(minutes=minutes_ago)
    moments = {"said_at": at, "due_at": at, "parked_at": at if parked else None}
    with transaction() as session:
        session.add(Message(topic="t", handler="h", key=key, body={}, attempts=0, **moments))


def test_a_town_at_rest_is_well(app: Flask) -> None:
    assert [codes(part) for part in ("worker", "journal", "follower")] == [[], [], []]


def test_promises_that_nobody_keeps_are_told(app: Flask) -> None:
    promised("fresh", 1)
    assert codes("worker") == []
    promised("old", 6)
    promised("older", 60)
    promised("parked", 60, parked=True)
    still, given_up = findings("worker")
    assert [(each.fault.code, each.seen["count"]) for each in (still, given_up)] == [
        ("worker.still", 2),
        ("worker.parked", 1),
    ]
    oldest = db.session.scalars(sa.select(sa.func.min(Message.due_at))).one()
    assert still.what == f"2 promises are overdue, the oldest since {jst(oldest).isoformat(timespec='minutes')}"
    assert still.what_ja == f"自動の処理が 2 件、{dates.when(oldest)} から遅れています"


def test_a_promise_that_waits_for_somebody_outside_for_hours_is_told(app: Flask) -> None:
    def fail() -> None:
        raise Unavailable("no water")

    with hearing("tea.ready", fail):
        message = tell()
        for tries in range(1, ATTEMPTS + 1):
            with pretending(get(Message, message).due_at):
                deliver(message)
                assert codes("worker") == (["worker.parked"] if tries == ATTEMPTS else []), tries


@pytest.mark.parametrize("mode", ["ascending", "sealed"])
def test_a_key_that_opens_no_bid_of_an_auction_that_goes_on_is_told(app: Flask, settings: Settings, mode: str) -> None:
    """Nobody could bid, and it could not be closed. One in which nobody has bid yet takes any key."""
    an_auction(mode)
    other = SecretStr("another one")
    assert codes_with(settings, "keys", bid_key=other) == []
    auction = an_auction(mode)
    place_bid(auction.id, given.an_account(), 2000)
    assert codes("keys") == []
    with another(changed(settings, bid_key=other)):
        (finding,) = findings("keys")
    assert (finding.fault.code, finding.seen) == ("keys.other_seal", {"auction": auction.code})


def test_bids_that_were_opened_need_no_key_any_more(app: Flask, settings: Settings) -> None:
    ended("ascending", 2000)
    assert codes_with(settings, "keys", bid_key=SecretStr("another one")) == []


def test_a_worker_that_goes_no_rounds_is_told_though_nothing_waits(app: Flask, settings: Settings) -> None:
    """At night nothing is promised, and a sale has to close all the same."""
    assert codes("worker") == []
    assert codes_with(settings, "worker", **PUBLIC) == ["worker.asleep"]
    beats.begin(beats.WORKER, None)
    assert codes_with(settings, "worker", **PUBLIC) == []
    with pretending(now() + timedelta(minutes=6)):
        assert codes_with(settings, "worker", **PUBLIC) == ["worker.asleep"]
    write([])
    with pretending(now() + timedelta(minutes=4)):
        assert codes("worker") == []
    with pretending(now() + timedelta(minutes=6)):
        assert codes("worker") == ["worker.asleep"]


def entries(count: int) -> None:
    with transaction():
        for number in range(count):
            note(f"house:{number}", "check")


def test_entries_without_a_seal_are_told_after_a_while(app: Flask) -> None:
    entries(3)
    assert codes("journal") == []
    with pretending(now() + timedelta(minutes=3)):
        assert [each.seen for each in findings("journal")] == [{"count": 3}]
        seal()
        assert codes("journal") == []


def test_a_row_that_was_changed_is_named(app: Flask) -> None:
    entries(5)
    seal()
    assert codes("journal") == []
    unguarded()
    with transaction() as session:
        session.execute(sa.text("UPDATE journal SET event = 'calm' WHERE seq = 4"))
    (finding,) = findings("journal")
    assert (finding.fault.code, str(finding.seen["why"]).startswith("row 4 ")) == ("journal.broken", True)


def test_a_crooked_posting_is_told(app: Flask) -> None:
    post("txn_1", "charge", stripe_lines("charge", 1_000, 36), at=now())
    assert codes("fund") == []
    unguarded()
    with transaction() as session:
        session.execute(sa.update(PostingLine).where(PostingLine.n == 1).values(yen=1))
    assert codes("fund") == ["fund.crooked"]


def test_postings_that_no_longer_make_their_subtotals_are_told(app: Flask) -> None:
    post("txn_1", "charge", stripe_lines("charge", 1_000, 0), at=now())
    bring_forward(few=0)
    assert codes("fund") == []
    unguarded()
    with transaction() as session:
        session.execute(sa.update(PostingLine).values(yen=2 * PostingLine.yen))
    (finding,) = findings("fund")
    seen = {"count": 2, "kind": "charge", "account": "collected", "yen": 1_000}
    assert (finding.fault.code, finding.seen) == ("fund.changed", seen)


def test_a_follower_that_is_not_there_is_told(app: Flask) -> None:
    deploy()
    assert codes("follower") == ["follower.silent"]
    beats.begin(beats.FOLLOWER, None)
    assert codes("follower") == []
    with pretending(now() + timedelta(minutes=3)):
        assert codes("follower") == ["follower.silent"]
    with transaction() as session:
        session.add(Cursor(chain_id=settings().chain_id, block=7, head=9, read_at=now()))
    assert codes("follower") == []
    with pretending(now() + timedelta(minutes=3)):
        assert codes("follower") == ["follower.silent"]
    with transaction() as session:
        session.execute(sa.update(Cursor).values(head=10_000))
    assert [(each.fault.code, each.seen) for each in findings("follower")] == [("follower.behind", {"count": 9_993})]


def test_letters_that_wait_are_counted_without_those_on_paper(app: Flask) -> None:
    at = now()
    with transaction() as session:
        for number, (to, sent) in enumerate([("a@example.jp", None), ("b@example.jp", at), (f"c@{PAPER}", None)]):
            about = {"template": "t", "subject": "s", "body": "b", "promised_at": at, "sent_at": sent}
            session.add(Notice(key=str(number), to_email=to, **about))
    assert codes("mail") == []
    with pretending(at + timedelta(minutes=16)):
        (finding,) = findings("mail")
        assert (finding.fault.code, finding.seen["count"]) == ("mail.waiting", 1)


def test_alarms_that_stand_are_told_once_each(app: Flask) -> None:
    alarms.sound(Trouble.SENDING, "the fee is too low")
    alarms.sound(Trouble.READING, "told by the follower's own part")
    (finding,) = standing_alarms()
    assert finding.what == "the fee is too low"
