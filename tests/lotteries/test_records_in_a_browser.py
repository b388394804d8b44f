"""The page of a draw in a browser: it checks by itself what it shows."""

from __future__ import annotations

from hashlib import sha256

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from marketplace.kit.db import db
from marketplace.lotteries.closing import draws
from marketplace.lotteries.drawing import draw_with_dice
from marketplace.outbox import keeping
from tests import ears, given
from tests.lotteries.applied import DICE, WITNESSES, after_the_close, drawn, ranked, with_entries
from tests.visiting import visiting


@pytest.fixture(autouse=True)
def _app(app: Flask) -> None:
    """Every test here has a town."""
    app.config["WTF_CSRF_ENABLED"] = False


@pytest.mark.browser
class TestBrowser:
    def test_it_checks_inclusion_seed_and_ticket_by_itself(self, page: Page) -> None:
        lottery, _received, _accounts = drawn(7, quantity=3)
        found = ranked()
        db.session.rollback()
        said = []
        for own in found[1:5]:
            page.goto(f"/listings/{lottery.code}/draw?no={own.no}")
            page.get_by_role("button", name="このブラウザで確かめる").click()
            expect(page.locator("[data-draw] [role=status]")).to_contain_text("正しい抽選でした。")
            assert page.locator("[data-draw] ol li").count() == 3
            assert str(own.ticket) in page.locator("[data-draw] ol").inner_text()
            said.append(page.locator("[data-draw] [role=status]").inner_text().rpartition("、")[2])
        assert said == ["当選です。"] * 2 + ["補欠または落選です。"] * 2

    def test_pressed_twice_it_checks_once(self, page: Page) -> None:
        lottery, _received, _accounts = drawn(4)
        no = ranked()[0].no
        db.session.rollback()
        page.goto(f"/listings/{lottery.code}/draw?no={no}")
        page.get_by_role("button", name="このブラウザで確かめる").evaluate("it => { it.click(); it.click() }")
        expect(page.locator("[data-draw] [role=status]")).to_contain_text("正しい抽選でした。")
        page.wait_for_load_state("networkidle")
        assert page.locator("[data-draw] ol li").count() == 3

    def test_what_was_found_of_a_receipt_has_the_focus(self, page: Page) -> None:
        lottery, received, _accounts = drawn(2)
        db.session.rollback()
        page.goto(f"/listings/{lottery.code}/draw")
        page.locator("#no").fill(received[0].no)
        page.locator("#no").press("Enter")
        expect(page.locator("#find [role=status]").first).to_be_focused()

    def test_a_page_that_lies_is_found_out(self, page: Page) -> None:
        lottery, _received, _accounts = drawn(5)
        no, code = ranked()[2].no, lottery.code
        db.session.rollback()
        lies = {
            "root": "00" * 32,
            "seed": "00" * 32,
            "ticket": sha256(b"").hexdigest(),
        }
        for field, value in lies.items():
            page.goto(f"/listings/{code}/draw?no={no}")
            told = "(box, [field, value]) => { box.dataset[field] = value }"
            page.locator("[data-draw]").evaluate(told, [field, value])
            page.get_by_role("button", name="このブラウザで確かめる").click()
            expect(page.locator("[data-draw] [role=status]")).to_contain_text("合わないところがあります。")

    def test_who_listens_hears_once_that_it_was_drawn_and_stays_where_they_are(self, page: Page) -> None:
        lottery, _received, _accounts = with_entries(3)
        db.session.rollback()
        with after_the_close(lottery):
            db.session.rollback()
            page.goto(f"/listings/{lottery.code}/draw")
            expect(page.get_by_role("heading", name="いま抽選しています")).to_be_visible()
            ears.listen(page)
            ears.asked_again(page, times=2)
            draw_with_dice(lottery.id, DICE, WITNESSES, given.staff("approver"))
            keeping.drain()
            db.session.rollback()
            expect(page.get_by_role("button", name="抽選のようすを見る")).to_be_visible(timeout=30_000)
        assert ears.heard(page) == ["抽選がすみました"]

    def test_the_replay_waits_for_those_who_want_less_motion(self, page: Page) -> None:
        lottery, _received, _accounts = drawn(4)
        db.session.rollback()
        page.goto(f"/listings/{lottery.code}/draw")
        stages = page.locator("[data-stage]:visible")
        expect(stages).to_have_count(3)
        start, forward = (page.get_by_role("button", name=name) for name in ("抽選のようすを見る", "次へ"))
        start.press("Enter")
        expect(forward).to_be_focused()
        seen = [stages.count()]
        for _ in range(2):
            page.keyboard.press("Enter")
            seen.append(stages.count())
        page.keyboard.press("Enter")
        expect(page.locator("[data-replay-said]")).to_have_text("抽選のようすは以上です。")
        expect(start).to_be_focused()
        assert seen == [1, 2, 3]

    def test_the_replay_runs_by_itself_for_the_others(self, browser: Browser, live_server: str) -> None:
        lottery, _received, _accounts = drawn(4)
        db.session.rollback()
        with visiting(browser, live_server, reduced_motion="no-preference") as page:
            page.goto(f"/listings/{lottery.code}/draw")
            page.get_by_role("button", name="抽選のようすを見る").click()
            expect(page.locator(".roll li:visible")).to_have_count(0)
            page.get_by_role("button", name="すべて見る").click()
            expect(page.locator(".roll li:visible")).to_have_count(2)

    def test_without_javascript_everything_stands_there(self, browser: Browser, live_server: str) -> None:
        lottery, received, _accounts = drawn(4)
        assert len(draws(lottery.id)) == 1
        db.session.rollback()
        with visiting(browser, live_server, java_script_enabled=False) as page:
            page.goto(f"/listings/{lottery.code}/draw")
            expect(page.locator(".die:visible")).to_have_count(20)
            expect(page.get_by_role("button", name="抽選のようすを見る")).to_have_count(0)
            page.fill("[name=no]", received[0].no)
            page.fill("[name=secret]", received[0].secret)
            page.get_by_role("button", name="確かめる", exact=True).click()
            expect(page.locator("main")).to_contain_text("本物の受付票です。")
