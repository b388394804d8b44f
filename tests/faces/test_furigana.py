"""A page with readings over its kanji is held to what the same page without them is held to."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser

from tests.faces import standard
from tests.faces.gates import equipped, faults_of, names_of_rights
from tests.faces.visits import Reader, Town
from tests.visiting import visiting

PAGES: list[tuple[Reader, str]] = [
    ("nobody", "/"),
    ("nobody", "/help"),
    ("nobody", "/listings"),
    ("nobody", "/fund"),
    ("hana", "/mypage"),
    ("nobody", "/signin"),
]


@pytest.mark.node
def test_a_page_with_furigana_is_what_the_standard_says(app: Flask, town: Town, tmp_path: Path) -> None:
    kept = tmp_path / "pages"
    kept.mkdir()
    for number, (reader, path) in enumerate(PAGES):
        client = app.test_client()
        for name, value in {**town.cookies[reader], "furigana": "on"}.items():
            client.set_cookie(name, value, domain="localhost")
        page = client.get(path, base_url="http://localhost").text
        assert "<ruby>" in page
        (kept / f"{number:03}.html").write_text(page, encoding="utf-8")
    assert standard.faults(kept) == {}


@pytest.mark.browser
def test_a_page_with_furigana_holds_every_gate(browser: Browser, live_server: str, town: Town) -> None:
    faults, address, named = {}, live_server.replace("127.0.0.1", "localhost"), names_of_rights()
    with visiting(browser, address, service_workers="block") as page:
        equipped(page)
        for number, (reader, path) in enumerate(PAGES):
            cookies = {**town.cookies[reader], "furigana": "on"}.items()
            page.context.clear_cookies()
            page.context.add_cookies([{"name": name, "value": value, "url": address} for name, value in cookies])
            page.goto(path)
            if found := faults_of(page, number, path, named):
                faults[path] = found
    assert faults == {}


@pytest.mark.browser
def test_a_word_is_found_by_its_name_as_before(browser: Browser, live_server: str, town: Town) -> None:
    with visiting(browser, live_server) as page:
        page.context.add_cookies([{"name": "furigana", "value": "on", "url": live_server}])
        page.goto("/help")
        assert page.evaluate("window.find('よくある質問')")
        page.evaluate("getSelection().selectAllChildren(document.querySelector('h1'))")
        assert page.evaluate("getSelection().toString().trim()") == "よくある質問"
