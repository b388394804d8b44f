"""What a clerk looks at all day: on a wide screen no row is too long for the eye."""

from __future__ import annotations

import pytest
from flask import Flask
from playwright.sync_api import Browser

from tests.faces.gates import WIDE
from tests.faces.pages import one_of_each
from tests.faces.visits import Town
from tests.visiting import visiting

FURTHEST = 1_200
"""Pixels from the first word of a row to its button."""
WIDTHS = (
    "[...document.querySelectorAll('.desk__work > *')].map((part) => Math.round(part.getBoundingClientRect().width))"
)
ONE_OF = 10
"""Pages of the desk: all of them stand in the same frame."""


@pytest.mark.browser
def test_no_row_of_the_desk_is_too_long(app: Flask, browser: Browser, live_server: str, town: Town) -> None:
    address = live_server.replace("127.0.0.1", "localhost")
    desk = [(reader, path) for reader, path in one_of_each(app, town) if path.startswith("/staff")][::ONE_OF]
    window = {"width": WIDE.window[0], "height": WIDE.window[1]}
    widest = {}
    with visiting(browser, address, service_workers="block", viewport=window) as page:
        for reader, path in desk:
            page.context.clear_cookies()
            page.context.add_cookies([{"name": n, "value": v, "url": address} for n, v in town.cookies[reader].items()])
            page.goto(path)
            widest[path] = max(page.evaluate(WIDTHS))
    assert len(widest) > 5
    assert {path: width for path, width in widest.items() if width > FURTHEST} == {}
