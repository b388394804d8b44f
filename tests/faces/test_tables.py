"""On a telephone a table fits in other languages too, or says that it is pulled sideways; the gates see Japanese."""

from __future__ import annotations

import pytest
from flask import Flask
from playwright.sync_api import Browser

from tests.faces.gates import SMALL, WHOLE, equipped
from tests.faces.pages import one_of_each
from tests.faces.visits import Town
from tests.visiting import visiting

TELEPHONE = {"width": SMALL.window[0], "height": SMALL.window[1]}


@pytest.mark.browser
@pytest.mark.parametrize("language", ["en", "easy"] if WHOLE else ["en"])
def test_no_table_hides_a_column_without_a_word(
    app: Flask, browser: Browser, live_server: str, town: Town, language: str
) -> None:
    address = live_server.replace("127.0.0.1", "localhost")
    found, tables = {}, 0
    with visiting(browser, address, service_workers="block", viewport=TELEPHONE) as page:
        equipped(page)
        for reader, path in one_of_each(app, town):
            if path.startswith("/staff"):
                continue  # clerks read Japanese
            client, cookies = app.test_client(), {**town.cookies[reader], "language": language}
            for name, value in cookies.items():
                client.set_cookie(name, value, domain="localhost")
            if 'class="table' not in client.get(path, base_url="http://localhost").text:
                continue
            page.context.clear_cookies()
            page.context.add_cookies(
                [{"name": name, "value": value, "url": address} for name, value in cookies.items()]
            )
            page.goto(path)
            tables += 1
            if unsaid := page.evaluate("measures.tables()"):
                found[path] = unsaid
    assert found == {}
    assert tables > 10, "the pages with tables were not found"
