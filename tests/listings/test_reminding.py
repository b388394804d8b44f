"""開始のお知らせ: who is told of an opening, when, how often, and what happens when the hour moves."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts.models import Account
from marketplace.kit.clock import pretending
from marketplace.kit.db import db, get
from marketplace.listings import amending, reminding, scheduling
from marketplace.listings.decisions import SaleAmendment
from marketplace.listings.models import Listing
from marketplace.listings.reminding import Due, OpeningReminder, OpensSoon, ask, stop, tell_openings
from marketplace.notices.models import Notice
from marketplace.notices.sending import Haste
from marketplace.outbox import keeping
from marketplace.outbox.models import Message
from marketplace.privacy.forgetting import forget
from tests import given
from tests.pages import read, send, submit
from tests.racing import at_once, meanwhile

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _app(app: Flask) -> None:
    """Every test here has a town."""


@pytest.fixture
def sale() -> int:
    """Announced; open in ten days."""
    return given.a_listing(state="published", opens_at=given.in_days(10), closes_at=given.in_days(20))


def opens(listing_id: int, *, hours: float) -> None:
    """What the clock does at that many hours before the opening."""
    with pretending(get(Listing, listing_id).opens_at - hours * HOUR):
        scheduling.open_due()
        tell_openings()


def told() -> list[tuple[str, str]]:
    """(To whom, the subject) of each letter, in order."""
    letters = sa.select(Notice.to_email, Notice.subject).where(Notice.template.in_(("opening", "opening_off")))
    return [(email, subject) for email, subject in db.session.execute(letters.order_by(Notice.id))]


def waiting() -> list[tuple[int, str]]:
    rows = db.session.execute(sa.select(OpeningReminder.account_id, OpeningReminder.due).order_by(OpeningReminder.id))
    return [(account_id, str(due)) for account_id, due in rows]


def email(account_id: int) -> str:
    return get(Account, account_id).email


def test_who_asked_hears_a_day_and_an_hour_before_and_then_no_more(sale: int) -> None:
    person, title = given.an_account(), get(Listing, sale).right.title_ja
    ask(sale, person)
    ask(sale, person)  # a second click
    seen = []
    for hours in (25, 24, 23, 2, 1, 0.5, -0.1, -1):
        opens(sale, hours=hours)
        seen.append(len(told()))
    assert seen == [0, 1, 1, 1, 2, 2, 2, 2]
    assert told() == [
        (email(person), f"あと1日で受付が始まります（{title}）"),
        (email(person), f"あと1時間で受付が始まります（{title}）"),
    ]
    assert waiting() == []


def test_who_asks_on_the_last_day_hears_an_hour_before_and_in_the_last_hour_nobody_can_ask(sale: int) -> None:
    early, late, opens_at = given.an_account(), given.an_account(), get(Listing, sale).opens_at
    with pretending(opens_at - 23 * HOUR):
        ask(sale, early)
        tell_openings()
    assert told() == []
    with pretending(opens_at - HOUR), pytest.raises(OpensSoon):
        ask(sale, late)
    opens(sale, hours=1)
    assert [person for person, _ in told()] == [email(early)]


def test_the_letters_of_a_day_before_hold_up_nobody_elses(sale: int) -> None:
    ask(sale, given.an_account())
    for hours in (24, 1):
        opens(sale, hours=hours)
    carried = sa.select(Message.topic).join(Notice, Message.body["notice_id"].as_integer() == Notice.id)
    found = db.session.scalars(carried.where(Notice.template == "opening").order_by(Notice.id)).all()
    assert found == [Haste.MANY, Haste.ONE]


def test_who_stopped_the_letters_gets_none(sale: int) -> None:
    stays, goes = given.an_account(), given.an_account()
    for person in (stays, goes):
        ask(sale, person)
    stop(sale, goes)
    stop(sale, goes)
    opens(sale, hours=24)
    assert ([person for person, _ in told()], waiting()) == ([email(stays)], [(stays, "hour")])


def test_a_clock_that_stood_still_tells_once_what_is_true_now(sale: int) -> None:
    person, title = given.an_account(), get(Listing, sale).right.title_ja
    ask(sale, person)
    opens(sale, hours=0.5)
    assert [subject for _, subject in told()] == [f"あと1時間で受付が始まります（{title}）"]
    other = given.a_listing(state="published", opens_at=given.in_days(10), closes_at=given.in_days(20))
    ask(other, person)
    opens(other, hours=-3)
    assert [subject for _, subject in told()][1:] == [f"受付が始まりました（{get(Listing, other).right.title_ja}）"]
    assert waiting() == []


def test_a_sale_that_is_called_off_says_so_once(sale: int) -> None:
    person, title = given.an_account(), get(Listing, sale).right.title_ja
    ask(sale, person)
    scheduling.cancel(sale, f"staff:{get(Account, given.staff('approver')).code}", "会場が使えなくなったため")
    tell_openings()
    tell_openings()
    assert (told(), waiting()) == ([(email(person), f"販売の中止（{title}）")], [])


def test_an_opening_that_was_put_off_is_told_as_a_change_and_then_a_day_before_the_new_hour(sale: int) -> None:
    person, old = given.an_account(), get(Listing, sale).opens_at
    ask(sale, person)
    opens(sale, hours=24)
    with pretending(old - 20 * HOUR):
        row = amending.propose(sale, given.staff("drafter"), {"opens_at": old + 72 * HOUR}, "大雪のため")
        amending.approve(row, given.staff("approver"))
        keeping.drain()
        reminding.on_amended(sale, row)  # heard twice
    changes = db.session.scalars(sa.select(Notice.to_email).where(Notice.template == "listing_amended")).all()
    assert (changes, waiting()) == ([email(person)], [(person, "day")])
    for hours in (25, 24, 1):
        opens(sale, hours=hours)
    assert len(told()) == 3


def test_an_opening_that_moves_while_it_is_looked_at_is_not_told_by_its_old_hour(app: Flask, sale: int) -> None:
    """The turn of the clock has found who is to be told, and waits for their rows until the change is decided."""
    person, old = given.an_account(), get(Listing, sale).opens_at
    ask(sale, person)
    with pretending(old - 20 * HOUR):
        row = amending.propose(sale, given.staff("drafter"), {"opens_at": old + 72 * HOUR}, "大雪のため")
        approver = given.staff("approver")
        with meanwhile(app, tell_openings):
            db.session.execute(sa.select(OpeningReminder).with_for_update())
            amending.approve(row, approver)
        assert (told(), waiting()) == ([], [(person, "day")])


def test_many_are_told_a_portion_at_a_time(sale: int, monkeypatch: pytest.MonkeyPatch) -> None:
    people = [given.an_account() for _ in range(5)]
    for person in people:
        ask(sale, person)
    monkeypatch.setattr(reminding, "PORTION", 2)
    monkeypatch.setattr(reminding, "PORTIONS", 2)
    opens(sale, hours=24)
    assert [person for person, _ in told()] == [email(person) for person in people[:4]]
    opens(sale, hours=24)
    assert [person for person, _ in told()] == [email(person) for person in people]
    reminding.on_amended(sale, _amended(sale))
    assert db.session.scalar(sa.select(sa.func.count()).where(Notice.template == "listing_amended")) == 5


def _amended(listing_id: int) -> int:
    row = amending.propose(listing_id, given.staff("drafter"), {"price_yen": 2_500}, "価格を見直したため")
    amending.approve(row, given.staff("approver"))
    return row


def test_two_clocks_at_once_write_each_letter_once(app: Flask, sale: int) -> None:
    people = [given.an_account() for _ in range(6)]
    for person in people:
        ask(sale, person)
    db.session.rollback()
    with pretending(get(Listing, sale).opens_at - 24 * HOUR):
        db.session.rollback()
        assert at_once(app, 4, lambda _: tell_openings()) == [None] * 4
    assert [person for person, _ in told()] == [email(person) for person in people]
    assert waiting() == [(person, Due.HOUR) for person in people]


def test_who_leaves_hears_nothing_more(sale: int) -> None:
    person, stays = given.an_account(), given.an_account()
    for each in (person, stays):
        ask(sale, each)
    forget(person)
    keeping.drain()
    opens(sale, hours=24)
    assert ([to for to, _ in told()], waiting()) == ([email(stays)], [(stays, "hour")])


class TestOnThePage:
    def test_one_asks_by_a_button_and_takes_it_back_by_another(self, app: Flask, sale: int) -> None:
        person = given.an_account()
        client, path = given.signed_in(app.test_client(), person), f"/listings/{get(Listing, sale).code}"
        answer = submit(client, path, action=f"{path}/reminder")
        assert (answer.status_code, answer.headers["Location"], waiting()) == (303, path, [(person, "day")])
        page = read(client.get(path)).words
        assert ("始まる前に、メールでお知らせします。" in page, "始まる前に知らせる" in page) == (True, False)
        answer = submit(client, path, action=f"{path}/reminder/stop")
        assert (answer.status_code, waiting()) == (303, [])
        assert "始まる前に知らせる" in read(client.get(path)).words

    def test_staff_see_how_many_wait(self, app: Flask, sale: int) -> None:
        for _ in range(2):
            ask(sale, given.an_account())
        desk = given.signed_in(app.test_client(), given.staff("drafter"))
        page = read(desk.get(f"/staff/listings/{get(Listing, sale).code}/preview")).words
        assert "2名（始まる前のお知らせを申し込んだ方）" in page

    def test_a_stranger_signs_in_first_and_comes_back(self, client: FlaskClient, sale: int) -> None:
        path = f"/listings/{get(Listing, sale).code}"
        assert f'href="/signin?next={path}"' in client.get(path).text
        answer = client.post(f"{path}/reminder", data={"back": path})
        assert (answer.status_code, waiting()) == (400, [])  # without the seal of a form

    @pytest.mark.parametrize("mode", ["fixed", "lottery", "ascending", "sealed"])
    def test_every_way_of_selling_offers_it_until_the_last_hour(self, client: FlaskClient, mode: str) -> None:
        times: dict[str, Any] = {"opens_at": given.in_days(10), "closes_at": given.in_days(20)}
        kind = "naming" if mode in ("ascending", "sealed") else "resident"
        draw = {"draw_at": given.in_days(22)} if mode == "lottery" else {}
        code = get(Listing, given.a_listing(mode, kind, state="published", **times, **draw)).code
        shown = []
        for left in (2 * HOUR, HOUR):
            with pretending(times["opens_at"] - left):
                page = client.get(f"/listings/{code}").text
                shown.append(("始まる前に知らせる" in page, f"/listings/{code}/open.ics" in page))
        assert shown == [(True, True), (False, True)]

    def test_what_comes_too_late_is_said_and_changes_nothing(self, app: Flask, sale: int) -> None:
        client, path = given.signed_in(app.test_client(), given.an_account()), f"/listings/{get(Listing, sale).code}"
        form = read(client.get(path)).form(f"{path}/reminder")
        with pretending(get(Listing, sale).opens_at - HOUR):
            assert send(client, form).status_code == 303
            assert "まもなく始まるか、もう始まっている" in read(client.get(path)).words
        assert waiting() == []

    def test_the_opening_goes_into_any_calendar(self, client: FlaskClient, sale: int) -> None:
        listing = get(Listing, sale)
        answer = client.get(f"/listings/{listing.code}/open.ics")
        lines = answer.text.split("\r\n")
        assert answer.content_type == "text/calendar; charset=utf-8"
        assert f"DTSTART:{listing.opens_at:%Y%m%dT%H%M%SZ}" in lines
        assert "TRIGGER:-PT1H" in lines

    def test_an_opening_that_was_put_off_and_called_off_is_so_in_any_calendar(self, client: FlaskClient) -> None:
        times: dict[str, Any] = {"opens_at": given.in_days(10), "closes_at": given.in_days(20)}
        listing = get(Listing, given.a_listing(state="published", **times))

        def lines() -> dict[str, str]:
            text = client.get(f"/listings/{listing.code}/open.ics").text
            return dict(line.split(":", 1) for line in text.split("\r\n") if ":" in line)

        first = lines()
        change = amending.propose(listing.id, given.staff("drafter"), {"opens_at": given.in_days(12)}, "雪のため")
        amending.approve(change, given.staff("approver"))
        put_off = lines()
        scheduling.cancel(listing.id, "staff:ACC-1", "雪のため")
        called_off = lines()
        assert first["UID"] == put_off["UID"] == called_off["UID"]
        assert [each["SEQUENCE"] for each in (first, put_off, called_off)] == ["0", "1", "2"]
        assert [each.get("STATUS") for each in (first, put_off, called_off)] == [None, None, "CANCELLED"]
        assert ["TRIGGER" in each for each in (first, put_off, called_off)] == [True, True, False]
        decided = get(SaleAmendment, change).decided_at
        assert decided is not None
        assert put_off["DTSTAMP"] == f"{decided:%Y%m%dT%H%M%SZ}"

    def test_what_is_not_announced_has_neither(self, app: Flask, client: FlaskClient) -> None:
        times: dict[str, Any] = {"opens_at": given.in_days(10), "closes_at": given.in_days(20)}
        hidden, known = (
            get(Listing, given.a_listing(state=state, **times)).code for state in ("approved", "published")
        )
        asker = given.signed_in(app.test_client(), given.an_account())
        form = read(asker.get(f"/listings/{known}")).form(f"/listings/{known}/reminder")
        found = [client.get(f"/listings/{hidden}/open.ics").status_code]
        for act in ("reminder", "reminder/stop"):
            form.action = f"/listings/{hidden}/{act}"
            found.append(send(asker, form).status_code)
        assert (found, waiting()) == ([404, 404, 404], [])
