"""The main job by hand in a browser: staff list a right, a buyer pays, gets it and sells it on, anybody sees it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from marketplace.kit.db import db
from tests import given
from tests.journeys.strips import frame, strip
from tests.visiting import visiting

pytestmark = [pytest.mark.browser, pytest.mark.node]

PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
SLOW = 30_000
"""Milliseconds that a page may take on a busy machine before a test gives up."""


@pytest.mark.parametrize(
    ("viewport", "script"),
    [
        pytest.param(PHONE, True, id="telephone"),
        pytest.param(DESK, True, id="desk", marks=pytest.mark.on_both),
        pytest.param(PHONE, False, id="telephone without JavaScript"),
    ],
)
def test_a_right_travels_from_the_desk_to_a_buyer_and_on(
    app: Flask, browser: Browser, live_server: str, worker: None, viewport: dict[str, int], script: bool
) -> None:
    given.staff("drafter", email="drafter@town.example.jp")
    given.staff("approver", email="approver@town.example.jp")
    options = {"viewport": viewport, "java_script_enabled": script}
    by_phone = viewport == PHONE and script

    with strip("list", viewport == DESK):
        with visiting(browser, live_server, **options) as page:
            sign_in(page, "drafter@town.example.jp")
            title = draft_a_card(page)
        with visiting(browser, live_server, **options) as page:
            sign_in(page, "approver@town.example.jp")
            approve(page, title)
    with visiting(browser, live_server, **options) as page:
        sign_in(page, "hanako@example.jp")
        with strip("buy", by_phone):
            buy(page, title, script=script)
        with strip("resale", by_phone):
            offer_for_resale(page, "３，０００円")
            buy_with_the_demo_wallet(page, title)
            seen_by_anybody(page, title)


def sign_in(page: Page, email: str) -> None:
    page.goto("/signin")
    page.fill("input[name=email]", email)
    page.locator("main form button").first.click()
    page.wait_for_url("**/signin/code**")
    code = given.mailed_code(email)
    db.session.rollback()
    page.fill("input[name=code]", code.translate(str.maketrans("0123456789", "０１２３４５６７８９")))
    page.locator("main form button").first.click()
    page.wait_for_url(re.compile(r"/(mypage|staff)"))


def draft_a_card(page: Page) -> str:
    """From the template to the approver's desk; what is wrong is said beside its field and nothing is lost."""
    page.goto("/staff/listings/new?template=card")
    title = "山菜トレカ 試しの1枚"
    page.fill("[name=title_ja]", title)
    page.fill("[name=price_yen]", "４９円")
    page.fill("[name=publish_at]", "")
    page.fill("[name=opens_at]", "2026-01-01T09:00")
    page.fill("[name=closes_at]", "")
    press(page, "保存して、買う人の画面を見る")
    expect(page.locator("#price_yen-error")).to_contain_text("50円以上")
    expect(page.locator("[name=title_ja]")).to_have_value(title)
    expect(page.locator("[name=price_yen]")).to_have_value("４９円")
    frame(page, "A draft from the template. What is wrong is said beside its field, and what was typed stays.")
    page.fill("[name=price_yen]", "１，０００円")
    press(page, "保存して、買う人の画面を見る")
    expect(page.locator("main")).to_contain_text(title)
    frame(page, "The page that buyers will see, before anybody sees it.")
    page.locator("form[action$='/submit'] button").click()
    expect(page.locator("main")).to_contain_text("承認待ち")
    frame(page, "It is handed in, and waits for another person.")
    return title


def approve(page: Page, title: str) -> None:
    page.goto("/staff/approvals")
    page.locator("main a[href$='/review']").first.click()
    expect(page.locator("h1")).to_contain_text(title)
    frame(page, "Somebody else reads all of it, and approves it or gives it back with a note.")
    page.check("[name=checked]")
    page.locator("form[action$='/approve'] button").click()
    expect(page.locator("main")).not_to_contain_text("承認待ち", timeout=SLOW)
    frame(page, "Approved, and frozen: it is published and opened by itself at its time.")


def buy(page: Page, title: str, *, script: bool) -> None:
    until(page, "/listings", lambda: page.get_by_role("link", name=title).count() > 0)
    page.get_by_role("link", name=title).first.click()
    frame(page, "The right: what it is, what it costs, how many are left.")
    press(page, "購入の手続きへ")
    page.wait_for_url("**/confirm")
    frame(page, "One is held for fifteen minutes. Before paying: what, how much, until when, and no way back.")
    for item in ("分量", "総額", "時期と方法", "お渡し", "期間", "取り消し"):
        expect(page.locator("main")).to_contain_text(item)
    page.check("[name=agreed]")
    press(page, "支払いへ進む")
    page.wait_for_url("**/c/pay/**")
    expect(page.locator("body")).to_contain_text("これは模擬の決済ページです。実際の請求は発生しません。")
    page.check("input[value=pm_card_visa]")
    frame(page, "Stripe's page; in the demo, the one that plays Stripe.")
    page.locator("button[value=card]").click()
    page.wait_for_url("**/orders/**")
    arrived = page.get_by_text("お手元に届きました。")
    if script:
        expect(arrived).to_be_visible(timeout=SLOW)  # the page moves by itself
        expect(page.get_by_role("link", name="領収書を受け取る")).to_be_visible()
    else:
        until(page, page.url, lambda: arrived.count() > 0)
    frame(page, "Paid, issued, arrived. No wallet was needed.")
    page.goto("/mypage")
    frame(page, "It lies in My page from now on.")


def offer_for_resale(page: Page, price: str) -> None:
    page.goto("/mypage")
    page.locator("a[href^='/tokens/']").first.click()
    page.get_by_role("link", name="売りに出す").click()
    page.fill("[name=price_yen]", price)
    frame(page, "The holder names a price; nothing is on sale yet.")
    press(page, "次へ（まだ売りに出ません）")
    frame(page, "What the buyer pays, what the town receives of it, what is left.")
    press(page, "売りに出す")


def buy_with_the_demo_wallet(page: Page, title: str) -> None:
    until(page, "/dev/wallet", lambda: page.locator("form[action^='/dev/wallet/buy/'] button").count() > 0)
    frame(page, "Somebody with a wallet sees it; here the wallet of the demo.")
    page.locator("form[action^='/dev/wallet/buy/'] button").first.click()
    until(page, "/dev/wallet", lambda: page.locator("form[action^='/dev/wallet/send/']").count() > 0)


def seen_by_anybody(page: Page, title: str) -> None:
    """Price, royalty and transaction of the trade; the holder on the token's page has changed."""
    trade = page.locator("main tr", has=page.get_by_role("link", name=title), has_text="3,000円")
    until(page, "/market", lambda: trade.count() > 0)
    expect(trade).to_contain_text("0x")
    trade.scroll_into_view_if_needed()
    frame(page, "Anybody reads the trade, its price and its transaction, as the chain told it.")
    trade.get_by_role("link", name=title).click()
    frame(page, "And the right's own page, with all that happened to it.")
    page.goto("/mypage")
    expect(page.locator("main")).to_contain_text("まだ何もありません")


def press(page: Page, words: str) -> None:
    page.get_by_role("button", name=words, exact=True).click()


def until(page: Page, path: str, condition: Callable[[], bool]) -> None:
    """Read the page again until it shows what was waited for."""
    for _ in range(SLOW // 250):
        page.goto(path)
        if condition():
            return
        page.wait_for_timeout(250)
    raise AssertionError(f"{path} never showed it: {page.locator('main').inner_text()[:1500]}")
