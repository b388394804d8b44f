"""The pages of applying and of the reception in a real browser, at their narrowest and largest."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page

from marketplace.kit.db import get
from marketplace.listings.models import Listing
from marketplace.lotteries.duplicates import void
from marketplace.lotteries.entering import enter, take_down
from marketplace.outbox import keeping
from tests import axe, given
from tests.lotteries.applied import a_lottery, asking, drawn, somebody
from tests.visiting import signed_in, visiting

pytestmark = pytest.mark.browser


def seen(page: Page) -> tuple[int, list[str]]:
    """How wide the page is, and what axe finds."""
    return page.evaluate("document.documentElement.scrollWidth"), axe.faults(page)


def test_every_page_is_readable_on_a_narrow_screen(browser: Browser, live_server: str) -> None:
    lottery = a_lottery(per_person_limit=3, **asking(address=True, retain_days=30))
    code, clerk, hanako, taro = lottery.code, given.staff("drafter"), given.an_account(), given.an_account()
    own = enter(lottery.id, hanako, somebody())
    called = take_down(lottery.id, clerk, somebody("さとう ふみ", phone="0237-00-1234"))
    void(called.entry_id, clerk, "二重の電話")
    keeping.drain()
    draft = get(Listing, given.a_listing("lottery", state="draft")).code
    buyers = [
        f"/listings/{code}/entry",
        f"/listings/{code}/enter/family",
        f"/entries/{own.no}/change",
        f"/receipts/{own.no}",
    ]
    desk = [f"/staff/lotteries/{code}/{page}" for page in ("entries", "entries/new", "letters")]
    desk += [f"/staff/entries/{called.no}", f"/staff/listings/{draft}/plan?applicants=40&unpaid=10&bad=40"]
    found = []
    with visiting(browser, live_server, viewport={"width": 320, "height": 700}) as page:
        for account, paths in ((hanako, buyers), (taro, [f"/listings/{code}/enter", "/account/phone"]), (clerk, desk)):
            signed_in(page, account)
            for path in paths:
                page.goto(path)
                found.append((path, *seen(page)))
    assert found == [(path, 320, []) for path, _width, _faults in found]
    assert len(found) == 11


def test_the_draw_its_result_its_explanation_and_its_console_are_readable_on_a_narrow_screen(
    browser: Browser, live_server: str
) -> None:
    waiting = a_lottery().code
    done, received, accounts = drawn(5, auction_rules={"waiting": 2})
    clerk = given.staff("drafter")
    public = [f"/listings/{waiting}/draw", f"/listings/{done.code}/draw", "/draws/explained"]
    visits: list[tuple[int | None, str]] = [(None, path) for path in public]
    visits += [(accounts[0], f"/listings/{done.code}/entry"), (accounts[0], f"/receipts/{received[0].no}")]
    visits += [(clerk, f"/staff/lotteries/{code}") for code in (waiting, done.code)]
    found = []
    with visiting(browser, live_server, viewport={"width": 320, "height": 700}) as page:
        for account, path in visits:
            if account is not None:
                signed_in(page, account)
            page.goto(path)
            found.append((path, *seen(page)))
    assert found == [(path, 320, []) for _account, path in visits]


def test_a_form_is_filled_in_and_mended_without_a_mouse(browser: Browser, live_server: str) -> None:
    lottery = a_lottery(**asking(address=True))
    with visiting(browser, live_server) as page:
        signed_in(page, given.an_account())
        page.goto(f"/listings/{lottery.code}/enter")
        page.get_by_label("お名前", exact=False).first.focus()
        for word in ("山田 花子", "山田", "月見沢町海野510"):
            page.keyboard.type(word)
            page.keyboard.press("Tab")
        page.keyboard.press("Space")
        page.keyboard.press("Enter")
        page.get_by_text("か所、確かめてください").wait_for()
        page.get_by_label("お名前のふりがな").fill("やまだ はなこ")
        page.get_by_role("button", name="申し込む").press("Enter")
        page.get_by_role("heading", name="お申し込みを受け付けました").wait_for()
