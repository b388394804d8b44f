"""The office's calendar: everything that comes on its day in Japan, on the desk and in one's own calendar."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import IntegrityError

from marketplace.accounts.models import Account, StaffRole
from marketplace.journal.models import Entry
from marketplace.kit import holidays
from marketplace.kit.clock import JST, pretending
from marketplace.kit.db import db, get, transaction
from marketplace.listings import scheduling
from marketplace.listings.models import Listing
from marketplace.orders.placing import award
from marketplace.staff import calendar, feeding
from marketplace.staff.models import CalendarFeed
from tests import given
from tests.chainlogs import Chain, deploy
from tests.pages import read, submit
from tests.resale.stage import held_token

NOON = datetime(2026, 12, 1, 12, 0, tzinfo=JST)
DAY = timedelta(days=1)
YEAR = (NOON - 30 * DAY, NOON + 2000 * DAY)


def told(begin: datetime = YEAR[0], end: datetime = YEAR[1]) -> list[tuple[str, str]]:
    """(day and hour in Japan, kind and title)"""
    return [(f"{e.at.astimezone(JST):%m-%d %H}", f"{e.word} {e.title}") for e in calendar.events(begin, end)]


def a_sale(mode: str = "fixed", kind: str = "resident", **more: object) -> int:
    times = {"publish_at": NOON + DAY, "opens_at": NOON + 8 * DAY, "closes_at": NOON + 15 * DAY}
    with pretending(NOON):
        return given.a_listing(mode, kind, state="approved", **{"title_ja": "楓の証", **times, **more})


def test_a_sale_is_announced_opened_and_closed(app: Flask) -> None:
    a_sale()
    assert told() == [("12-02 12", "公告 楓の証"), ("12-09 12", "受付開始 楓の証"), ("12-16 12", "受付終了 楓の証")]


def test_a_lottery_is_drawn_and_sealed_bids_are_opened(app: Flask) -> None:
    a_sale("lottery", draw_at=NOON + 16 * DAY)
    a_sale("sealed", "naming", title_ja="池の名")
    found = told()
    assert ("12-17 12", "抽選 楓の証") in found
    assert ("12-16 12", "開札 池の名") in found


def test_what_nobody_approved_or_what_was_called_off_is_in_no_calendar(app: Flask) -> None:
    with pretending(NOON):
        given.a_listing(state="submitted", opens_at=NOON + DAY, closes_at=NOON + 2 * DAY)
    listing_id = a_sale()
    with pretending(NOON):
        scheduling.cancel(listing_id, "staff:ACC-TEST", "やめます")
    assert told() == []


def test_winners_who_have_not_paid_are_one_line_without_a_name(app: Flask) -> None:
    with pretending(NOON):
        listing_id = given.a_listing("lottery", quantity=3, title_ja="楓の証")
        with transaction():
            for _ in range(2):
                award(given.an_account(), listing_id, 3_000, NOON + 3 * DAY, "lottery")
    assert ("12-04 12", "支払い期限 楓の証（2件）") in told()


def test_resale_opens_and_a_term_ends(app: Flask) -> None:
    deploy()
    with pretending(NOON):
        listing_id = given.a_listing(term_months=36, title_ja="池の証")
        held_token(Chain(), given.an_account(), listing_id, 1)
    a_sale(tradable_from=NOON + 40 * DAY)
    found = [word for _, word in told()]
    assert ("二次流通の開始 楓の証" in found, "期間の終わり 池の証" in found) == (True, True)


def test_only_what_is_asked_for(app: Flask) -> None:
    a_sale()
    assert told(NOON + 8 * DAY, NOON + 15 * DAY) == [("12-09 12", "受付開始 楓の証")]


def test_a_month_is_whole_weeks_from_sunday_with_holidays(app: Flask) -> None:
    weeks = calendar.weeks(2026, 11, holidays.closed)
    days = [day for week in weeks for day in week]
    assert {len(week) for week in weeks} == {7}
    assert (days[0].on, days[-1].on) == (date(2026, 11, 1), date(2026, 12, 5))
    assert [day.on.day for day in days if not day.other] == list(range(1, 31))
    assert {day.on.day: day.closed for day in days if day.closed and "曜日" not in day.closed} == {
        3: "文化の日",
        23: "勤労感謝の日",
    }


def test_what_ends_at_midnight_stands_on_the_day_that_it_ends_at_24(app: Flask, client: FlaskClient) -> None:
    midnight = datetime(2027, 1, 3, tzinfo=JST)  # a Sunday: the day before is the last of the weeks of December
    a_sale(closes_at=midnight, opens_at=midnight - 7 * DAY)
    held = {
        day.on: [(event.word, event.said[1]) for event in day.events]
        for week in calendar.weeks(2026, 12, holidays.closed)
        for day in week
        if day.events
    }
    assert held == {
        date(2026, 12, 2): [("公告", "午後0時00分")],
        date(2026, 12, 27): [("受付開始", "午前0時00分")],
        date(2027, 1, 2): [("受付終了", "24時00分")],
    }
    told = []
    for at in (midnight - timedelta(hours=12), midnight + timedelta(hours=12)):
        with pretending(at):
            given.signed_in(client, given.staff("counter"))
            told.append("受付終了" in read(client.get("/staff")).words)
    assert told == [True, False]


def test_a_deadline_some_seconds_after_midnight_is_of_the_day_that_begins(app: Flask, client: FlaskClient) -> None:
    """An auction that ended at 24時 is awarded in the second after it."""
    midnight = datetime(2027, 1, 3, tzinfo=JST)
    with pretending(NOON):
        listing_id = given.a_listing("lottery", quantity=3)
        with transaction():
            for seconds in (20, 40):
                award(given.an_account(), listing_id, 3_000, midnight + timedelta(seconds=seconds), "lottery")
    days = (midnight.date() - DAY, midnight.date())
    found = [[(event.word, event.said) for event in calendar.of_day(day)] for day in days]
    assert found == [[], [("支払い期限", (days[1], "午前0時00分"))]]


@pytest.mark.parametrize("month", range(1, 13))
def test_every_month_has_all_its_days_once(app: Flask, month: int) -> None:
    days = [day.on for week in calendar.weeks(2027, month, holidays.closed) for day in week]
    assert days == [days[0] + timedelta(days=n) for n in range(len(days))]
    assert (days[0].weekday(), days[-1].weekday()) == (6, 5)
    assert len([day for day in days if day.month == month]) == monthrange(2027, month)[1]


class TestThePage:
    def test_shows_the_month_that_is_asked_for_and_leads_to_its_neighbours(
        self, app: Flask, client: FlaskClient
    ) -> None:
        a_sale()
        with pretending(NOON):
            given.signed_in(client, given.staff("counter"))
            page = read(client.get("/staff/calendar"))
            other = read(client.get("/staff/calendar?month=2027-01"))
            nonsense = client.get("/staff/calendar?month=いつか")
            ends = [client.get(f"/staff/calendar?month={month}").status_code for month in ("0001-01", "9999-12")]
        assert ("2026年12月" in page.words, "楓の証" in page.words) == (True, True)
        assert {"/staff/calendar?month=2026-11", "/staff/calendar?month=2027-01"} <= set(page.links)
        assert ends == [200, 200]
        assert ("2027年1月" in other.words, "楓の証" in other.words, nonsense.status_code) == (True, False, 200)

    def test_is_the_staffs(self, app: Flask, client: FlaskClient) -> None:
        given.signed_in(client, given.an_account())
        assert client.get("/staff/calendar").status_code == 403


class TestTheFeed:
    def made(self, client: FlaskClient) -> str:
        """The path of the address that the page shows once."""
        submit(client, "/staff/calendar", action="/staff/calendar/feed")
        found = re.search(r"/calendar/[\w-]+\.ics", client.get("/staff/calendar").text)
        assert found is not None
        return found.group()

    def test_is_read_by_a_program_without_a_session(self, app: Flask, client: FlaskClient) -> None:
        listing = get(Listing, a_sale())
        with pretending(NOON):
            given.signed_in(client, given.staff("drafter"))
            path = self.made(client)
            answer = app.test_client().get(path)
        assert (answer.status_code, answer.mimetype) == (200, "text/calendar")
        lines = answer.text.split("\r\n")
        assert "DTSTART:20261209T030000Z" in lines
        assert "SUMMARY:【受付開始】楓の証" in lines
        assert f"UID:open-{listing.code}@127.0.0.1" in "\n".join(lines)
        assert max(len(line.encode()) for line in lines) <= 75

    def test_what_ends_at_24_stands_on_the_day_that_it_ends(self, client: FlaskClient) -> None:
        """A calendar shows 0:00 of the day after, on which it is too late."""
        midnight = datetime(2027, 1, 3, tzinfo=JST)
        a_sale(closes_at=midnight, opens_at=midnight - 7 * DAY)
        with pretending(NOON):
            text = client.get(f"/calendar/{feeding.make(given.staff('drafter'))}.ics").text
        (close,) = [entry for entry in text.split("BEGIN:VEVENT") if "【受付終了】" in entry]
        assert [line for line in close.split("\r\n") if line.startswith("DT") and "STAMP" not in line] == [
            "DTSTART:20270102T145900Z",
            "DTEND:20270102T150000Z",
        ]
        (opening,) = [entry for entry in text.split("BEGIN:VEVENT") if "【受付開始】" in entry]
        assert ("DTSTART:20261226T150000Z" in opening, "DTEND" in opening) == (True, False)

    def test_its_address_is_shown_once_and_kept_as_a_hash_alone(self, app: Flask, client: FlaskClient) -> None:
        given.signed_in(client, given.staff("drafter"))
        path = self.made(client)
        secret = path.removeprefix("/calendar/").removesuffix(".ics")
        assert secret not in client.get("/staff/calendar").text
        row = db.session.scalars(sa.select(CalendarFeed)).one()
        written = [str(entry.details) + entry.why for entry in db.session.scalars(sa.select(Entry))]
        assert [secret in text for text in [row.secret_hash, *written]] == [False] * (len(written) + 1)

    def test_a_new_address_ends_the_old_one_and_one_can_take_it_back(self, app: Flask, client: FlaskClient) -> None:
        given.signed_in(client, given.staff("drafter"))
        old, new = self.made(client), self.made(client)
        assert [client.get(path).status_code for path in (old, new)] == [404, 200]
        submit(client, "/staff/calendar", action="/staff/calendar/feed/revoke")
        assert client.get(new).status_code == 404
        events = db.session.scalars(sa.select(Entry.event).where(Entry.event.endswith("_feed")).order_by(Entry.id))
        assert list(events) == ["make_feed", "make_feed", "revoke_feed"]

    def test_who_is_a_member_of_staff_no_more_reads_nothing(self, app: Flask, client: FlaskClient) -> None:
        account_id = given.staff("drafter")
        path = f"/calendar/{feeding.make(account_id)}.ics"
        assert client.get(path).status_code == 200
        with transaction() as session:
            session.execute(sa.delete(StaffRole).where(StaffRole.account_id == account_id))
        assert client.get(path).status_code == 404

    @pytest.mark.parametrize("guess", ["x", "", "0" * 64])
    def test_a_guess_opens_nothing(self, app: Flask, client: FlaskClient, guess: str) -> None:
        feeding.make(given.staff("drafter"))
        assert client.get(f"/calendar/{guess}.ics").status_code == 404

    def test_nobody_is_in_it(self, app: Flask, client: FlaskClient) -> None:
        with pretending(NOON):
            listing_id = given.a_listing("lottery")
            with transaction():
                award(given.an_account("hanako@example.jp"), listing_id, 3_000, NOON + 3 * DAY, "lottery")
            text = client.get(f"/calendar/{feeding.make(given.staff('drafter'))}.ics").text
        people = list(db.session.scalars(sa.select(Account)))
        assert [word for person in people for word in (person.email, person.code) if word in text] == []

    def test_the_database_knows_one_for_each_person(self, app: Flask) -> None:
        account_id = given.staff("drafter")
        feeding.make(account_id)
        with pytest.raises(IntegrityError), transaction() as session:
            session.add(CalendarFeed(account_id=account_id, secret_hash="x", made_at=NOON))
