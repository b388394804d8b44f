"""What a clerk looks at all day: on a wide screen no row is too long for the eye, and boxes stand in one line."""

from __future__ import annotations

import pytest
from flask import Flask
from playwright.sync_api import Browser

from tests.faces.gates import DESK, WIDE
from tests.faces.pages import one_of_each
from tests.faces.visits import Town
from tests.visiting import visiting

FURTHEST = 1_200
"""Pixels from the first word of a row to its button."""

ASKEW = """() => [...document.querySelectorAll('.columns-2:has(> .field)')].flatMap((columns) => {
  const boxes = [...columns.querySelectorAll(':scope > .field > :is(.input, .with-unit)')];
  const tops = boxes.map((box) => Math.round(box.getBoundingClientRect().top));
  return boxes.flatMap((box, i) => i % 2 && tops[i] !== tops[i - 1] ? [box.innerText || box.name] : []);
})"""
LONG = "[...document.querySelectorAll('.desk__work > *')].map((part) => Math.round(part.getBoundingClientRect().width))"


@pytest.mark.browser
def test_no_row_of_the_desk_is_too_long_and_no_box_stands_askew(
    app: Flask, browser: Browser, live_server: str, town: Town
) -> None:
    address = live_server.replace("127.0.0.1", "localhost")
    askew, long, columns = {}, {}, 0
    with visiting(browser, address, service_workers="block") as page:
        for reader, path in one_of_each(app, town):
            if not path.startswith("/staff"):
                continue
            page.context.clear_cookies()
            page.context.add_cookies([{"name": n, "value": v, "url": address} for n, v in town.cookies[reader].items()])
            page.set_viewport_size({"width": WIDE.window[0], "height": WIDE.window[1]})
            page.goto(path)
            if (widest := max(page.evaluate(LONG))) > FURTHEST:
                long[path] = widest
            page.set_viewport_size({"width": DESK.window[0], "height": DESK.window[1]})
            columns += page.evaluate("document.querySelectorAll('.columns-2:has(> .field)').length")
            if found := page.evaluate(ASKEW):
                askew[path] = found
    assert (long, askew) == ({}, {})
    assert columns > 10, "the forms with columns were not found"
