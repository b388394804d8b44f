"""A button that copies says for a moment that it did, and is then called as before."""

from __future__ import annotations

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


def test_pressed_twice_it_is_called_as_before(app: Flask, page: Page) -> None:
    page.add_init_script("navigator.clipboard.writeText = async () => undefined")
    page.clock.install()
    page.goto("/api")
    button = page.locator("[data-copy]").first
    for _ in range(2):
        button.click()
        expect(button).to_have_text("写しました")
    page.clock.run_for(5_000)
    expect(button).to_have_text("写す")
