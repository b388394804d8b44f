"""The catalogue: what is searched is found however it is typed, and the address alone says what is shown."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Page

from marketplace.kit.db import db, get
from marketplace.listings.models import Listing
from tests import given
from tests.lived import Told
from tests.pages import read

CARD = {"title_ja": "山菜トレカ「こごみちゃん」", "title_en": "Kogomi Trading Card", "body_ja": "カヌーセンターで。"}
LECTURE = {"title_ja": "町長の講演権", "title_en": "Mayor's Lecture", "lead_ja": "山菜料理の話も。", "body_ja": ""}


def path_of(listing_id: int) -> str:
    return f"/listings/{get(Listing, listing_id).code}"


def shown(client: FlaskClient, page: str) -> list[str]:
    """The listings that a page leads to, in its order."""
    return [link for link in read(client.get(page)).links if link.startswith("/listings/LST")]


def past() -> dict[str, str]:
    return {
        "lecture": path_of(given.a_listing(kind="lecture", closes_at=given.in_days(1), **LECTURE)),
        "card": path_of(given.a_listing(kind="card", closes_at=given.in_days(3), **CARD)),
        "lottery": path_of(given.a_listing("lottery", closes_at=given.in_days(5))),
    }


@pytest.fixture
def there(app: Flask, told: Told[dict[str, str]]) -> dict[str, str]:
    return told.what


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("こごみちゃん", ["card"]),
        ("コゴミ", ["card"]),
        ("ｺｺﾞﾐ", ["card"]),
        ("ＫＯＧＯＭＩ", ["card"]),
        ("かぬー", ["card"]),
        ("カヌ−センタ−", ["card"]),
        ("デジタル住民票第３弾", ["lottery"]),
        ("じゅうみんひょう", ["lottery"]),
        ("くじ", ["lottery"]),
        ("こうえん", ["lecture"]),
        ("mayor lecture", ["lecture"]),
        ("mayor kogomi", []),
        ("山菜", ["card", "lecture"]),
        ("%", []),
        ("_", []),
        ("🎉", []),
        ("' OR 1=1 --", []),
        ("お城", []),
    ],
)
def test_words_are_found_in_any_width_case_and_kana_and_names_first(
    there: dict[str, str], client: FlaskClient, typed: str, found: list[str]
) -> None:
    page = client.get("/listings", query_string={"q": typed})
    links = [link for link in read(page).links if link.startswith("/listings/LST")]
    assert links == [there[name] for name in found]


def test_a_listing_is_found_by_its_number(there: dict[str, str], client: FlaskClient) -> None:
    code = there["card"].removeprefix("/listings/")
    assert shown(client, f"/listings?q={code.lower()}") == [there["card"]]


def test_every_link_keeps_the_rest_of_the_search(there: dict[str, str], client: FlaskClient) -> None:
    links = read(client.get("/listings?q=山菜&kind=card&sort=high&state=ended")).links
    words = "q=%E5%B1%B1%E8%8F%9C"
    assert {
        f"/listings?{words}&state=ended&sort=high",
        f"/listings?{words}&kind=lecture&state=ended&sort=high",
        f"/listings?{words}&kind=card&mode=lottery&state=ended&sort=high",
        f"/listings?{words}&kind=card&sort=high",
    } <= set(links)


def test_the_form_holds_what_was_typed_and_what_was_chosen(there: dict[str, str], client: FlaskClient) -> None:
    form = read(client.get("/listings?q=<山菜>&kind=card&sort=low")).form("/listings")
    assert (form.method, form.values) == ("get", {"q": ["<山菜>"], "sort": ["low"], "kind": ["card"]})


@pytest.mark.parametrize("query", ["page=0", "page=-3", "page=99999999999999999999", "page=x", "sort=best&kind=castle"])
def test_what_an_address_cannot_mean_is_taken_for_nothing(
    there: dict[str, str], client: FlaskClient, query: str
) -> None:
    assert shown(client, f"/listings?{query}") == [there["lecture"], there["card"], there["lottery"]]


def test_what_the_town_grants_is_in_no_shop_window_and_has_no_button(
    there: dict[str, str], client: FlaskClient
) -> None:
    granted = path_of(given.a_listing("grant", "certificate", price_yen=None))
    assert granted not in shown(client, "/listings") + shown(client, "/listings?mode=grant") + shown(client, "/")
    page = read(client.get(granted))
    assert "町がお渡しするものです" in page.words
    assert [said for said in ("購入の手続きへ", "お一人さま", "0円") if said in page.words] == []
    assert '"offers"' not in client.get(granted).text
    card = read(client.get(granted.replace("/listings/", "/embed/"))).words
    assert ("町がお渡しするものです" in card, "開始価格" in card) == (True, False)


@pytest.mark.browser
def test_what_is_found_follows_the_typing_and_the_address_follows_too(there: dict[str, str], page: Page) -> None:
    db.session.rollback()
    page.goto("/listings")
    page.get_by_label("さがす言葉").press_sequentially("コゴミ")
    page.wait_for_url("**/listings?q=%E3%82%B3%E3%82%B4%E3%83%9F*")
    page.get_by_role("status").filter(has_text="1件（「コゴミ」）").wait_for()
    links = page.locator("#found .card__link").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    assert links == [there["card"]]
    assert page.evaluate("document.activeElement.id") == "q"
    page.get_by_role("link", name="抽選", exact=True).hover()
    page.mouse.down()
    page.wait_for_load_state("networkidle")  # half a second of a slow finger
    page.mouse.up()
    page.get_by_role("heading", name="「コゴミ」にあてはまる権利はありません").wait_for()
