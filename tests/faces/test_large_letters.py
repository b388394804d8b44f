"""What a small telephone shows to who has its letters a third larger: words and times are not cut in their middle."""

from __future__ import annotations

import pytest
from flask import Flask
from playwright.sync_api import Page

from marketplace.auctions.bidding import place_bid
from tests import given
from tests.auctions.given import an_auction

pytestmark = pytest.mark.browser

LINES = """element => {
    const range = document.createRange();
    range.selectNodeContents(element);
    return new Set([...range.getClientRects()].map(each => Math.round(each.top))).size;
}"""


@pytest.fixture
def small(page: Page) -> Page:
    page.set_viewport_size({"width": 320, "height": 700})
    page.add_init_script("addEventListener('DOMContentLoaded', () => document.documentElement.style.fontSize = '130%')")
    return page


def test_a_language_is_called_on_one_line(app: Flask, small: Page) -> None:
    small.goto("/help")
    links = small.locator("a[hreflang]")
    assert [links.nth(each).evaluate(LINES) for each in range(links.count())] == [1, 1, 1]


def test_a_time_in_a_card_is_cut_between_day_and_hour_only(app: Flask, small: Page) -> None:
    auction = an_auction()
    for yen in (5_000, 77_777):
        place_bid(auction.id, given.an_account(), yen)
    small.goto(f"/listings/{auction.code}")
    times = small.locator("#record time")
    assert [times.nth(each).evaluate(LINES) for each in range(times.count())] == [2, 2]
    assert small.evaluate("document.documentElement.scrollWidth") == 320
