"""Holders by hand in a browser: a gift to a newcomer, a sale out of custody, and one out of a wallet of one's own."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import Browser, expect

from marketplace.chain.contract import YEN
from marketplace.chain.sending import promise
from marketplace.kit.db import db, get, transaction
from marketplace.listings.models import Listing
from marketplace.resale import offering
from marketplace.resale.models import Trade
from marketplace.settings import Settings
from marketplace.tokens.issuing import promise_token
from tests import given
from tests.holders.stage import mailed_link
from tests.injected import Injected
from tests.journeys.inside import signed_in
from tests.journeys.test_by_hand import SLOW, press, until
from tests.local_chain import LocalChain
from tests.resale.stage import token
from tests.visiting import visiting
from tests.wallets import OwnWallet

pytestmark = [pytest.mark.browser, pytest.mark.node]

PHONE = {"viewport": {"width": 390, "height": 844}}
HANA, BUYER = OwnWallet("hana"), OwnWallet("buyer")


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """A town in which nobody waits before a right leaves for a wallet."""
    return settings.model_copy(update={"withdrawal_cooling_hours": 0})


@pytest.fixture
def path(app: Flask, settle: Callable[[], None]) -> str:
    """The page of a right that Hana holds and the town keeps."""
    settle()
    account_id = given.an_account("hana@example.jp")
    listing = get(Listing, given.a_listing(price_yen=1_000))
    with transaction():
        token_id = promise_token(listing.right_id, 1, listing.code, "ORD-1", account_id, listing.quantity)
    settle()
    found = token(token_id)
    where = found.path
    assert found.holder_id == account_id
    assert where is not None
    db.session.rollback()
    return where


def with_yen(wallet: OwnWallet, amount: int) -> None:
    """The town mints test yen for the wallet; the worker sends it."""
    with transaction():
        promise(f"yen:{wallet.name}", "town", YEN, "mint", [wallet.address, amount])


def test_a_gift_is_accepted_by_a_newcomer(browser: Browser, live_server: str, path: str, worker: None) -> None:
    with visiting(browser, live_server, **PHONE) as page:
        signed_in(page, "hana@example.jp")
        page.goto(path)
        page.get_by_role("link", name="ほかの方に贈る").click()
        page.fill("[name=email]", "ｔａｒｏ＠example.jp")
        press(page, "次へ（まだ贈りません）")
        expect(page.locator("main")).to_contain_text("taro@example.jp")
        press(page, "贈る")
        expect(page.locator("main")).to_contain_text("お返事を待っています")
    with visiting(browser, live_server, **PHONE) as page:
        page.goto(mailed_link("taro@example.jp"))
        db.session.rollback()
        press(page, "受け取る")
        expect(page.locator("main")).to_contain_text("「受け取る」とお返事しました。")
        until(page, "/mypage", lambda: page.locator(f"a[href='{path}']").count() > 0)
        page.goto(path)
        expect(page.locator("main")).to_contain_text("あなたです")
        expect(page.locator(".timeline")).to_contain_text("ゆずりわたし")


def test_what_the_town_keeps_is_sold_to_a_wallet_on_its_page(
    browser: Browser, live_server: str, chain: LocalChain, path: str, worker: None
) -> None:
    with_yen(BUYER, 5_000)
    with visiting(browser, live_server, **PHONE) as page:
        signed_in(page, "hana@example.jp")
        page.goto(f"{path}/offer")
        page.fill("[name=price_yen]", "４，０００円")
        press(page, "次へ（まだ売りに出ません）")
        for words in ("4,000円", "200円", "3,800円"):
            expect(page.locator("main")).to_contain_text(words)
        press(page, "売りに出す")
    with visiting(browser, live_server, **PHONE) as page:
        wallet = Injected(BUYER, chain, refusing=True, chain_id=1)
        wallet.into(page)
        button = page.get_by_role("button", name="ウォレットで買う")
        until(page, path, lambda: button.count() > 0)
        button.click()
        expect(page.get_by_text("取りやめました。何も起きていません。")).to_be_visible(timeout=SLOW)
        wallet.refusing = False
        button.click()
        expect(button).to_have_count(0, timeout=SLOW)  # the page reads itself again
        expect(page.locator("main")).to_contain_text(f"持ち主 {BUYER.address[-4:].lower()}")
        expect(page.locator(".timeline")).to_contain_text("売買（4,000円）")
    assert "wallet_switchEthereumChain" in wallet.asked
    with visiting(browser, live_server, **PHONE) as page:
        signed_in(page, "hana@example.jp")
        page.goto("/mypage/proceeds")
        expect(page.locator("main")).to_contain_text("3,800円")


def test_a_right_leaves_for_a_wallet_is_sold_from_there_and_followed(
    browser: Browser, live_server: str, chain: LocalChain, path: str, worker: None
) -> None:
    with_yen(BUYER, 5_000)
    with visiting(browser, live_server, **PHONE) as page:
        Injected(HANA, chain).into(page)
        signed_in(page, "hana@example.jp")
        page.goto(path)
        page.get_by_role("link", name="ご自分のウォレットへ移す").click()
        page.get_by_role("link", name="ウォレットを確かめる").click()
        page.get_by_role("button", name="このブラウザーのウォレットから住所を入れる").click()
        page.get_by_role("button", name="ウォレットで署名する").click()
        expect(page.locator("main")).to_contain_text("あなたのウォレットであることを確かめました。", timeout=SLOW)
        press(page, "次へ（まだ移りません）")
        page.check("[name=read]")
        press(page, "移すことを申し込む")
        sell = page.get_by_role("button", name="ウォレットで売りに出す")
        until(page, path, lambda: sell.count() > 0)
        expect(page.locator("main")).to_contain_text("あなたのウォレットです。")
        page.fill("#own-price", "３，０００円")
        sell.click()
        expect(page.locator("#offered")).to_be_visible(timeout=SLOW)
    with visiting(browser, live_server, **PHONE) as page:
        Injected(BUYER, chain).into(page)
        page.goto(path)
        page.get_by_role("button", name="ウォレットで買う").click()
        expect(page.locator(".timeline")).to_contain_text("売買（3,000円）", timeout=SLOW)
    trade = db.session.scalars(sa.select(Trade)).one()
    assert (trade.seller, trade.buyer, trade.price_yen, trade.royalty_yen) == (
        HANA.address,
        BUYER.address,
        3_000,
        150,
    )


def test_a_wallet_without_the_price_is_told_calmly(
    app: Flask, browser: Browser, live_server: str, chain: LocalChain, path: str, worker: None
) -> None:
    holder = given.an_account("hana@example.jp")
    offering.offer(int(path.rpartition("/")[2]), holder, 4_000)
    with visiting(browser, live_server, **PHONE) as page:
        Injected(OwnWallet("poor"), chain).into(page)
        button = page.get_by_role("button", name="ウォレットで買う")
        until(page, path, lambda: button.count() > 0)
        button.click()
        expect(page.get_by_text("このウォレットには、代金に足りる円トークンがありません。")).to_be_visible(timeout=SLOW)
        expect(button).to_be_enabled()


def test_what_is_sent_is_waited_for_though_a_node_or_the_town_is_silent_for_a_moment(
    app: Flask, browser: Browser, live_server: str, chain: LocalChain, path: str, worker: None
) -> None:
    """Told to try again, somebody would."""
    offering.offer(int(path.rpartition("/")[2]), given.an_account("hana@example.jp"), 4_000)
    with_yen(BUYER, 5_000)
    with visiting(browser, live_server, **PHONE) as page:
        wallet = Injected(BUYER, chain, silences=2)
        wallet.into(page)
        button = page.get_by_role("button", name="ウォレットで買う")
        until(page, path, lambda: button.count() > 0)
        page.route("**/api/v1/tokens/**", lambda route: route.abort(), times=2)
        button.click()
        expect(page.locator(".timeline")).to_contain_text("売買（4,000円）", timeout=SLOW)
    assert (wallet.silences, wallet.asked.count("eth_sendTransaction")) == (0, 2)
