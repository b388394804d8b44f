"""An event in browsers: written at the desk, booked by one guest, waited for by another, stamped at the door."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from marketplace.kit.clock import jst, now, pretending
from marketplace.kit.db import db, get, transaction
from marketplace.listings.models import Listing
from marketplace.outbox import keeping
from marketplace.tokens.issuing import promise_token
from tests import given
from tests.journeys.inside import signed_in
from tests.journeys.test_by_hand import press
from tests.perks.stage import Telephone
from tests.visiting import visiting

pytestmark = [pytest.mark.browser, pytest.mark.node]

PHONE, DESK = {"viewport": {"width": 390, "height": 844}}, {"viewport": {"width": 1280, "height": 900}}


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    """An event in two hours is today."""
    with pretending(jst(now()).replace(hour=12, minute=0)):
        yield


@pytest.fixture
def token_id(app: Flask, settle: Callable[[], None]) -> int:
    """A right that Ken holds."""
    settle()
    account_id = given.an_account("ken@example.jp")
    listing = get(Listing, given.a_listing())
    with transaction():
        promised = promise_token(listing.right_id, 1, listing.code, "ORD-1", account_id, listing.quantity)
    settle()
    db.session.rollback()
    return promised


def write(page: Page) -> str:
    """The office writes an event of one seat, for today; its address."""
    page.goto("/staff/gatherings/new")
    begins_at = jst(now() + timedelta(hours=2))
    page.fill("[name=title]", "湯けむりの集い")
    page.fill("[name=body]", "温泉のあと、町の人とお茶を飲みます。")
    page.fill("[name=place]", "水沢温泉館 広間")
    page.fill("[name=entrance]", "帳場で「集い」とお伝えください")
    for name, at in (("begins_at", begins_at), ("ends_at", begins_at + timedelta(hours=2)), ("ask_until", begins_at)):
        page.fill(f"[name={name}]", f"{at:%Y-%m-%dT%H:%M}")
    page.fill("[name=seats]", "1")
    press(page, "保存する")
    press(page, "ご案内を始める")
    expect(page.locator("main")).to_contain_text("ご案内を始めました。")
    return page.url.replace("/staff", "")


def test_from_the_announcement_to_the_stamp(app: Flask, browser: Browser, live_server: str, token_id: int) -> None:
    given.staff("drafter", email="drafter@town.example.jp")
    ken = given.an_account("ken@example.jp")
    with visiting(browser, live_server, **DESK) as page:
        signed_in(page, "drafter@town.example.jp")
        path = write(page)
    with visiting(browser, live_server, **PHONE) as page:
        signed_in(page, "hana@example.jp")
        page.goto(path)
        press(page, "参加を予約する")
        expect(page.locator("main")).to_contain_text("帳場で「集い」とお伝えください")
    with visiting(browser, live_server, **PHONE, java_script_enabled=False) as page:
        signed_in(page, "ken@example.jp")
        page.goto(path)
        press(page, "空席待ちに申し込む")
        expect(page.locator("main")).to_contain_text("つぎに席があいたら、あなたの番です。")
    with visiting(browser, live_server, **PHONE) as page:
        signed_in(page, "hana@example.jp")
        page.goto(path)
        press(page, "取り消す")
    keeping.drain()
    with visiting(browser, live_server, **PHONE) as page:
        signed_in(page, "ken@example.jp")
        page.goto("/mypage")
        page.get_by_role("link", name="参加する・辞退する").click()
        press(page, "参加する")
        expect(page.locator("main")).to_contain_text("参加の予約ずみ")
    with visiting(browser, live_server, **DESK) as page:
        signed_in(page, "drafter@town.example.jp")
        page.goto(path.replace("/gatherings", "/staff/gatherings"))
        page.fill("[name=shown]", Telephone(token_id, ken).shows())
        press(page, "受け付ける")
        expect(page.locator("main")).to_contain_text("受け付けました")
        expect(page.locator("tbody")).to_contain_text("特典パス")
    with visiting(browser, live_server, **PHONE) as page:
        signed_in(page, "ken@example.jp")
        page.goto(path)
        expect(page.locator("main")).to_contain_text("ご参加ありがとうございました。")
