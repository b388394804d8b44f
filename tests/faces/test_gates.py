"""Every page, public and of the desk, holds every gate. A page that has no example is a fault, too."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page

from tests.faces import standard
from tests.faces.contrast import contrast
from tests.faces.gates import WHOLE, equipped, faults_of, names_of_rights
from tests.faces.pages import one_of_each, pages, without_example
from tests.faces.visits import Town
from tests.visiting import visiting

PARTS = 12
"""Of the pages, so that the processes of a run share them."""


@pytest.mark.node
def test_every_page_has_an_example_that_is_what_the_standard_says(app: Flask, town: Town, tmp_path: Path) -> None:
    assert sorted(without_example(app, town)) == []
    kept = tmp_path / "pages"
    kept.mkdir()
    found = {}
    for number, (reader, path) in enumerate(pages(town)):
        client = app.test_client()
        for name, value in town.cookies[reader].items():
            client.set_cookie(name, value, domain="localhost")
        answer = client.get(path, base_url="http://localhost")
        found[f"{number:03}.html"] = path
        (kept / f"{number:03}.html").write_text(answer.text, encoding="utf-8")
        assert answer.status_code == 200, path
    assert {found[name]: faults for name, faults in standard.faults(kept).items()} == {}


@pytest.mark.browser
@pytest.mark.parametrize("part", range(PARTS))
def test_no_page_has_a_fault(app: Flask, browser: Browser, live_server: str, town: Town, part: int) -> None:
    faults = {}
    address = live_server.replace("127.0.0.1", "localhost")
    named = names_of_rights()
    with visiting(browser, address, service_workers="block") as page:
        equipped(page)
        numbered = enumerate(pages(town) if WHOLE else one_of_each(app, town))
        for number, (reader, path) in islice(numbered, part, None, PARTS):
            cookies = town.cookies[reader].items()
            page.context.clear_cookies()
            page.context.add_cookies([{"name": name, "value": value, "url": address} for name, value in cookies])
            page.goto(path)
            found = faults_of(page, number, path, named)
            if found:
                faults[path] = found
    assert faults == {}


@pytest.mark.browser
def test_the_gates_find_what_they_are_there_for(page: Page) -> None:
    """A page with one fault of each kind."""
    equipped(page).goto("/about")
    page.evaluate(
        """() => {
          const main = document.querySelector('main');
          main.insertAdjacentHTML('beforeend', `
            <p class="nowrap">${'ながい'.repeat(200)}</p><img src="/static/img/emblem.svg">
            <a class="button" href="/one">低い</a><button id="bare">輪がない</button>
            <input type="tel" class="input" aria-label="telephone">
            <p><a href="/three">くわしく</a> <a href="/four">くわしく</a></p>
            <p><a href="/five">ゆるされた名前</a> <a href="/six">ゆるされた名前</a></p>
            <svg width="200" height="20"><text x="0" y="15" fill="#bbb">うすい字</text></svg>
            <div class="table" role="region" tabindex="0" aria-label="a">
              <p class="nowrap">${'長い'.repeat(90)}</p></div>
            <form method="post" action="/bubble"><input class="input" name="c" aria-label="c" required></form>
            <div id="pulled"><p class="nowrap">${'長い'.repeat(90)}</p></div>
            <div class="columns-2" id="askew">
              <p class="field"><input class="input" name="a" aria-label="a"></p>
              <p class="field"><input class="input" name="b" aria-label="b"></p></div>
            <h2 id="cut">${'切れる見出し'.repeat(9)}</h2><p id="pale">うすい文</p>`);
          const set = (at, what, to) => main.querySelector(at).attributeStyleMap.set(what, to);
          set('[href="/one"]', 'min-height', '20px'); set('[href="/one"]', 'padding', '0');
          set('#bare', 'outline', 'none'); set('#pale', 'color', 'rgb(200, 200, 200)');
          set('#pulled', 'overflow-x', 'auto'); set('[name="b"]', 'margin-top', '30px');
          set('#cut', 'overflow', 'hidden'); set('#cut', 'height', '1.2em');
        }"""
    )
    found = faults_of(page, 0, "/about", ["ゆるされた名前"])
    assert {name.partition(",")[0] for name in found} == {
        "autocomplete",
        "axe",
        "boxes askew",
        "bubbles",
        "keyboard",
        "names",
        "pulled sideways",
        "sideways",
        "tables",
        "targets",
        "text spacing",
        "words in drawings",
    }
    assert [fault.partition(":")[0] for fault in found["names"]] == ["くわしく"]
    assert {fault.partition(":")[0] for fault in found["axe, phone"]} == {
        *("color-contrast", "image-alt", "scrollable-region-focusable"),
    }


@pytest.mark.browser
def test_the_contrast_that_is_measured_is_that_of_the_pixels(page: Page) -> None:
    """The measure itself: grey on white must be found, or no page could fail by it."""
    page.goto("/about")
    heading = page.query_selector("h1")
    assert heading is not None
    assert contrast(heading) > 12
    heading.evaluate("e => e.attributeStyleMap.set('color', 'rgb(200, 200, 200)')")
    assert contrast(heading) < 2
