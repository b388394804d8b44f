"""What a reader chooses and how a keyboard walks, in a real browser. What every page is held to: tests/faces."""

from __future__ import annotations

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from marketplace.kit.db import db, get
from marketplace.listings.models import Listing
from marketplace.orders.models import Order
from marketplace.orders.placing import place
from tests import ears, given
from tests.visiting import signed_in, visiting

pytestmark = pytest.mark.browser


def test_the_whole_of_a_sale_can_be_walked_by_keyboard(page: Page, app: Flask) -> None:
    """Each stop is on the screen, in front, and ringed (WCAG 2.4.7, 2.4.11)."""
    page.set_viewport_size({"width": 1280, "height": 640})
    page.goto(f"/listings/{get(Listing, given.a_listing()).code}")
    stops, hidden = [], []
    for _ in range(60):
        page.keyboard.press("Tab")
        stop = page.evaluate(WHERE_FOCUS_IS)
        if stop is None:
            break
        stops.append(stop["name"])
        if not (stop["ring"] >= 2 and stop["seen"] and stop["in_front"]):
            hidden.append(stop)
    assert hidden == []
    assert stops[0] == "本文へ移動"
    assert {"購入の手続きへ", "記録の技術情報（くわしい方向け）"} <= set(stops)


def test_forms_and_texts_stay_as_narrow_as_a_line_can_be_read_on_the_widest_screen(page: Page) -> None:
    page.set_viewport_size({"width": 1920, "height": 1080})
    found = {}
    for path in ("/signin", "/help", "/listings"):
        page.goto(path)
        found[path] = page.evaluate("document.querySelector('main .wrap').offsetWidth") / 16
    assert found == {"/signin": 40, "/help": 52, "/listings": 80}


def test_the_first_stop_leads_past_the_menu(page: Page) -> None:
    page.goto("/help")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


@pytest.mark.parametrize("leave", ["Escape", "Tab", "press"])
def test_an_open_menu_hides_nothing_that_the_keyboard_comes_to(page: Page, leave: str) -> None:
    """It lies over the page (WCAG 2.4.11)."""
    page.set_viewport_size({"width": 375, "height": 740})
    page.goto("/help")
    menu, links = page.locator(".menu nav"), page.locator(".menu nav a")
    page.locator(".menu summary").press("Enter")
    for _ in range(links.count()):
        page.keyboard.press("Tab")
    assert links.last.evaluate("link => link === document.activeElement")
    assert menu.is_visible()
    if leave == "press":
        page.mouse.click(5, 700)
    else:
        page.keyboard.press(leave)
    assert not menu.is_visible()
    assert page.locator(".menu summary").evaluate("e => e === document.activeElement") == (leave == "Escape")


def test_who_reads_large_letters_has_them_on_paper_too(page: Page) -> None:
    points = {}
    page.goto("/help")
    for choice in ("特大", "標準"):
        page.get_by_role("link", name=choice, exact=True).click()
        page.wait_for_load_state("load")
        page.emulate_media(media="print")
        size = page.evaluate("parseFloat(getComputedStyle(document.querySelector('main p:not([class])')).fontSize)")
        points[choice] = round(size * 0.75, 1)
        page.emulate_media(media="screen")
    assert points == {"特大": 14.4, "標準": 10.5}


def test_the_size_of_letters_is_kept_without_a_script(browser: Browser, live_server: str) -> None:
    shown = {}
    with visiting(browser, live_server, java_script_enabled=False) as page:
        for choice in ("特大", "大", "標準"):
            page.goto("/about")
            page.get_by_role("link", name=choice, exact=True).click()
            page.wait_for_load_state("load")
            assert page.url == f"{live_server}/about"
            page.goto("/help")
            shown[choice] = page.locator("html").evaluate("e => getComputedStyle(e).fontSize")
    assert shown == {"特大": "22px", "大": "19px", "標準": "16px"}


def test_the_reader_chooses_day_or_night_over_the_system(browser: Browser, live_server: str) -> None:
    with visiting(browser, live_server, color_scheme="dark") as page:
        seen = []
        page.goto("/about")
        for choice in ("自動", "明るい", "暗い"):
            page.get_by_role("link", name=choice, exact=True).click()
            page.wait_for_load_state("load")
            seen.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert seen == ["rgb(16, 21, 19)", "rgb(255, 255, 255)", "rgb(16, 21, 19)"]


def test_what_came_of_an_act_has_the_focus_so_that_a_screen_reader_speaks_it(page: Page) -> None:
    signed_in(page, given.an_account())
    page.goto("/account")
    assert page.evaluate("document.activeElement === document.body")
    page.locator("main form[action='/account'] button, main form:not([action]) button").first.click()
    page.get_by_role("status").wait_for()
    assert page.evaluate("document.activeElement.innerText") == page.get_by_role("status").inner_text() != ""
    page.keyboard.press("Tab")
    assert page.evaluate("!!document.activeElement.closest('main') && document.activeElement.tagName === 'A'")


WHERE_FOCUS_IS = """() => {
  const e = document.activeElement;
  if (!e || e === document.body) return null;
  const b = e.getBoundingClientRect(), look = getComputedStyle(e.closest('.card') || e);
  const x = Math.min(innerWidth - 1, Math.max(0, b.left + Math.min(b.width, 40) / 2));
  const y = Math.min(innerHeight - 1, Math.max(0, b.top + b.height / 2));
  const top = document.elementFromPoint(x, y);
  return {
    name: (e.innerText || e.getAttribute('aria-label') || e.name || e.tagName).trim().slice(0, 30),
    ring: e.closest('.card') ? 4 : parseFloat(look.outlineWidth) * (look.outlineStyle !== 'none'),
    seen: b.width > 0 && b.bottom > 0 && b.top < innerHeight,
    in_front: !!top && (e.contains(top) || top.contains(e)),
  };
}"""


def test_who_copies_hears_that_it_was_copied(page: Page) -> None:
    page.goto("/api")
    ears.listen(page)
    button = page.locator("button.copy")
    button.press("Enter")
    expect(button).not_to_have_text("写す")
    assert ears.heard(page) == [button.inner_text()]


def test_a_time_that_runs_out_is_told_two_minutes_before_and_at_its_end(page: Page) -> None:
    hana = given.an_account()
    code = get(Order, place(hana, given.a_listing())).code
    db.session.rollback()
    signed_in(page, hana)
    page.clock.install()
    page.goto(f"/orders/{code}/confirm")
    ears.listen(page)
    told = []
    for step in ("12:00", "02:00", "02:00"):  # of fifteen minutes
        page.clock.fast_forward(step)
        told.append(ears.heard(page))
    done = page.locator("[data-countdown]").inner_text()
    assert told == [[], ["のこり2分です。"], ["のこり2分です。", done]]
