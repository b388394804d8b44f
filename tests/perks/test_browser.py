"""Telephone and tablet in real browsers, with the network and without it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from marketplace.kit.clock import now
from marketplace.kit.db import db, get
from marketplace.listings import drafting
from marketplace.listings.models import Listing
from marketplace.perks import knowing, syncing
from tests import given
from tests.chainlogs import Chain
from tests.holders.test_views import seen
from tests.perks.stage import Desk, Telephone, a_token, bath, counts, entry, first_only, lines
from tests.resale.stage import token
from tests.visiting import signed_in, visiting

pytestmark = pytest.mark.browser


def soon(windows: int) -> datetime:
    """A later half minute, which a telephone whose clock is ahead shows already."""
    return now() + timedelta(seconds=30 * windows)


PHONE, TABLET = {"width": 390, "height": 844}, {"width": 1280, "height": 900}


@pytest.fixture(autouse=True)
def noon() -> None:
    """The browsers' clocks are real, and so is the town's here."""


def open_counter(page: Page, desk: Desk) -> None:
    page.goto("/counter/")
    page.select_option("#partner", desk.code)
    page.fill("#pin", desk.pin)
    page.get_by_role("button", name="窓口をひらく").click()
    page.wait_for_selector("[data-counter][data-ready]", state="attached")


def read_code(page: Page, code: str) -> None:
    """As a reader that types what it sees."""
    page.fill("#number", code)
    page.get_by_role("button", name="確かめて使う").click()


def shown_code(page: Page) -> str:
    page.wait_for_selector("[data-pass][data-ready]")
    return page.get_attribute("[data-pass]", "data-ready") or ""


def test_a_telephone_shows_passes_without_network_after_the_first_opening(
    browser: Browser, live_server: str, chain: Chain, desk: Desk, hana: int
) -> None:
    token_id = a_token(chain, hana, bath(desk))
    with visiting(browser, live_server, viewport=PHONE) as page:
        signed_in(page, hana)
        page.goto(f"/passes/{token_id}")
        assert knowing.by_pass(shown_code(page)).token_id == token_id
        page.wait_for_selector("[data-pass][data-kept]")
        expect(page.locator("[data-state]")).to_contain_text("電波がなくても")
        page.context.set_offline(True)
        page.goto("/passes/")  # where the telephone's own button leads
        page.locator(f"a[href='/passes/{token_id}']").click()
        code = shown_code(page)
        digits = page.locator("[data-digits]").inner_text()
        db.session.rollback()
        assert knowing.by_pass(code).token_id == token_id
        number = f"{token(token_id).right_id}-{token(token_id).serial}"
        assert knowing.by_number(number, digits, desk.tablet().id).token_id == token_id
        expect(page.locator("canvas")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_without_network_a_page_that_was_never_opened_says_so_in_three_languages(
    browser: Browser, live_server: str, chain: Chain, desk: Desk, hana: int
) -> None:
    one, other = (a_token(chain, hana, bath(desk)) for _ in range(2))
    with visiting(browser, live_server, viewport=PHONE) as page:
        signed_in(page, hana)
        page.goto(f"/passes/{one}")
        page.wait_for_selector("[data-pass][data-kept]")
        page.context.set_offline(True)
        page.goto(f"/passes/{other}")
        expect(page.locator("h1")).to_have_text("電波がありません")
        expect(page.get_by_text("You are offline.")).to_be_visible()
        assert page.evaluate("getComputedStyle(document.querySelector('.button')).minHeight") == "48px", "dressed too"
        page.get_by_role("link", name="Perk pass").click()
        expect(page.locator(f"a[href='/passes/{one}']")).to_be_visible()


def test_a_counter_goes_on_without_network_and_sends_later(
    app: Flask, browser: Browser, live_server: str, chain: Chain, desk: Desk, hana: int
) -> None:
    token_id = a_token(chain, hana, bath(desk, limit=2))
    phone = Telephone(token_id, hana)
    with visiting(browser, live_server, viewport=TABLET) as page:
        open_counter(page, desk)
        read_code(page, phone.shows())
        headline = page.locator("[data-headline]")
        expect(headline).to_have_text("OK 本日1回目")
        page.context.set_offline(True)
        page.reload()
        page.wait_for_selector("[data-counter][data-ready]", state="attached")
        read_code(page, phone.shows(soon(1)))
        expect(headline).to_have_text("OK 本日2回目")
        expect(page.locator("[data-left]")).to_have_text("本日のこり 0回。電波が戻ったら、町に送ります")
        expect(page.locator("[data-offline]")).to_have_text("圏外 1件保管中")
        read_code(page, phone.shows(soon(1)))
        expect(page.locator("[data-name]")).to_contain_text("さきほど読み取った画面です")
        read_code(page, phone.shows(soon(2)))
        expect(page.locator("[data-name]")).to_have_text("本日すでに利用されています。")
        read_code(page, f"{token(token_id).right_id}-1")
        expect(page.locator("[data-name]")).to_contain_text("もぎり券")
        page.context.set_offline(False)
        page.wait_for_selector("[data-counter][data-waiting='0']", state="attached")
    assert [used for _, used, _ in counts(token_id)] == [2]
    assert [str(line.channel) for line in lines()] == ["scan", "offline"]


def test_a_number_that_was_refused_stays_to_be_mended(
    app: Flask, browser: Browser, live_server: str, chain: Chain, desk: Desk, hana: int
) -> None:
    token_id = a_token(chain, hana, bath(desk))
    number, phone = f"{token(token_id).right_id}-1", Telephone(token_id, hana)
    with visiting(browser, live_server, viewport=TABLET) as page:
        open_counter(page, desk)
        page.fill("#code", "１２３")
        read_code(page, number)
        expect(page.locator("[data-name]")).to_contain_text("番号か暗証が合いません")
        expect(page.locator("#number")).to_have_value(number)
        expect(page.locator("#code")).to_have_value("１２３")
        page.fill("#code", phone.digits())
        page.get_by_role("button", name="確かめて使う").click()
        expect(page.locator("[data-headline]")).to_have_text("OK 本日1回目")
        expect(page.locator("#number")).to_have_value("")
        expect(page.locator("#code")).to_have_value("")


def test_a_use_without_network_is_taken_back_without_network(
    app: Flask, browser: Browser, live_server: str, chain: Chain, desk: Desk, hana: int
) -> None:
    token_id = a_token(chain, hana, bath(desk))
    phone = Telephone(token_id, hana)
    with visiting(browser, live_server, viewport=TABLET) as page:
        open_counter(page, desk)
        page.context.set_offline(True)
        read_code(page, phone.shows())
        expect(page.locator("[data-headline]")).to_have_text("OK 本日1回目")
        page.get_by_role("button", name="まちがえたので取り消す（5分以内）").press("Enter")
        expect(page.locator("[data-headline]")).to_have_text("取り消しました")
        expect(page.locator("[data-verdict]")).to_be_focused()  # the button is gone
        expect(page.locator("[data-offline]")).to_have_text("圏外 2件保管中")
        page.context.set_offline(False)
        page.wait_for_selector("[data-counter][data-waiting='0']", state="attached")
    assert [used for _, used, _ in counts(token_id)] == [0]
    assert [str(line.act) for line in lines()] == ["use", "undo"]


def test_a_pass_that_is_printed_says_that_it_is_of_no_use_on_paper_and_how_to_have_one_that_is(
    browser: Browser, live_server: str, chain: Chain, desk: Desk, hana: int
) -> None:
    """Its code is over after two minutes; beside it stood that it can be used for a week."""
    token_id = a_token(chain, hana, bath(desk))
    with visiting(browser, live_server, viewport=PHONE) as page:
        signed_in(page, hana)
        page.goto(f"/passes/{token_id}")
        shown_code(page)
        of_no_use = page.get_by_text("この紙では使えません")
        parts = [page.locator(part) for part in (".mypass canvas", "[data-digits]", "[data-state]")]
        assert ([part.is_visible() for part in parts], of_no_use.is_visible()) == ([True, True, True], False)
        page.emulate_media(media="print")
        assert ([part.is_visible() for part in parts], of_no_use.is_visible()) == ([False, False, False], True)


def test_a_paper_that_is_kept_as_a_file_leaves_its_button_as_it_was_with_the_focus(
    browser: Browser, live_server: str, chain: Chain, desk: Desk, hana: int
) -> None:
    """Many a telephone keeps a PDF, and the page stays."""
    token_id = a_token(chain, hana, bath(desk))
    with visiting(browser, live_server, viewport=PHONE) as page:
        signed_in(page, hana)
        page.goto(f"/passes/{token_id}")
        button = page.locator("form[action$='card.pdf'] button")
        words = button.inner_text()
        with page.expect_download():
            button.press("Enter")
        expect(button).to_have_text("送信中…")
        expect(button).to_be_focused()
        expect(button).to_have_text(words, timeout=20_000)
        with page.expect_download():
            button.press("Enter")


def test_a_new_code_is_not_told_of_again_and_again(
    browser: Browser, live_server: str, chain: Chain, desk: Desk, hana: int
) -> None:
    """A screen reader says a live region whenever it is written, with the same words, too."""
    token_id = a_token(chain, hana, bath(desk))
    with visiting(browser, live_server, viewport=PHONE) as page:
        page.add_init_script("const at = Date.now; window.later = 0; Date.now = () => at.call(Date) + window.later")
        signed_in(page, hana)
        page.goto(f"/passes/{token_id}")
        code = shown_code(page)
        page.evaluate("""() => {
            window.told = 0;
            const box = document.querySelector("[data-state]");
            new MutationObserver(() => { window.told += 1; }).observe(box, { childList: true });
            window.later = 30_000;
        }""")
        page.wait_for_function("code => document.querySelector('[data-pass]').dataset.ready !== code", arg=code)
        assert page.evaluate("window.told") == 0


def test_every_page_fits_a_small_telephone_with_large_letters_and_has_no_fault_that_axe_can_find(
    page: Page, chain: Chain, desk: Desk, hana: int
) -> None:
    token_id = a_token(chain, hana, bath(desk), first_only(desk))
    draft, both = given.a_listing(state="draft"), given.staff("drafter", "approver")
    drafting.plan_perks(draft, both, [bath(desk)])
    phone = Telephone(token_id, hana)
    syncing.sync(desk.tablet(), [entry(phone.shows(now() - timedelta(minutes=n))) for n in (20, 10)])
    plans = f"/staff/listings/{get(Listing, draft).code}/perks"
    found = {}
    page.context.add_cookies([{"name": "size", "value": "xl", "url": "http://127.0.0.1"}])
    page.set_viewport_size({"width": 320, "height": 800})
    page.goto("/counter/")
    found["door"] = seen(page)
    open_counter(page, desk)
    found["counter"] = seen(page)
    read_code(page, phone.shows(now() + timedelta(seconds=60)))
    expect(page.locator("[data-headline]")).to_have_text(re.compile("OK|使えません|どの特典"))
    found["verdict"] = seen(page)
    page.goto("/counter/slip")
    found["slip"] = seen(page)
    signed_in(page, both)
    for path in (plans, f"{plans}/new", f"{plans}/p1", "/staff/partners", f"/staff/partners/{desk.code}"):
        page.goto(path)
        found[path] = seen(page)
    signed_in(page, hana)
    for path in ("/passes/", f"/passes/{token_id}", "/mypage", token(token_id).path or ""):
        page.goto(path)
        found[path] = seen(page)
    assert found == dict.fromkeys(found, (320, []))
