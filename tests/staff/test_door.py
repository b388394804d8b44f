"""Who comes in at the desk, and where the others are led."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.appointments.calendar import put_lecturer
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import get
from marketplace.listings import scheduling
from marketplace.listings.models import Listing
from tests import given
from tests.gatherings.stage import BY
from tests.pages import read
from tests.perks.stage import a_desk

pytestmark = pytest.mark.on_sqlite


@pytest.mark.parametrize("path", ["/staff", "/staff/listings", "/staff/approvals", "/staff/outbox", "/staff/journal"])
class TestTheDoor:
    def test_a_visitor_signs_in_first(self, client: FlaskClient, path: str) -> None:
        assert client.get(path).location == f"/signin?next={path}"

    def test_a_buyer_may_not(self, app: Flask, client: FlaskClient, path: str) -> None:
        given.signed_in(client, given.an_account())
        assert client.get(path).status_code == 403

    def test_any_member_of_staff_may_look(self, app: Flask, client: FlaskClient, path: str) -> None:
        given.signed_in(client, given.staff("drafter"))
        assert client.get(path).status_code == 200

    def test_a_tablet_left_at_the_counter_asks_again_the_next_day(
        self, app: Flask, client: FlaskClient, path: str
    ) -> None:
        given.signed_in(client, given.staff("drafter"))
        with pretending(now() + timedelta(hours=10)):
            assert client.get(path).status_code == 303


@pytest.mark.parametrize(
    ("sent_from", "back"),
    [
        ("http://localhost/staff/books/2026-11?page=2", "/staff/books/2026-11?page=2"),
        ("https://elsewhere.example/staff/books", "/staff"),
        (None, "/staff"),
    ],
)
def test_what_was_opened_in_the_morning_and_sent_at_night_leads_back_to_its_form_and_says_that_nothing_was_saved(
    app: Flask, client: FlaskClient, sent_from: str | None, back: str
) -> None:
    given.signed_in(client, given.staff("treasury"))
    form = read(client.get("/staff/fund")).form("/staff/fund")
    with pretending(now() + timedelta(hours=10)):
        headers = {"Referer": sent_from} if sent_from else {}
        answer = client.post("/staff/books/2026-11/ask-to-close", data=form.values, headers=headers)
        assert (answer.status_code, parse_qs(urlsplit(answer.location).query)) == (303, {"next": [back]})
        assert "送ったものは保存していません" in read(client.get(answer.location)).words


@pytest.mark.parametrize("role", ["drafter", "treasury", "approver", "auditor"])
def test_no_link_beside_a_sale_leads_to_a_page_that_is_refused(app: Flask, client: FlaskClient, role: str) -> None:
    running, over = given.a_listing(), given.a_listing()
    scheduling.close_sale(over)
    sales = (over, given.a_listing("lottery"), given.a_listing("ascending", "naming"))
    given.signed_in(client, given.staff(role))
    for listing_id, part in ((running, "preview"), (running, "stop"), *((each, "preview") for each in sales)):
        page = read(client.get(f"/staff/listings/{get(Listing, listing_id).code}/{part}"))
        links = [link for link in page.links if link.startswith("/staff")]
        assert links
        answers = {link: client.get(link) for link in links}
        ends = {link: client.get(each.location) if each.location else each for link, each in answers.items()}
        assert [link for link, each in ends.items() if each.status_code == 403] == []


def test_staff_who_are_refused_a_page_are_led_back_to_their_desk_and_buyers_are_not(
    app: Flask, client: FlaskClient
) -> None:
    visitors = (given.staff("drafter"), given.an_account())
    answers = [given.signed_in(client, each).get("/staff/orders") for each in visitors]
    assert [(each.status_code, "/staff" in read(each).links) for each in answers] == [(403, True), (403, False)]


@pytest.mark.parametrize("path", ["/staff/creators", "/staff/partners", "/staff/places", "/staff/lecturers"])
def test_who_may_only_look_is_shown_nothing_to_fill_in(app: Flask, path: str) -> None:
    a_desk()
    put_lecturer("町長", BY)
    reads, writes = (given.signed_in(app.test_client(), given.staff(role)) for role in ("auditor", "drafter"))
    assert [bool(read(each.get(path)).forms) for each in (reads, writes)] == [False, True]
