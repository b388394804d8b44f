"""A name by hand in a browser, on a real chain: from the winning bid to the sign that leads to its page."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from marketplace.kit.clock import jst, now
from marketplace.kit.db import db
from marketplace.naming.models import Naming
from tests import given
from tests.journeys.inside import signed_in
from tests.journeys.test_auction import HANAKO, OFFICE, an_auction, bid, pay_by_the_mailed_link, time_passes
from tests.journeys.test_by_hand import PHONE, press
from tests.visiting import visiting

pytestmark = [pytest.mark.browser, pytest.mark.node]

SECOND = "second@town.example.jp"


def test_a_winner_names_a_park_and_the_sign_leads_to_its_page(
    app: Flask, browser: Browser, live_server: str, settle: Callable[[], None]
) -> None:
    settle()
    given.staff("approver", email=SECOND)
    _, code, close = an_auction("ascending", title_ja="湧水公園 命名権", term_months=60)
    with visiting(browser, live_server, viewport=PHONE) as page:
        signed_in(page, HANAKO)
        bid(page, code, "5000")
        time_passes(close, "auctions.close_due")
        pay_by_the_mailed_link(page, HANAKO, "1,000円")
        settle()
        db.session.rollback()
        propose(page)
    with visiting(browser, live_server) as desk:
        signed_in(desk, OFFICE)
        put_the_place_on_the_map(desk)
        screen(desk)
    with visiting(browser, live_server, viewport=PHONE, java_script_enabled=False) as page:
        signed_in(page, HANAKO)
        page.goto("/mypage")
        page.get_by_role("link", name="協定を読んで同意する").click()
        expect(page.locator("main")).to_contain_text("60か月")
        press(page, "この協定に同意する")
        expect(page.locator("main")).to_contain_text("協定に同意しました")
    with visiting(browser, live_server) as desk:
        signed_in(desk, SECOND)
        desk.goto("/staff")
        desk.get_by_role("link", name="確かめる").click()
        press(desk, "決裁して公開する")
        expect(desk.locator("main")).to_contain_text("協定を決裁しました")
        path = db.session.scalars(sa.select(Naming)).one().path
        db.session.rollback()
        sign = desk.request.get(f"/staff{path}/sign.pdf")
        assert (sign.status, sign.body()[:5]) == (200, b"%PDF-")
    with visiting(browser, live_server, viewport=PHONE) as anybody:
        anybody.goto("/namings")
        anybody.get_by_role("link", name="フェリシア公園").click()
        for words in ("ふぇりしあこうえん", "保有者番号", "湧水公園の愛称", "町の景色によく合う"):
            expect(anybody.locator("main")).to_contain_text(words)


def propose(page: Page) -> None:
    """A name of 200 characters first: the page says so beside it, and what was typed is still there."""
    page.goto("/mypage")
    page.get_by_role("link", name="案を送る").click()
    page.fill("[name=name_1]", "あ" * 200)
    page.fill("[name=reading_1]", "ふぇりしあこうえん")
    page.fill("[name=meaning_1]", "しあわせの集まる場所に。")
    press(page, "この内容で送る")
    expect(page.locator("#name_1-error")).to_contain_text("40文字までです（いま200文字）")
    expect(page.locator("[name=name_1]")).to_have_value("あ" * 200)
    page.fill("[name=name_1]", "フェリシア公園")
    press(page, "この内容で送る")
    expect(page.locator("main")).to_contain_text("愛称の案を受け付けました")


def put_the_place_on_the_map(desk: Page) -> None:
    desk.goto("/staff/places")
    desk.fill("[name=name]", "湧水公園")
    desk.select_option("[name=right]", label="湧水公園 命名権")
    desk.fill("[name=x]", "300")
    desk.fill("[name=y]", "480")
    press(desk, "保存する")
    expect(desk.locator("main table")).to_contain_text("湧水公園")


def screen(desk: Page) -> None:
    desk.goto("/staff")
    desk.get_by_role("link", name="審査する").click()
    for box in desk.locator("[name=checks_1]").all():
        box.check()
    desk.get_by_label("「フェリシア公園」を認める").check()
    desk.fill("[name=begins_on]", jst(now()).date().isoformat())
    desk.fill("[name=members]", "副町長\n教育長")
    desk.fill("[name=minutes]", "1案ずつ確かめた。")
    desk.fill("[name=public_minutes]", "町の景色によく合うと認められました。")
    press(desk, "この結果を記録する")
    expect(desk.locator("main")).to_contain_text("審査の結果を記録しました")
