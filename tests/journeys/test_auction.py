"""Auctions by hand in a browser: somebody applies, bids, wins and pays; or does not pay, and the next one may; or two
sealed bids are equal, and dice decide before witnesses. Only the days between are pretended."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import Browser, FilePayload, Page, expect

from marketplace.admissions import deciding
from marketplace.auctions.opening import of_listing
from marketplace.kit.clock import pretending
from marketplace.kit.db import db
from marketplace.kit.sheets import SHEETS, run_one
from marketplace.listings.models import Listing
from marketplace.notices.models import Notice
from marketplace.orders.models import Order
from marketplace.outbox import keeping
from marketplace.settings import Settings
from tests import given
from tests.journeys.inside import signed_in
from tests.journeys.test_by_hand import PHONE, press
from tests.local_stripe import LocalStripe
from tests.visiting import visiting

pytestmark = pytest.mark.browser

OFFICE = "approver@town.example.jp"
HANAKO, TARO = "hanako@example.jp", "taro@example.jp"


@pytest.fixture
def settings(settings: Settings, stripe: LocalStripe) -> Settings:
    """With the local Stripe, and no chain: these journeys end with the payment."""
    return stripe.settings(settings, demo=True)


class Sale(NamedTuple):
    listing_id: int
    code: str
    close: datetime


def an_auction(mode: str, **more: Any) -> Sale:
    given.staff("approver", email=OFFICE)
    auction = of_listing(given.a_listing(mode, "naming", price_yen=1000, **more))
    assert auction is not None
    sale = Sale(auction.listing_id, auction.code, auction.closes_at)
    db.session.rollback()  # what is read next is what the browser did
    return sale


def time_passes(until: datetime, sheet: str) -> None:
    """What time alone makes happen at `until`, and everybody who hears of it."""
    with pretending(until):
        run_one(SHEETS[sheet])
        keeping.drain()
    db.session.rollback()


def bid(page: Page, code: str, typed: str) -> None:
    page.goto(f"/listings/{code}/bid")
    page.fill("[name=max_yen]", typed)
    press(page, "確認画面へすすむ")
    page.check("[name=agreed]")
    press(page, "この金額で入札する")
    expect(page.locator("h1")).to_have_text("入札を受け付けました")


def pay_by_the_mailed_link(page: Page, email: str, price: str) -> None:
    letters = sa.select(Notice.body).where(Notice.template == "pay_link", Notice.to_email == email)
    body = db.session.scalars(letters).one()
    db.session.rollback()
    (link,) = [line.strip() for line in body.splitlines() if "/orders/" in line]
    page.goto(link)
    expect(page.locator("main")).to_contain_text(price)
    page.check("[name=agreed]")
    press(page, "支払いへ進む")
    page.wait_for_url("**/c/pay/**")
    page.check("input[value=pm_card_visa]")
    page.locator("button[value=card]").click()
    page.wait_for_url("**/orders/**")
    keeping.drain()
    db.session.rollback()


def see_result(page: Page, code: str, *words: str) -> None:
    page.goto(f"/listings/{code}/result")
    for each in words:
        expect(page.locator("main")).to_contain_text(each)


@pytest.mark.on_both
def test_who_applies_is_admitted_bids_wins_and_pays(app: Flask, browser: Browser, live_server: str) -> None:
    _, code, close = an_auction("ascending", auction_rules={"taking_part": {"documents": True}})
    with visiting(browser, live_server, viewport=PHONE) as page:
        signed_in(page, HANAKO)
        page.goto(f"/listings/{code}")
        page.get_by_role("link", name="参加を申し込む").click()
        apply(page)
        with visiting(browser, live_server) as desk:
            signed_in(desk, OFFICE)
            desk.goto("/staff")
            desk.get_by_role("link", name="審査の画面を開く").click()
            press(desk, "承認する")
            expect(desk.locator("main")).to_contain_text("01番")
        bid(page, code, "５，０００円")
        time_passes(close, "auctions.close_due")
        pay_by_the_mailed_link(page, HANAKO, "1,000円")
        see_result(page, code, "01番", "1,000円（千円、税込）", "お支払いずみ")
        assert page.request.get(f"/listings/{code}/result.pdf").body().startswith(b"%PDF-")


def apply(page: Page) -> None:
    """The form with a fault first: what was typed and sent is still there when it comes back."""
    page.fill("[name=name]", "月山 花子")
    page.fill("[name=address]", "山形県西月見郡月見沢町1-1")
    page.fill("[name=phone]", "役場の近く")
    paper = FilePayload(name="license.pdf", mimeType="application/pdf", buffer=b"%PDF-1.7\n%%EOF\n")
    page.set_input_files("[name=enclosures]", paper)
    page.check("[name=adult]")
    page.check("[name=pledged]")
    press(page, "この内容で申し込む")
    expect(page.locator("#phone-error")).to_contain_text("市外局番から")
    expect(page.locator("[name=name]")).to_have_value("月山 花子")
    expect(page.locator("main")).to_contain_text("お預かりした書類 1")
    page.fill("[name=phone]", "０２３７－００－００００")
    press(page, "この内容で申し込む")
    expect(page.locator("main")).to_contain_text("お申し込みを受け付けました（仮申込）")


def test_who_does_not_pay_loses_it_to_the_next_at_their_own_bid(app: Flask, browser: Browser, live_server: str) -> None:
    listing_id, code, close = an_auction("ascending", auction_rules={"second_offer_hours": 48})
    with visiting(browser, live_server, viewport=PHONE) as page:
        signed_in(page, TARO)
        bid(page, code, "9000")
    with visiting(browser, live_server, viewport=PHONE) as page:
        signed_in(page, HANAKO)
        bid(page, code, "5000")
        expect(page.locator("main")).to_contain_text("いまは最高額ではありません")
        time_passes(close, "auctions.close_due")
        see_result(page, code, "01番", "5,250円", "お支払いを待っています")
        pay_by = db.session.scalars(sa.select(Order.pay_by).where(Order.listing_id == listing_id)).one()
        db.session.rollback()
        time_passes(pay_by + timedelta(minutes=1), "orders.expire_unpaid")
        see_result(page, code, "02番（次順位）", "5,000円（五千円、税込）")
        pay_by_the_mailed_link(page, HANAKO, "5,000円")
        see_result(page, code, "02番（次順位）", "お支払いずみ")


def test_who_loses_gets_the_deposit_back_once_the_winner_has_paid(
    app: Flask, browser: Browser, live_server: str
) -> None:
    part = {"verification": "deposit", "deposit_yen": 100}
    _, code, close = an_auction("ascending", auction_rules={"taking_part": part, "second_offer": True})
    with (
        visiting(browser, live_server, viewport=PHONE) as winner,
        visiting(browser, live_server, viewport=PHONE, java_script_enabled=False) as loser,
    ):
        for page, email, typed in ((winner, HANAKO, "9000"), (loser, TARO, "5000")):
            signed_in(page, email)
            applicant = given.an_applicant(of_code(code), given.an_account(email))
            deciding.approve(applicant, given.staff("approver", email=OFFICE))
            keeping.drain()
            db.session.rollback()
            place_deposit(page, code)
            bid(page, code, typed)
        time_passes(close, "auctions.close_due")
        loser.goto(f"/listings/{code}/taking-part")
        expect(loser.locator("#deposits + ul")).to_contain_text("お預かり中")
        pay_by_the_mailed_link(winner, HANAKO, "5,250円")
        keeping.drain()
        loser.reload()
        expect(loser.locator("#deposits + ul")).to_contain_text("枠をお返ししました")
        see_result(loser, code, "01番", "お支払いずみ")


def of_code(code: str) -> int:
    return db.session.scalars(sa.select(Listing.id).where(Listing.code == code)).one()


def place_deposit(page: Page, code: str) -> None:
    page.goto(f"/listings/{code}/taking-part")
    press(page, "保証金の手続きに進む")
    page.wait_for_url("**/c/pay/**")
    page.check("input[value=pm_card_visa]")
    page.locator("button[value=card]").click()
    page.wait_for_url("**/taking-part")
    keeping.drain()
    db.session.rollback()
    page.reload()
    expect(page.locator("#deposits + ul")).to_contain_text("お預かり中（カードの枠）")


@pytest.mark.on_both
def test_sealed_bids_are_opened_before_witnesses_and_a_tie_is_drawn(
    app: Flask, browser: Browser, live_server: str
) -> None:
    _, code, close = an_auction("sealed")
    for email, typed in ((TARO, "9000"), (HANAKO, "９，０００")):
        with visiting(browser, live_server, viewport=PHONE, java_script_enabled=False) as page:
            signed_in(page, email)
            bid(page, code, typed)
    time_passes(close, "auctions.close_due")
    with visiting(browser, live_server) as desk:
        see_result(desk, code, "開札を待っています")
        signed_in(desk, OFFICE)
        desk.goto("/staff")
        desk.get_by_role("link", name="開札の画面を開く").click()
        expect(desk.locator("main")).not_to_contain_text("9,000")
        desk.fill("[name=witnesses]", "最上 一郎")
        desk.fill("[name=second]", "月山 二郎")
        press(desk, "入札を開く")
        expect(desk.locator("h2", has_text="くじ引き")).to_be_visible()
        desk.fill("[name=digits]", "04719 28364 01928 37465")
        press(desk, "この目で決める")
        expect(desk.locator("main")).to_contain_text("9,000円")
        see_result(desk, code, "立会人 最上 一郎、月山 二郎", "さいころの目 04719283640192837465", "9,000円")
