"""Every public page in a real browser: readable by day and by night, large, small, without sight and without a mouse.

axe can't judge words over a picture and calls them incomplete, so those are measured pixel by pixel here.
"""

from __future__ import annotations

import io
import re
from datetime import timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from PIL import Image
from playwright.sync_api import Browser, ElementHandle, Page

from marketplace.kit.clock import now
from marketplace.kit.db import get
from marketplace.listings.models import Listing
from tests import given
from tests.chainlogs import Chain, deploy, somebody
from tests.resale.stage import heard, held_token, token
from tests.visiting import visiting

pytestmark = pytest.mark.browser

EXPLAINING = (
    "/",
    "/listings",
    "/listings?state=ended",
    "/listings?q=お城",
    "/records",
    "/data",
    "/data/sales",
    "/api",
    "/terms",
    "/accessibility",
    "/about",
    "/help",
    "/law",
    "/privacy",
    "/market",
    "/fund",
    "/namings",
    "/status",
    "/signin",
)
NORMAL, LARGE = 4.5, 3.0
"""Contrast that WCAG 2.2 (1.4.3) asks of text, and of large text."""


@pytest.fixture
def paths(app: Flask) -> list[str]:
    """A town with something of everything to see; its public pages."""
    deploy()
    chain, listings = Chain(), [given.a_listing(mode) for mode in ("fixed", "lottery", "ascending")]
    listings += [given.a_listing(kind="card", state="published"), given.a_listing("lottery", state="closed")]
    token_ids = [held_token(chain, given.an_account(), listings[0], serial) for serial in (1, 2)]
    sold, offered = token_ids
    chain.sold(sold, str(token(sold).holder_address), somebody("hana"), 3_800, block=5, number=1)
    soon = now() + timedelta(days=9)
    chain.listed(offered, str(token(offered).holder_address), 900, block=6, number=2, expires=soon)
    heard(chain, *token_ids)
    return [
        *EXPLAINING,
        *(f"/listings/{get(Listing, listing_id).code}" for listing_id in listings),
        *(f"/listings/{get(Listing, listings[0]).code}/embed", f"/embed/{get(Listing, listings[0]).code}"),
        f"/listings/{get(Listing, listings[-1]).code}/record",
        *(str(token(token_id).path) for token_id in token_ids),
    ]


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_no_page_has_a_fault_that_axe_can_find(
    browser: Browser, live_server: str, paths: list[str], scheme: str, width: int
) -> None:
    found = {}
    with visiting(browser, live_server, color_scheme=scheme, viewport={"width": width, "height": 900}) as page:
        for path in paths:
            answer = page.goto(path)
            assert answer is not None
            assert answer.status == 200, path
            faults = Axe().run(page).response["violations"]
            found[path] = [(fault["id"], node["html"]) for fault in faults for node in fault["nodes"]]
    assert found == {path: [] for path in paths}


@pytest.mark.parametrize(("width", "size"), [(320, "xl"), (640, "l"), (1920, "m")])
def test_no_page_scrolls_sideways(browser: Browser, live_server: str, paths: list[str], width: int, size: str) -> None:
    """320 px is a window of 1280 at 400 % (WCAG 1.4.10). The letters are as large as the reader asked for."""
    wide = {}
    with visiting(browser, live_server, viewport={"width": width, "height": 600}) as page:
        page.context.add_cookies([{"name": "size", "value": size, "url": live_server}])
        for path in paths:
            page.goto(path)
            wide[path] = page.evaluate("document.documentElement.scrollWidth")
    assert wide == dict.fromkeys(paths, width)


@pytest.mark.parametrize("width", [390, 1280])
def test_words_over_a_picture_stand_out_from_it(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto("/")
    words = page.query_selector_all("[data-over-picture] :is(h1, p, li):not(:has(a))")
    assert len(words) >= 5
    assert [(word.inner_text(), round(contrast(word), 2)) for word in words if contrast(word) < needed(word)] == []


def test_the_contrast_that_is_measured_is_that_of_the_pixels(page: Page) -> None:
    """The measure itself: grey on white must be found, or the test above could not fail."""
    page.goto("/about")
    heading = page.query_selector("h1")
    assert heading is not None
    assert contrast(heading) > 12
    heading.evaluate("e => e.attributeStyleMap.set('color', 'rgb(200, 200, 200)')")
    assert contrast(heading) < 2


def test_the_whole_of_a_sale_can_be_walked_by_keyboard(page: Page, paths: list[str]) -> None:
    """Each stop is on the screen, in front, and ringed (WCAG 2.4.7, 2.4.11)."""
    page.set_viewport_size({"width": 1280, "height": 640})
    page.goto(next(path for path in paths if "/listings/" in path))
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


def test_the_first_stop_leads_past_the_menu(page: Page) -> None:
    page.goto("/help")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


@pytest.mark.parametrize(("choice", "shown"), [("特大", "22px"), ("大", "19px"), ("標準", "16px")])
def test_the_size_of_letters_is_kept_without_a_script(
    browser: Browser, live_server: str, choice: str, shown: str
) -> None:
    with visiting(browser, live_server, java_script_enabled=False) as page:
        page.goto("/about")
        page.get_by_role("link", name=choice, exact=True).click()
        page.wait_for_load_state("load")
        assert page.url == f"{live_server}/about"
        page.goto("/help")
        assert page.locator("html").evaluate("e => getComputedStyle(e).fontSize") == shown


def test_the_reader_chooses_day_or_night_over_the_system(browser: Browser, live_server: str) -> None:
    with visiting(browser, live_server, color_scheme="dark") as page:
        seen = []
        page.goto("/about")
        for choice in ("自動", "明るい", "暗い"):
            page.get_by_role("link", name=choice, exact=True).click()
            page.wait_for_load_state("load")
            seen.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert seen == ["rgb(16, 21, 19)", "rgb(255, 255, 255)", "rgb(16, 21, 19)"]


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


def needed(word: ElementHandle) -> float:
    size, weight = word.evaluate("e => [parseFloat(getComputedStyle(e).fontSize), +getComputedStyle(e).fontWeight]")
    return LARGE if size >= 24 or (size >= 18.66 and weight >= 700) else NORMAL


def contrast(word: ElementHandle) -> float:
    """Of the words' colour with the ground behind them, where it is worst but for a twentieth of the pixels."""
    colour: list[Any] = re.findall(r"[\d.]+", word.evaluate("e => getComputedStyle(e).color"))
    ink = luminance([float(part) for part in colour[:3]])
    word.evaluate(
        "e => [e, ...e.querySelectorAll('*')].forEach(x => {"
        " x.attributeStyleMap.set('color', 'transparent'); x.attributeStyleMap.set('text-shadow', 'none');"
        " x.attributeStyleMap.set('stroke', 'transparent') })"
    )
    with Image.open(io.BytesIO(word.screenshot())) as picture:
        small = picture.convert("RGB").resize((80, 40))
        ground = [small.getpixel((x, y)) for x in range(80) for y in range(40)]
    word.evaluate("e => [e, ...e.querySelectorAll('*')].forEach(x => x.attributeStyleMap.clear())")
    ratios = sorted(ratio(ink, luminance(list(pixel))) for pixel in ground if isinstance(pixel, tuple))
    return ratios[len(ratios) // 20]


def luminance(rgb: list[float]) -> float:
    """Relative luminance of sRGB, https://www.w3.org/TR/WCAG22/#dfn-relative-luminance"""
    red, green, blue = (
        part / 255 / 12.92 if part / 255 <= 0.04045 else ((part / 255 + 0.055) / 1.055) ** 2.4 for part in rgb
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def ratio(one: float, other: float) -> float:
    high, low = max(one, other), min(one, other)
    return (high + 0.05) / (low + 0.05)
