"""Perks by hand in browsers, on a real chain: bought, shown, let in without network, sent later, paid for; resold half
used."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from marketplace.kit.clock import now
from marketplace.kit.db import db, get, transaction
from marketplace.listings.models import Listing
from marketplace.perks import partnering
from marketplace.perks.refusals import ChangedHands
from marketplace.resale import offering, wallet
from marketplace.tokens import using as counted
from marketplace.tokens.custody import custody_of
from marketplace.tokens.issuing import promise_token
from tests import given
from tests.journeys.inside import signed_in
from tests.journeys.strips import frame, strip
from tests.journeys.test_by_hand import buy, press
from tests.perks.stage import Desk, Telephone, a_desk, a_listing, bath, counts, lectures, scan
from tests.perks.test_browser import read_code, shown_code
from tests.resale.stage import token
from tests.visiting import visiting

pytestmark = [pytest.mark.browser, pytest.mark.node]

PHONE, TABLET = {"viewport": {"width": 390, "height": 844}}, {"viewport": {"width": 1280, "height": 900}}


def test_a_right_is_bought_used_at_a_counter_without_network_and_paid_for(
    app: Flask, browser: Browser, live_server: str, settle: Callable[[], None], worker: None
) -> None:
    given.staff("drafter", email="drafter@town.example.jp")
    with visiting(browser, live_server, **TABLET) as page:
        signed_in(page, "drafter@town.example.jp")
        code, pin = take_in(page, "水沢温泉館")
    partner = partnering.partner_of(code)
    title = "温泉の会員証"
    a_listing(bath(Desk(partner.id, pin)), title_ja=title, price_yen=1_000)
    db.session.rollback()
    with visiting(browser, live_server, **PHONE) as telephone, visiting(browser, live_server, **TABLET) as tablet:
        signed_in(telephone, "hanako@example.jp")
        buy(telephone, title, script=True)
        telephone.goto("/mypage")
        telephone.get_by_role("link", name="特典パスを開く").click()
        shown_code(telephone)
        telephone.wait_for_selector("[data-pass][data-kept]")
        telephone.context.set_offline(True)
        open_counter(tablet, code, pin)
        tablet.context.set_offline(True)
        telephone.reload()
        shown = shown_code(telephone)
        with strip("perk"):
            frame(telephone, "The pass, without network: a code that is another one each half minute.")
            frame(tablet, "The bath's tablet, without network too.")
        read_code(tablet, shown)
        expect(tablet.locator("[data-headline]")).to_have_text("OK 本日1回目")
        expect(tablet.locator("[data-offline]")).to_have_text("圏外 1件保管中")
        with strip("perk"):
            frame(tablet, "Let in. No name is shown; the use is kept until there is a network.")
        tablet.context.set_offline(False)
        tablet.wait_for_selector("[data-counter][data-waiting='0']", state="attached")
        telephone.context.set_offline(False)
        telephone.reload()
        expect(telephone.locator("main")).to_contain_text("本日は利用ずみ")
        expect(telephone.locator("main")).to_contain_text("水沢温泉館")
        with strip("perk"):
            frame(telephone, "Sent: the guest's pass knows of it.")
    with visiting(browser, live_server, **TABLET) as page:
        signed_in(page, "drafter@town.example.jp")
        page.goto(f"/staff/partners/{code}")
        expect(page.locator("main")).to_contain_text("温泉の入浴")
        expect(page.locator("main")).to_contain_text("300円")
        with strip("perk"):
            frame(page, "The partner's statement of the month, with what the town pays for it.")
        with page.expect_download() as download:
            page.get_by_role("link", name="表計算用（CSV）").click()
        assert download.value.suggested_filename.startswith(code)


def take_in(page: Page, name: str) -> tuple[str, str]:
    """(code, PIN) of a new partner."""
    page.goto("/staff/partners")
    page.fill("[name=name]", name)
    press(page, "登録して、暗証番号を出す")
    pin = page.locator(".verdict__word").inner_text().replace(" ", "")
    page.get_by_role("link", name="書き取りました").click()
    return page.locator("li.panel[id^=PTR-]").get_attribute("id") or "", pin


def open_counter(page: Page, code: str, pin: str) -> None:
    page.goto("/counter/")
    page.select_option("#partner", code)
    page.fill("#pin", pin)
    press(page, "窓口をひらく")
    page.wait_for_selector("[data-counter][data-ready]", state="attached")


def test_a_ticket_of_twelve_hours_is_resold_with_five_left(
    app: Flask, browser: Browser, live_server: str, settle: Callable[[], None]
) -> None:
    settle()
    hana, taro = (given.an_account(f"{name}@example.jp") for name in ("hana", "taro"))
    desk = a_desk("役場")
    listing = get(Listing, a_listing(lectures(desk, 12), kind="lecture", uses_per_token=12))
    with transaction():
        token_id = promise_token(listing.right_id, 1, listing.code, "ORD-1", hana, listing.quantity)
    settle()
    old, tablet = Telephone(token_id, hana), desk.tablet()
    for n in range(7):
        assert scan(tablet, old.shows(now() + timedelta(seconds=30 * (n - 3))), "p2").left == 11 - n
    settle()
    assert (counts(token_id, "p2"), counted.uses_left(token_id)) == ([("ever", 7, 0)], 5)
    offering.offer(token_id, hana, 200_000)
    settle()
    with visiting(browser, live_server, **PHONE) as page:
        page.goto(token(token_id).path or "")
        expect(page.locator("#offered")).to_be_visible()
        expect(page.locator("main")).to_contain_text("のこり 5回（全12回）")
        expect(page.locator("main")).to_contain_text("使った分はもどりません")
    standing = offering.live_offer(token_id)
    assert standing is not None
    wallet.buy(standing.id)
    settle()
    wallet.send(token_id, custody_of(taro))
    settle()
    with pytest.raises(ChangedHands):
        scan(tablet, old.shows(), "p2")
    db.session.rollback()
    with visiting(browser, live_server, **PHONE) as page:
        signed_in(page, "taro@example.jp")
        page.goto(f"/passes/{token_id}")
        expect(page.locator("main")).to_contain_text("のこり 5回（全12回）")
        assert scan(desk.tablet(), shown_code(page), "p2").left == 4
    settle()
    assert (counts(token_id, "p2"), counted.uses_left(token_id)) == ([("ever", 8, 0)], 4)
