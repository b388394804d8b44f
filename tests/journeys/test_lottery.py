"""A lottery by hand in a browser: thirty apply, dice are thrown before witnesses, a loser checks the result, a winner
lets the deadline pass, and the runner-up pays and gets token and mail. Only the days between are pretended."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from marketplace.accounts.models import Account
from marketplace.kit.clock import pretending
from marketplace.kit.db import db
from marketplace.kit.sheets import SHEETS, run_one
from marketplace.lotteries.closing import of_listing
from marketplace.lotteries.entering import enter
from marketplace.lotteries.models import Entry
from marketplace.notices.models import Notice
from marketplace.orders.models import Order
from tests import given
from tests.journeys.inside import signed_in
from tests.journeys.strips import frame, strip
from tests.journeys.test_auction import pay_by_the_mailed_link
from tests.journeys.test_by_hand import PHONE, press
from tests.visiting import visiting

pytestmark = [pytest.mark.browser, pytest.mark.node, pytest.mark.on_both]

OFFICE, WITNESS_OF_IT = "approver@town.example.jp", "drafter@town.example.jp"
DICE = "04719 28364 01928 37465"


def test_thirty_apply_and_the_runner_up_gets_what_the_winner_left(
    app: Flask, browser: Browser, live_server: str, settle: Callable[[], None]
) -> None:
    settle()
    given.staff("approver", email=OFFICE)
    given.staff("drafter", email=WITNESS_OF_IT)
    lottery = of_listing(given.a_listing("lottery", quantity=1))
    assert lottery is not None
    code, lottery_id, closes_at, draw_at = lottery.code, lottery.id, lottery.closes_at, lottery.draw_at
    people = [given.an_account(f"applicant-{n}@example.jp") for n in range(29)]
    for person in people:
        enter(lottery_id, person)
    db.session.rollback()

    def time_passes(until: datetime, sheet: str) -> None:
        with pretending(until):
            run_one(SHEETS[sheet])
            settle()
        db.session.rollback()

    with strip("lottery"), visiting(browser, live_server, viewport=PHONE) as page:
        signed_in(page, "applicant-29@example.jp")
        page.goto(f"/listings/{code}/enter")
        frame(page, "To apply costs nothing; who is drawn pays afterwards.")
        page.check("[name=agreed]")
        press(page, "申し込む")
        expect(page.locator("h1")).to_have_text("お申し込みを受け付けました")
        frame(page, "A receipt with a number: with it the draw can be checked.")
    time_passes(closes_at, "listings.close_due")

    with pretending(draw_at):
        with visiting(browser, live_server) as page:
            signed_in(page, OFFICE)
            draw_by_dice(page, code)
        settle()
        with visiting(browser, live_server) as page:
            signed_in(page, WITNESS_OF_IT)
            page.goto(f"/staff/lotteries/{code}")
            page.check("[name=compared]")
            press(page, "確かめました")
            expect(page.locator("main")).to_contain_text("が確かめました。")
    db.session.rollback()
    winner, runner_up, *_others, last = ranked(lottery_id)

    with strip("lottery"), visiting(browser, live_server, viewport=PHONE) as page:
        signed_in(page, last)
        page.goto(f"/listings/{code}/draw")
        frame(page, "The draw: the list sealed at the close, the dice thrown before witnesses, the numbers drawn.")
        page.goto(f"/listings/{code}/entry")
        expect(page.locator("main")).to_contain_text("補欠 29番です。")
        frame(page, "Not drawn: the place on the waiting list.")
        press(page, "このブラウザで確かめる")
        expect(page.locator("[data-draw] [role=status]")).to_contain_text("正しい抽選でした。")
        page.locator("[data-draw] [role=status]").scroll_into_view_if_needed()
        frame(page, "The reader's own browser computes the draw again, and trusts no answer of the town.")

    deadline = db.session.scalars(sa.select(Order.pay_by)).one()
    time_passes(deadline + timedelta(seconds=10), "orders.expire_unpaid")
    with visiting(browser, live_server, viewport=PHONE) as page:
        signed_in(page, winner)
        page.goto(f"/listings/{code}/entry")
        expect(page.locator("main")).to_contain_text("当選は次の方に移りました。")
    with visiting(browser, live_server, viewport=PHONE) as page:
        signed_in(page, runner_up)
        pay_by_the_mailed_link(page, runner_up, "3,000円")
        settle()
        page.reload()
        expect(page.get_by_text("お手元に届きました。")).to_be_visible()
        page.goto("/mypage")
        expect(page.locator("main a[href^='/tokens/']").first).to_be_visible()
    assert letters_to(runner_up) == ["entry_received", "entry_waiting", "pay_link", "paid", "issued"]
    with visiting(browser, live_server) as page:
        page.goto(f"/listings/{code}/draw")
        expect(page.locator("main")).to_contain_text("うち繰り上げ 1名")


def draw_by_dice(page: Page, code: str) -> None:
    """Typed with its spaces, read back, then drawn."""
    page.goto(f"/staff/lotteries/{code}")
    page.fill("[name=digits]", DICE)
    page.fill("[name=witnesses]", "月山 一郎")
    page.fill("[name=second]", "最上 花子")
    press(page, "次へ（まだ抽選しません）")
    expect(page.locator(".dice")).to_contain_text(DICE)
    press(page, "この目で抽選する")
    expect(page.locator("main")).to_contain_text("月山 一郎、最上 花子")


def ranked(lottery_id: int) -> list[str]:
    """The addresses of all who applied, in the order of the draw."""
    addresses = sa.select(Account.email).join(Entry, Entry.account_id == Account.id)
    found = list(db.session.scalars(addresses.where(Entry.lottery_id == lottery_id).order_by(Entry.rank)))
    db.session.rollback()
    return found


def letters_to(email: str) -> list[str]:
    """What was mailed about the lottery, oldest first."""
    query = sa.select(Notice.template).where(Notice.to_email == email, Notice.template.not_like("sign%"))
    return list(db.session.scalars(query.order_by(Notice.id)))
