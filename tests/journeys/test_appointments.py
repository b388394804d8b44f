"""A lecture by hand in a browser, on a real chain: the wish, the date, the day itself, and the count on chain."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from marketplace.kit.clock import JST, jst, now, pretending
from marketplace.kit.db import db, get, transaction
from marketplace.kit.holidays import closed
from marketplace.listings.models import Listing
from marketplace.tokens.issuing import promise_token
from marketplace.tokens.using import uses_left
from tests import given
from tests.journeys.inside import signed_in
from tests.journeys.test_by_hand import PHONE, press
from tests.resale.stage import token
from tests.visiting import visiting

pytestmark = [pytest.mark.browser, pytest.mark.node]

HANAKO, OFFICE = "hanako@example.jp", "drafter@town.example.jp"


@pytest.fixture
def token_id(app: Flask, settle: Callable[[], None]) -> int:
    """Twelve hours of the mayor in Hanako's hands, counted on chain."""
    settle()
    account_id = given.an_account(HANAKO)
    listing = get(Listing, given.a_listing(kind="lecture", title_ja="町長の講演・相談 12回", quantity=5))
    with transaction():
        token_id = promise_token(listing.right_id, 1, listing.code, "ORD-1", account_id, listing.quantity)
    settle()
    db.session.rollback()
    return token_id


def a_working_day() -> datetime:
    """Ten o'clock of the first day on which the town hall is open, more than a week from now."""
    day = jst(now()).date() + timedelta(days=9)
    while closed(day):
        day += timedelta(days=1)
    return datetime(day.year, day.month, day.day, 10, tzinfo=JST)


def test_a_lecture_is_wished_fixed_held_and_counted(
    app: Flask, browser: Browser, live_server: str, token_id: int, settle: Callable[[], None]
) -> None:
    given.staff("drafter", email=OFFICE)
    day = a_working_day()
    with visiting(browser, live_server) as desk:
        signed_in(desk, OFFICE)
        name_the_mayor(desk)
    with visiting(browser, live_server, viewport=PHONE) as page:
        signed_in(page, HANAKO)
        page.goto(token(token_id).path or "")
        db.session.rollback()
        page.get_by_role("link", name="日程を相談する").click()
        wish(page, day)
    with visiting(browser, live_server) as desk:
        signed_in(desk, OFFICE)
        desk.goto("/staff")
        desk.get_by_role("link", name="返事をする").click()
        desk.get_by_role("button", name="この日時に決める").click()
        expect(desk.locator("main")).to_contain_text("日程を決めました")
    with visiting(browser, live_server, viewport=PHONE, java_script_enabled=False) as page:
        signed_in(page, HANAKO)
        page.goto("/mypage")
        page.locator("a[href^='/mypage/appointments/APT']").click()
        file = page.request.get(f"{page.url}.ics").text()
        assert ("BEGIN:VEVENT" in file, "SEQUENCE:1" in file) == (True, True)
    with pretending(day + timedelta(hours=4)):
        with visiting(browser, live_server) as desk:
            signed_in(desk, OFFICE)
            desk.goto("/staff")
            desk.get_by_role("link", name="記録する").click()
            press(desk, "記録する")
            expect(desk.locator("main")).to_contain_text("終わったことを記録しました")
        with visiting(browser, live_server, viewport=PHONE, java_script_enabled=False) as page:
            signed_in(page, HANAKO)
            page.goto("/mypage")
            page.get_by_role("link", name="確認する").click()
            press(page, "まちがいありません")
            expect(page.locator("main")).to_contain_text("10回")
    settle()
    assert uses_left(token_id) == 10
    db.session.rollback()
    with visiting(browser, live_server, viewport=PHONE) as anybody:
        anybody.goto(token(token_id).path or "")
        db.session.rollback()
        expect(anybody.locator("main")).to_contain_text("10回（全12回）")


def name_the_mayor(desk: Page) -> None:
    desk.goto("/staff/lecturers")
    desk.fill("[name=name]", "町長")
    press(desk, "登録する")
    desk.select_option("form[action$='/rights'] [name=right]", label="町長の講演・相談 12回")
    press(desk, "決める")
    expect(desk.locator("main")).to_contain_text("町長の講演・相談 12回：町長、60分")


def wish(page: Page, day: datetime) -> None:
    """A day in the past first: the page says so beside it, and what was typed is still there."""
    page.fill("[name=topic]", "地域の稼ぐ力について、20人ほどで聞きます。")
    page.fill("[name=starts_1]", "2026-01-05T10:00")
    page.select_option("[name=uses]", "2")
    press(page, "この希望を送る")
    expect(page.locator("#starts_1-error")).to_contain_text("過ぎた日時です")
    expect(page.locator("[name=topic]")).to_have_value("地域の稼ぐ力について、20人ほどで聞きます。")
    page.fill("[name=starts_1]", day.strftime("%Y-%m-%dT%H:%M"))
    press(page, "この希望を送る")
    expect(page.locator("main")).to_contain_text("希望の日時を受け付けました")
