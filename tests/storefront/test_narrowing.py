"""What narrows a list is folded on a telephone, where the list would begin below it, and open at a desk."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Page, ViewportSize

from tests import given

PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1280, "height": 900}


@pytest.mark.browser
@pytest.mark.parametrize("language", ["ja", "easy", "en"])
def test_the_first_sale_found_is_on_the_first_screen_of_a_telephone(page: Page, language: str) -> None:
    given.a_listing()
    page.set_viewport_size(PHONE)
    page.goto(f"/listings?lang={language}")
    box = page.locator("#found .card").bounding_box()
    assert box is not None
    assert box["y"] < PHONE["height"]
    assert not page.locator("#found .chip").first.is_visible()


@pytest.mark.browser
def test_at_a_desk_nothing_is_folded(page: Page) -> None:
    page.set_viewport_size(DESK)
    page.goto("/listings")
    assert page.locator("#found .chip").first.is_visible()
    assert not page.locator("#found summary").is_visible()


@pytest.mark.parametrize(
    ("query", "is_open"), [("", False), ("?q=山菜", False), ("?kind=card", True), ("?mode=fixed", True)]
)
def test_what_was_chosen_is_not_folded_away(app: Flask, client: FlaskClient, query: str, is_open: bool) -> None:
    page = client.get(f"/listings{query}").text
    assert ('<details class="narrowing" open>' in page) is is_open
