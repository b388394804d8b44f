"""The catalogue: what is searched is found however it is typed, and the address alone says what is shown."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Page

from benchmarks.copies import copy
from marketplace.auctions.bidding import place_bid
from marketplace.kit.db import db, get
from marketplace.listings.models import Listing
from tests import given
from tests.auctions.given import an_auction
from tests.pages import read
from tests.statements import counted

CARD = {"title_ja": "山菜トレカ「こごみちゃん」", "title_en": "Kogomi Trading Card", "body_ja": "カヌーセンターで。"}
LECTURE = {"title_ja": "町長の講演権", "title_en": "Mayor's Lecture", "lead_ja": "山菜料理の話も。", "body_ja": ""}


def path_of(listing_id: int) -> str:
    return f"/listings/{get(Listing, listing_id).code}"


def shown(client: FlaskClient, page: str) -> list[str]:
    """The listings that a page leads to, in its order."""
    return [link for link in read(client.get(page)).links if link.startswith("/listings/LST")]


@pytest.fixture
def there(app: Flask) -> dict[str, str]:
    return {
        "lecture": path_of(given.a_listing(kind="lecture", closes_at=given.in_days(1), **LECTURE)),
        "card": path_of(given.a_listing(kind="card", closes_at=given.in_days(3), **CARD)),
        "lottery": path_of(given.a_listing("lottery", closes_at=given.in_days(5))),
    }


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


def test_what_is_not_announced_is_not_found(app: Flask, client: FlaskClient) -> None:
    given.a_listing(state="approved", **CARD)
    assert shown(client, "/listings?q=こごみ") == []


@pytest.mark.parametrize(
    ("sort", "order"), [("new", [2, 1, 0]), ("low", [1, 0, 2]), ("high", [2, 0, 1]), ("", [0, 1, 2])]
)
def test_they_stand_in_the_order_that_is_asked_for(
    app: Flask, client: FlaskClient, sort: str, order: list[int]
) -> None:
    prices = (3_000, 500, 90_000)
    there = [
        path_of(given.a_listing(price_yen=yen, publish_at=given.in_days(n - 9), closes_at=given.in_days(n + 1)))
        for n, yen in enumerate(prices)
    ]
    assert shown(client, f"/listings?sort={sort}") == [there[n] for n in order]


def test_an_auction_stands_where_its_bids_do_and_a_sealed_one_tells_nothing(app: Flask, client: FlaskClient) -> None:
    fixed = given.a_listing(price_yen=5_000)
    ascending, sealed = an_auction("ascending"), an_auction("sealed")
    for bidder, yen in ((given.an_account(), 900_000), (given.an_account(), 800_000)):
        place_bid(ascending.id, bidder, yen)
    place_bid(sealed.id, given.an_account(), 7_000_000)
    assert get(Listing, sealed.listing_id).price_yen < 5_000
    wanted = [f"/listings/{sealed.code}", path_of(fixed), f"/listings/{ascending.code}"]
    assert shown(client, "/listings?sort=low") == wanted


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


def test_a_search_that_finds_nothing_says_where_there_is_something(app: Flask, client: FlaskClient) -> None:
    given.a_listing("lottery", "card", state="closed", **CARD)
    page = read(client.get("/listings?q=こごみ"))
    assert "「こごみ」にあてはまる権利はありません" in page.words
    assert "終わった販売に1件あります" in page.words
    assert "/listings?q=%E3%81%93%E3%81%94%E3%81%BF&state=ended" in page.links


@pytest.mark.parametrize("query", ["page=0", "page=-3", "page=99999999999999999999", "page=x", "sort=best&kind=castle"])
def test_what_an_address_cannot_mean_is_taken_for_nothing(
    there: dict[str, str], client: FlaskClient, query: str
) -> None:
    assert shown(client, f"/listings?{query}") == [there["lecture"], there["card"], there["lottery"]]


def test_many_are_shown_page_by_page_each_once(app: Flask, client: FlaskClient) -> None:
    there = [given.a_listing(closes_at=given.in_days(n + 1), quantity=1, **CARD) for n in range(25)]
    first, second = (shown(client, f"/listings?q=card&page={n}") for n in (1, 2))
    assert first + second == [path_of(listing_id) for listing_id in there]
    assert len(first) == 24
    assert "/listings?q=card&page=2" in read(client.get("/listings?q=card")).links


@pytest.mark.parametrize(("there", "pages"), [(23, 1), (24, 1), (48, 2), (49, 3)])
def test_how_many_are_found_is_said_alike_on_each_page(app: Flask, client: FlaskClient, there: int, pages: int) -> None:
    sale = given.a_listing()
    copy(Listing, sale, ({"code": f"LST-C{n}"} for n in range(there - 1)))
    for page in (*range(1, pages + 1), pages + 1, pages + 9):  # whoever asks for more sees the last
        shown_there = 24 if page < pages else there - 24 * (pages - 1)
        assert len(shown(client, f"/listings?page={page}")) == shown_there
        assert f'role="status">{there}件<' in client.get(f"/listings?page={page}").text


def test_twenty_cards_are_read_by_as_many_statements_as_four(app: Flask, client: FlaskClient) -> None:
    modes = ("fixed", "lottery", "ascending", "sealed")
    sales = [an_auction(mode).listing_id if mode in modes[2:] else given.a_listing(mode) for mode in modes]
    db.session.rollback()
    with counted() as of_four:
        client.get("/listings")
    for mode, sale in zip(modes, sales, strict=True):
        copy(Listing, sale, ({"code": f"LST-{mode[:2]}{n}"} for n in range(4)))
    with counted() as of_twenty:
        assert len(shown(client, "/listings")) == 20
    assert len(of_twenty) == len(of_four)


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
