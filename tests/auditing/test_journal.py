"""The journal as auditors read it: by what, whom and when, and the whole way of one thing."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, expect

from marketplace.accounts.models import Account
from marketplace.auditing.families import family_of
from marketplace.journal.models import Entry
from marketplace.journal.sealing import seal
from marketplace.journal.writing import note
from marketplace.kit.clock import JST, pretending
from marketplace.kit.db import db, get, transaction
from marketplace.listings import amending
from marketplace.listings.decisions import Cancellation, SaleAmendment
from marketplace.listings.models import Listing
from marketplace.naming.models import Naming
from marketplace.orders import cancelling
from marketplace.orders.models import Order
from marketplace.orders.placing import place
from tests import given
from tests.chainlogs import Chain, deploy
from tests.journal.forging import forge
from tests.naming.stage import a_naming
from tests.pages import read
from tests.visiting import signed_in, visiting

NOON = datetime(2026, 12, 1, 12, 0, tzinfo=JST)


@pytest.fixture
def auditor(app: Flask, client: FlaskClient) -> FlaskClient:
    return given.signed_in(client, given.staff("auditor"))


def rows(answer: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(answer.removeprefix("\ufeff"), newline="")))[1:]


def found(client: FlaskClient, **filters: str) -> list[str]:
    """ "subject event" of the rows that the filters let through, oldest first."""
    return [f"{row[2]} {row[3]}" for row in rows(client.get(f"/staff/journal.csv?{urlencode(filters)}").text)]


def some_rows() -> None:
    for day, subject, event, by in (
        (0, "order:ORD-A", "place", "buyer:ACC-A"),
        (0, "order:ORD-B", "place", "buyer:ACC-B"),
        (1, "order:ORD-A", "pay", "system"),
        (2, "listing:LST-A", "close", "staff:ACC-C"),
    ):
        with pretending(NOON + timedelta(days=day)), transaction():
            note(subject, event, by=by)


def test_it_is_filtered_by_subject_act_person_and_day(auditor: FlaskClient) -> None:
    some_rows()
    assert found(auditor) == ["order:ORD-A 注文", "order:ORD-B 注文", "order:ORD-A 支払い", "listing:LST-A 受付終了"]
    assert found(auditor, subject="order:ORD-A") == ["order:ORD-A 注文", "order:ORD-A 支払い"]
    assert found(auditor, subject="ORD-A", event="pay") == ["order:ORD-A 支払い"]
    assert found(auditor, person="staff:ACC-C") == ["listing:LST-A 受付終了"]
    assert found(auditor, since="2026-12-02", until="令和8年12月2日") == ["order:ORD-A 支払い"]
    assert found(auditor, since="2026-12-03") == ["listing:LST-A 受付終了"]
    shown = auditor.get("/staff/journal?subject=ORD-A&since=2026-12-02").text.partition("<tbody>")[2]
    assert ("注文<" in shown, "支払い" in shown, "LST-A" in shown) == (False, True, False)


def test_a_day_that_is_none_is_told_beside_its_field_and_stays(auditor: FlaskClient) -> None:
    answer = auditor.get("/staff/journal?since=きのう&subject=ORD-A")
    assert ("<title>エラー: 操作の記録" in answer.text, answer.text.count('<a href="#since">')) == (True, 1)
    form = read(answer).form("/staff/journal")
    assert answer.status_code == 422
    assert form.errors == {"since": "日付は 2026-11-24 のように入力してください。"}
    assert (form.value("since"), form.value("subject")) == ("きのう", "ORD-A")


def test_pages_are_turned_within_the_filters(auditor: FlaskClient) -> None:
    with transaction():
        for number in range(120):
            note("test:page", f"look-{number:03}")
            note("test:other", "look-other")
    seen: list[str] = []
    path = "/staff/journal?subject=test:page"
    while path:
        page = read(auditor.get(path))
        seen += [word for word in page.words.split() if word.startswith("look-")]
        path = next((link for link in page.links if "before=" in link), "")
    assert seen == [f"look-{number:03}" for number in reversed(range(120))]


def test_codes_of_staff_are_shown_as_names(auditor: FlaskClient) -> None:
    listing = get(Listing, given.a_listing(state="draft"))
    assert "drafter@town.example.jp" in read(auditor.get(f"/staff/journal?subject={listing.subject}")).words


def test_the_chain_is_checked_on_request(auditor: FlaskClient) -> None:
    given.a_listing(state="draft")
    seal()
    assert "すべての行がつながっています" in read(auditor.get("/staff/journal?check=1")).words
    forge("UPDATE journal SET why = '別の理由' WHERE seq = 1")
    assert "1行めが書きかえられています" in read(auditor.get("/staff/journal?check=1")).words


class TestHistory:
    def test_of_an_order_is_its_own_way_from_the_approval_on_without_the_other_buyers(
        self, auditor: FlaskClient
    ) -> None:
        listing_id = given.a_listing()
        mine, other = (get(Order, place(given.an_account(), listing_id)) for _ in range(2))
        subjects = subjects_of(mine.subject)
        listing = mine.listing
        assert {listing.subject, listing.right.subject, mine.subject} <= subjects
        assert other.subject not in subjects
        words = read(auditor.get(f"/staff/subjects/{mine.subject}")).words
        words = words[words.rindex("起案と承認から") :]
        acts = [words.index(act) for act in ("承認に提出", "承認 ", "公告・公開", "受付開始", "注文")]
        assert acts == sorted(acts)

    def test_of_a_sale_has_every_buyer(self, app: Flask) -> None:
        listing_id = given.a_listing()
        orders = {get(Order, place(given.an_account(), listing_id)).subject for _ in range(3)}
        listing = get(Listing, listing_id)
        for subject in (listing.subject, listing.right.subject):
            assert {listing.subject, listing.right.subject, *orders} <= subjects_of(subject)

    def test_of_a_sale_has_what_was_announced_and_asked_for_later(self, app: Flask) -> None:
        listing_id = given.a_listing(state="published", opens_at=given.in_days(9), closes_at=None)
        drafter = given.staff("drafter")
        change = get(SaleAmendment, amending.propose(listing_id, drafter, {"price_yen": 4_000}, "見直し"))
        amending.approve(change.id, given.staff("approver"))
        ended = get(Cancellation, cancelling.request(listing_id, drafter, "準備ができないため"))
        cancelling.approve(ended.id, given.staff("approver"))
        listing = get(Listing, listing_id)
        for subject in (listing.subject, change.subject, ended.subject):
            assert {listing.subject, change.subject, ended.subject} <= subjects_of(subject)
            assert family_of(subject).listing == listing

    def test_of_a_name_is_the_way_from_the_approval_of_its_right(self, app: Flask) -> None:
        chain = Chain()
        deploy()
        naming = get(Naming, a_naming(chain, given.an_account()))
        listing = family_of(naming.subject).listing
        assert listing is not None
        assert {listing.subject, naming.subject} <= subjects_of(naming.subject)
        assert naming.subject in subjects_of(listing.subject)

    def test_of_what_belongs_to_no_sale_is_its_own(self, app: Flask) -> None:
        given.a_listing()
        with transaction():
            note("chain:sending", "alarm")
        assert subjects_of("chain:sending") == {"chain:sending"}

    @pytest.mark.parametrize("subject", ["order:NONE", "token:1", "token:x", "gift:NONE", "none", "listing:"])
    def test_of_nothing_is_a_page_that_says_so(self, auditor: FlaskClient, subject: str) -> None:
        answer = auditor.get(f"/staff/subjects/{subject}")
        assert (answer.status_code, "この対象の記録はありません" in answer.text) == (404, True)


def subjects_of(subject: str) -> set[str]:
    return set(db.session.scalars(sa.select(Entry.subject).where(family_of(subject).subjects)))


@pytest.mark.parametrize("path", ["/staff/journal", "/staff/subjects/order:ORD-A"])
def test_buyers_may_not_look(app: Flask, client: FlaskClient, path: str) -> None:
    given.signed_in(client, given.an_account())
    assert client.get(path).status_code == 403
    assert app.test_client().get(path).status_code == 303


@pytest.mark.parametrize("path", ["/staff/journal.csv", "/staff/samples", "/staff/samples/population.txt"])
def test_the_counter_takes_no_tables_home(app: Flask, client: FlaskClient, path: str) -> None:
    given.signed_in(client, given.staff("counter"))
    assert client.get(path).status_code == 403


def test_no_name_of_a_buyer_is_in_the_table(auditor: FlaskClient) -> None:
    place(given.an_account("hanako@example.jp"), given.a_listing())
    text = auditor.get("/staff/journal.csv").text
    people = list(db.session.scalars(sa.select(Account)))
    assert [person.email for person in people if person.email in text] == []


WIDTHS = "[...document.querySelectorAll('tbody td')].map((cell) => [cell.dataset.label, cell.offsetWidth])"


@pytest.mark.browser
def test_why_has_more_room_than_a_mail_address_that_stands_for_a_name(browser: Browser, live_server: str) -> None:
    clerk = given.staff("approver", email="approver-of-sales@town.tsukimisawa.example.jp")
    with transaction():
        code = get(Account, clerk).code
        note("listing:LST-A", "approve", by=f"staff:{code}", why="町長の決裁により、終わりを1週間のばすため。")
    with visiting(browser, live_server, viewport={"width": 1280, "height": 900}) as page:
        signed_in(page, clerk)
        page.goto("/staff/journal?subject=LST-A")
        found = dict(page.evaluate(WIDTHS))
        expect(page.locator(".who")).to_have_text("approver-of-sales@town.tsukimisawa.example.jp")
    assert found["なぜ"] > found["だれが"]
