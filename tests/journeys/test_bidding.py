"""Bids in a real browser: by keyboard alone, and without JavaScript; the page moves by itself and disturbs nobody."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from marketplace.auctions.bidding import place_bid
from marketplace.auctions.closing import close
from marketplace.auctions.models import Auction
from marketplace.kit.clock import pretending
from marketplace.kit.db import db, get
from tests import given
from tests.auctions.given import an_auction
from tests.journeys.strips import frame, strip
from tests.visiting import signed_in, visiting

pytestmark = pytest.mark.browser

SLOW = 15_000
"""Milliseconds that a page may take on a busy machine before a test gives up."""


@pytest.fixture
def auction(app: Flask) -> tuple[int, str]:
    """(id, listing's code) of an auction that stands at 1,000 yen."""
    auction = an_auction()
    place_bid(auction.id, given.an_account(), 5000)
    return auction.id, auction.code


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the focus is there, and on something that can be seen."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("(s) => document.activeElement.matches(s)", selector):
            return
    raise AssertionError(f"{selector} was not reached by Tab")


def overtaken(auction_id: int) -> None:
    """Two others bid: the price stands at 9,250 yen."""
    place_bid(auction_id, given.an_account(), 20_000)
    place_bid(auction_id, given.an_account(), 9000)


def test_a_bid_by_keyboard_alone_with_a_refusal_on_the_way(
    browser: Browser, live_server: str, auction: tuple[int, str]
) -> None:
    auction_id, code = auction
    with visiting(browser, live_server) as page:
        signed_in(page, given.an_account())
        page.goto(f"/listings/{code}")
        tab_to(page, "#max_yen")
        page.keyboard.press("Control+A")
        page.keyboard.type("8000")
        tab_to(page, "[data-add]")
        page.keyboard.press("Enter")
        expect(page.locator("#max_yen")).to_have_value("8,100")
        tab_to(page, "#bid form button.button")
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_contain_text("八千百円", timeout=SLOW)
        overtaken(auction_id)
        tab_to(page, "[name=agreed]")
        page.keyboard.press("Space")
        tab_to(page, "#look button")
        page.keyboard.press("Enter")
        expect(page.locator("#max_yen-error")).to_contain_text("9,500円以上の金額を入力してください。", timeout=SLOW)
        expect(page.locator("#max_yen")).to_be_focused()
        expect(page.locator("#max_yen")).to_have_value("8100")
        page.keyboard.press("Control+A")
        page.keyboard.type("３０，０００")
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_contain_text("三万円", timeout=SLOW)
        tab_to(page, "[name=agreed]")
        page.keyboard.press("Space")
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/listings/{code}/bid/*", timeout=SLOW)
        expect(page.locator("main")).to_contain_text("いまはあなたが最高額です。")


def test_a_bid_without_javascript(browser: Browser, live_server: str, auction: tuple[int, str]) -> None:
    auction_id, code = auction
    phone = {"width": 390, "height": 844}
    with strip("bid"), visiting(browser, live_server, java_script_enabled=False, viewport=phone) as page:
        signed_in(page, given.an_account())
        page.goto(f"/listings/{code}")
        page.fill("#max_yen", "８，１００円")
        page.locator("#bid").scroll_into_view_if_needed()
        frame(page, "The auction: its price, its end by the town's clock, and the most that one would pay.")
        page.get_by_role("button", name="確認画面へすすむ").click()
        expect(page.locator("main")).to_contain_text("八千百円")
        frame(page, "The sum once more, in figures and in words. A bid can't be taken back.")
        overtaken(auction_id)
        page.check("[name=agreed]")
        page.get_by_role("button", name="この金額で入札する").click()
        expect(page.locator("#max_yen-error")).to_contain_text("9,500円以上の金額を入力してください。")
        expect(page.locator("#max_yen")).to_have_value("8100")
        page.locator("#max_yen-error").scroll_into_view_if_needed()
        frame(page, "Others were quicker: the least that counts now stands beside the field.")
        page.fill("#max_yen", "30000")
        page.get_by_role("button", name="確認画面へすすむ").click()
        page.check("[name=agreed]")
        page.get_by_role("button", name="この金額で入札する").click()
        expect(page.locator("main")).to_contain_text("いまはあなたが最高額です。")
        frame(page, "Accepted. The maximum stays secret until the end.")
        page.goto(f"/listings/{code}")
        expect(page.locator("#standing")).to_contain_text("20,500")
        expect(page.locator("main")).to_contain_text("役場の時計")
        frame(page, "Everybody sees the price and the numbers of the bidders.")


def test_the_page_moves_by_itself_and_leaves_the_field_alone(
    browser: Browser, live_server: str, auction: tuple[int, str]
) -> None:
    auction_id, code = auction
    with visiting(browser, live_server) as page:
        signed_in(page, given.an_account())
        page.goto(f"/listings/{code}")
        page.evaluate("window.sameDocument = true")
        page.fill("#max_yen", "７，７７７")
        expect(page.locator("[data-say]")).to_have_text("")
        overtaken(auction_id)
        expect(page.locator("#standing .price")).to_contain_text("9,250", timeout=SLOW)
        expect(page.locator("#record")).to_contain_text("9,250")
        expect(page.locator("#bid [data-minimum]")).to_have_text("9,500")
        expect(page.locator("[data-add]").first).to_have_text("+250円")
        expect(page.locator("[data-say]")).to_have_text("現在の価格 9,250円、最高額は02番。", timeout=SLOW)
        expect(page.locator("#max_yen")).to_have_value("７，７７７")
        expect(page.locator("#max_yen")).to_be_focused()
        assert page.evaluate("window.sameDocument")


def bidding(auction_id: int, yen: int) -> tuple[int, str]:
    """Somebody who bids, and the page of their bid."""
    person = given.an_account()
    bid_id = place_bid(auction_id, person, yen).bid_id
    return person, f"/listings/{get(Auction, auction_id).code}/bid/{bid_id}"


def over(auction_id: int) -> None:
    with pretending(get(Auction, auction_id).closes_at):
        assert close(auction_id)
    db.session.rollback()


def test_pages_that_are_open_at_the_close_say_what_it_means_to_who_bid(
    browser: Browser, live_server: str, auction: tuple[int, str]
) -> None:
    auction_id, code = auction
    loser, lost = bidding(auction_id, 8_000)
    winner, won = bidding(auction_id, 20_000)
    ends = [
        (loser, lost, "あなた（02番）は、落札できませんでした。お支払いいただくものはありません。"),
        (winner, won, "おめでとうございます。あなた（03番）が落札しました。8,250円を、"),
    ]
    with ExitStack() as tabs:
        opened = []
        for person, own_bid, words in ends:
            for path in (own_bid, f"/listings/{code}", f"/listings/{code}/bid"):
                page = tabs.enter_context(visiting(browser, live_server))
                signed_in(page, person)
                page.goto(path)
                page.evaluate("window.sameDocument = true")
                expect(page.locator("#own")).to_have_text("")
                opened.append((page, words))
        stranger = tabs.enter_context(visiting(browser, live_server))
        stranger.goto(f"/listings/{code}")
        over(auction_id)
        for page, words in opened:
            expect(page.locator("#own")).to_contain_text(words, timeout=SLOW)
            expect(page.get_by_text("最高額です")).to_be_hidden()
            expect(page.get_by_role("button", name="確認画面へすすむ")).to_be_hidden()
            expect(page.get_by_text("受付中", exact=True)).to_be_hidden()
            assert page.evaluate("window.sameDocument")
        expect(opened[-1][0].get_by_role("link", name="お支払いに進む")).to_be_visible()
        expect(stranger.locator("#standing")).to_contain_text("03番の方が 8,250円 で落札しました。", timeout=SLOW)
        expect(stranger.locator("#own")).to_have_count(0)


def test_who_is_beaten_reads_it_on_the_page_of_the_own_bid(
    browser: Browser, live_server: str, auction: tuple[int, str]
) -> None:
    auction_id, _code = auction
    person, own_bid = bidding(auction_id, 8_000)
    with visiting(browser, live_server) as page:
        signed_in(page, person)
        page.goto(own_bid)
        expect(page.locator("main")).to_contain_text("いまはあなたが最高額です。")
        expect(page.locator("#standing .price")).to_contain_text("5,250")
        overtaken(auction_id)
        expect(page.get_by_text("いまは最高額ではありません。")).to_be_visible(timeout=SLOW)
        expect(page.get_by_text("いまはあなたが最高額です。")).to_be_hidden()


def test_the_end_is_a_link_away_without_javascript(
    browser: Browser, live_server: str, auction: tuple[int, str]
) -> None:
    auction_id, _code = auction
    person, own_bid = bidding(auction_id, 8_000)
    with visiting(browser, live_server, java_script_enabled=False) as page:
        signed_in(page, person)
        page.goto(own_bid)
        over(auction_id)
        page.get_by_role("link", name="画面を読みこみ直して").click()
        expect(page.locator("#own")).to_contain_text("おめでとうございます。あなた（02番）が落札しました。")


def test_an_answer_that_never_comes_is_told_and_asked_for_again(
    browser: Browser, live_server: str, auction: tuple[int, str]
) -> None:
    auction_id, code = auction
    with visiting(browser, live_server) as page:
        page.clock.install()
        page.goto(f"/listings/{code}")
        page.route(f"**/auctions/{code}/state*", lambda route: None)  # and no answer
        lost = page.get_by_text("通信がとぎれています。表示が古いかもしれません。")
        for _ in range(3):
            expect(lost).to_be_hidden()
            page.clock.run_for(11_000)
        expect(lost).to_be_visible(timeout=SLOW)
        page.unroute(f"**/auctions/{code}/state*")
        overtaken(auction_id)
        page.clock.run_for(11_000)
        expect(page.locator("#standing .price")).to_contain_text("9,250", timeout=SLOW)
        expect(lost).to_be_hidden()
