"""A letter to present holders: shown first, one copy each whatever dies in the middle, none to who wants none."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import IntegrityError

from marketplace.accounts.letters import LetterKind, choose, wanted
from marketplace.gatherings import circulating
from marketplace.gatherings.letters import Circular, CircularState, CopyState
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, transaction
from marketplace.notices.models import Notice
from marketplace.staff import sheets
from marketplace.tokens.custody import custody_of
from tests import given
from tests.chainlogs import Chain
from tests.crashing import PowerCut, rolled_back
from tests.gatherings.stage import BY, mails
from tests.holders.stage import moved, refusal
from tests.pages import read, send, submit
from tests.racing import at_once
from tests.resale.stage import custody, held_token, token


@pytest.fixture
def holders(chain: Chain, hana: int, ken: int) -> int:
    """Hana and Ken hold the same right, Hana two of it; its id."""
    listing = given.a_listing(per_person_limit=3)
    for who, serial in ((hana, 1), (hana, 2), (ken, 3)):
        token_id = held_token(chain, who, listing, serial)
    return token(token_id).right_id


def a_letter(*right_ids: int) -> int:
    return circulating.draft("春の便り", "山菜の季節です。\n\nお待ちしています。", right_ids, BY)


def state(circular_id: int) -> CircularState:
    db.session.rollback()
    return get(Circular, circular_id).state


def test_each_present_holder_gets_one_copy(chain: Chain, holders: int, hana: int, ken: int, mio: int) -> None:
    letter = a_letter(holders)
    assert circulating.send(letter, given.staff("approver")) == 2
    assert refusal(lambda: circulating.send(letter, given.staff("approver"))) == "wrong_state"
    circulating.send_batches()
    circulating.send_batches()
    assert [mails(f"{who}@example.jp") for who in ("hana", "ken", "mio")] == [["circular"], ["circular"], []]
    assert state(letter) == CircularState.SENT
    assert circulating.log_of(letter) == {CopyState.QUEUED: 0, CopyState.PROMISED: 2, CopyState.SKIPPED: 0}


def test_who_sold_it_gets_none(chain: Chain, hana: int, ken: int) -> None:
    token_id = held_token(chain, hana)
    custody_of(ken)
    moved(chain, token_id, custody(hana), custody(ken), 5)
    circulating.send(a_letter(token(token_id).right_id), given.staff("approver"))
    circulating.send_batches()
    assert [mails(f"{who}@example.jp").count("circular") for who in ("hana", "ken")] == [0, 1]


def test_who_stops_them_while_they_are_sent_gets_none(holders: int, hana: int, ken: int) -> None:
    letter = a_letter()
    circulating.send(letter, given.staff("approver"))
    choose(hana, set(LetterKind) - {LetterKind.NEWS})
    choose(hana, set(LetterKind) - {LetterKind.NEWS})
    circulating.send_batches()
    assert circulating.log_of(letter) == {CopyState.QUEUED: 0, CopyState.PROMISED: 1, CopyState.SKIPPED: 1}
    choose(hana, set(LetterKind))
    circulating.send(a_letter(), given.staff("approver"))
    circulating.send_batches()
    assert [mails(f"{who}@example.jp").count("circular") for who in ("hana", "ken")] == [1, 2]


def test_two_workers_at_once_and_a_dead_one_send_one_copy_each(
    app: Flask, chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    listing = given.a_listing(quantity=30)
    for serial in range(1, 13):
        held_token(chain, given.an_account(), listing, serial)
    monkeypatch.setattr(circulating, "A_BATCH", 4)
    letter = a_letter()
    assert circulating.send(letter, given.staff("approver")) == 12
    with rolled_back(PowerCut):
        assert circulating._send_batch() == 4
    assert letters() == 0
    assert at_once(app, 3, lambda _: circulating.send_batches()) == [None] * 3
    circulating.send_batches()
    sent = sa.select(sa.func.count(), sa.func.count(Notice.to_email.distinct())).where(Notice.template == "circular")
    assert tuple(db.session.execute(sent).one()) == (12, 12)
    assert state(letter) == CircularState.SENT


def test_the_link_in_a_letter_stops_them_and_asks_first(app: Flask, holders: int, hana: int) -> None:
    circulating.send(a_letter(), given.staff("approver"))
    circulating.send_batches()
    body = db.session.scalars(sa.select(Notice.body).where(Notice.to_email == "hana@example.jp")).one()
    found = re.search(r"/letters/stop/\S+", body)
    assert found is not None
    reader = app.test_client()
    page = read(reader.get(found.group()))
    assert wanted(hana) == set(LetterKind)
    for _twice in range(2):
        send(reader, page.form(found.group()))
        assert wanted(hana) == set(LetterKind) - {LetterKind.NEWS}
    assert reader.get("/letters/stop/forged").status_code == 404
    send(reader, read(reader.get(found.group())).form(found.group()))
    assert wanted(hana) == set(LetterKind)


def test_the_desk_shows_the_letter_before_it_is_sent(app: Flask, holders: int) -> None:
    desk = given.signed_in(app.test_client(), given.staff("drafter"))
    wrong = submit(desk, "/staff/circulars/new", {"title": "春の便り", "body": " "})
    assert read(wrong).form("/staff/circulars/new").value("title") == "春の便り"
    where = submit(desk, "/staff/circulars/new", {"title": "春の便り", "body": "山菜の季節です。"}).headers["Location"]
    words = read(desk.get(where)).words
    assert "どれかの権利をいまお持ちの2人にお送りします。" in words
    assert "（読む方ごとのリンク）" in words
    submit(desk, f"{where}/edit", {"body": "うどの季節です。"})
    assert "うどの季節です。" in read(desk.get(where)).words
    send(desk, read(desk.get(where)).form(f"{where}/send"))
    circulating.send_batches()
    assert "送りました" in read(desk.get(where)).words
    assert refusal(lambda: circulating.revise(1, "x", "y", (), BY)) == "wrong_state"


def test_what_a_colleague_changed_meanwhile_is_read_before_it_is_sent(app: Flask, holders: int) -> None:
    desk = given.signed_in(app.test_client(), given.staff("drafter"))
    where = submit(desk, "/staff/circulars/new", {"title": "春の便り", "body": "山菜の季節です。"}).headers["Location"]
    on_the_screen = read(desk.get(where)).form(f"{where}/send")
    submit(desk, f"{where}/edit", {"body": "うどの季節です。"})
    assert send(desk, on_the_screen).location == where
    page = read(desk.get(where))
    circulating.send_batches()
    assert ("別の職員か別の画面が" in page.words, letters()) == (True, 0)
    send(desk, page.form(f"{where}/send"))
    circulating.send_batches()
    assert letters() == 2


def letters() -> int:
    return db.session.scalar(sa.select(sa.func.count()).where(Notice.template == "circular")) or 0


@pytest.fixture
def many(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> int:
    """A right that more hold than one person alone may write to; its id."""
    monkeypatch.setattr(circulating, "MOST_ALONE", 2)
    listing = given.a_listing(quantity=30)
    tokens = [held_token(chain, given.an_account(), listing, serial) for serial in (1, 2, 3)]
    return token(tokens[0]).right_id


def test_a_letter_to_many_is_sent_by_another_one_than_who_asked_for_it(app: Flask, many: int) -> None:
    drafter, approver = given.staff("drafter"), given.staff("approver")
    letter = a_letter(many)
    assert refusal(lambda: circulating.send(letter, approver)) == "circular_needs_another"
    circulating.ask(letter, drafter)
    assert refusal(lambda: circulating.ask(letter, approver)) == "wrong_state"
    assert refusal(lambda: circulating.send(letter, drafter)) == "same_person"
    assert [state(letter), letters()] == [CircularState.ASKED, 0]
    tasks = [[task.badge for task in sheets.today(who) if task.badge == "お知らせ"] for who in (drafter, approver)]
    assert tasks == [[], ["お知らせ"]]
    assert circulating.send(letter, approver) == 3
    circulating.send_batches()
    assert [state(letter), letters()] == [CircularState.SENT, 3]


def test_a_letter_that_was_changed_is_to_be_asked_for_anew(app: Flask, many: int) -> None:
    drafter, approver = given.staff("drafter"), given.staff("approver")
    letter = a_letter(many)
    circulating.ask(letter, drafter)
    circulating.revise(letter, "夏の便り", "川の季節です。", [many], BY)
    assert state(letter) == CircularState.DRAFT
    assert refusal(lambda: circulating.send(letter, approver)) == "circular_needs_another"
    circulating.ask(letter, approver)
    assert circulating.send(letter, drafter) == 3


def test_the_database_takes_no_letter_that_one_person_asked_for_and_sent(app: Flask, many: int) -> None:
    drafter, letter = given.staff("drafter"), a_letter(many)
    circulating.ask(letter, drafter)
    sent = sa.update(Circular).values(state=CircularState.SENDING, sent_at=now(), sent_by=drafter)
    with pytest.raises(IntegrityError, match="by_two_persons"), transaction() as session:
        session.execute(sent.where(Circular.id == letter))


def test_the_desk_asks_a_colleague_for_a_letter_to_many(app: Flask, many: int) -> None:
    desk = given.signed_in(app.test_client(), given.staff("drafter"))
    other = given.signed_in(app.test_client(), given.staff("approver"))
    where = submit(desk, "/staff/circulars/new", {"title": "春の便り", "body": "山菜の季節です。"}).headers["Location"]
    page = read(desk.get(where))
    assert f"{where}/send" not in [form.action for form in page.forms]
    assert send(desk, page.form(f"{where}/ask")).location == where
    waiting = read(desk.get(where))
    assert (
        "確認をたのみました。" in waiting.words,
        [form.action for form in waiting.forms if where in form.action],
    ) == (
        True,
        [],
    )
    assert send(other, read(other.get(where)).form(f"{where}/send")).location == where
    circulating.send_batches()
    assert letters() == 3
