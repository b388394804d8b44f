"""Home, the catalogue, the page of a right in every state, my page, and how pages are shown."""

from __future__ import annotations

import re
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.kit.db import db, get
from marketplace.listings import scheduling
from marketplace.listings.models import Listing
from marketplace.lotteries.entering import enter
from marketplace.lotteries.models import Lottery
from marketplace.orders.models import Order
from marketplace.orders.placing import place
from marketplace.rights.plans import Place, Plan, PlanKind
from tests import given
from tests.auctions.endings import ended
from tests.chainlogs import Chain, deploy
from tests.pages import read
from tests.perks.stage import a_listing
from tests.resale.stage import held_token, token

DRAWN = "/listings/"
BATH = Plan(id="p1", name="温泉の入浴", kind=PlanKind.MEMBERSHIP, places=(Place("ONSEN", "月見沢温泉館"),))


def path_of(listing_id: int) -> str:
    return f"/listings/{get(Listing, listing_id).code}"


def shown(client: FlaskClient, page: str) -> list[str]:
    """The listings that a page leads to, in its order."""
    return [link for link in read(client.get(page)).links if link.startswith(DRAWN)]


def test_an_empty_town_has_a_front_page(app: Flask, client: FlaskClient) -> None:
    assert "いま受け付けている権利はありません。" in read(client.get("/")).words


def test_the_front_page_shows_what_is_on_sale_and_counts_it(app: Flask, client: FlaskClient) -> None:
    on_sale = {path_of(given.a_listing(mode)) for mode in ("fixed", "lottery", "ascending")}
    given.a_listing(state="approved")
    page = read(client.get("/"))
    assert {link for link in page.links if link.startswith(DRAWN)} == on_sale
    assert "すべて（3）定額（1）抽選（1）オークション（1）" in "".join(page.words.split())


def test_what_is_open_comes_before_what_is_not_and_what_ends_soon_before_the_rest(
    app: Flask, client: FlaskClient
) -> None:
    coming = given.a_listing(state="published")
    later = given.a_listing(closes_at=given.in_days(9))
    sooner = given.a_listing(closes_at=given.in_days(2))
    assert shown(client, "/listings") == [path_of(listing_id) for listing_id in (sooner, later, coming)]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["card", "lecture", "lottery"]),
        ("?kind=card", ["card"]),
        ("?mode=fixed", ["card", "lecture"]),
        ("?kind=lecture&mode=fixed", ["lecture"]),
        ("?kind=card&mode=lottery", []),
        ("?kind=castle&mode=gift", ["card", "lecture", "lottery"]),
        ("?state=ended", ["over"]),
    ],
)
def test_the_catalogue_is_narrowed_by_kind_way_and_time(
    app: Flask, client: FlaskClient, query: str, found: list[str]
) -> None:
    there = {
        "card": given.a_listing(kind="card"),
        "lecture": given.a_listing(kind="lecture"),
        "lottery": given.a_listing("lottery"),
        "over": given.a_listing("lottery", state="closed"),
    }
    assert sorted(shown(client, f"/listings{query}")) == sorted(path_of(there[name]) for name in found)


@pytest.mark.parametrize("page", ["/", "/listings"])
def test_many_listings_cost_no_more_questions_than_one(app: Flask, client: FlaskClient, page: str) -> None:
    asked: list[str] = []
    sa.event.listen(db.engine, "before_cursor_execute", lambda _c, _cur, text, *_more: asked.append(text))

    def questions() -> int:
        asked.clear()
        assert client.get(page).status_code == 200
        return len(asked)

    for mode in ("fixed", "lottery", "ascending"):
        given.a_listing(mode)
    few = questions()
    for mode in ("fixed", "fixed", "lottery", "ascending"):
        given.a_listing(mode)
    assert questions() == few


@pytest.mark.parametrize("state", ["draft", "submitted", "approved"])
def test_a_listing_that_is_not_announced_is_not_found(app: Flask, client: FlaskClient, state: str) -> None:
    assert client.get(path_of(given.a_listing(state=state))).status_code == 404


@pytest.mark.parametrize("mode", ["fixed", "lottery", "ascending", "sealed"])
@pytest.mark.parametrize("state", ["published", "open"])
def test_a_right_answers_seven_questions_however_it_is_sold(
    app: Flask, client: FlaskClient, mode: str, state: str
) -> None:
    words = read(client.get(path_of(given.a_listing(mode, state=state)))).words
    questions = ("できること", "これではないもの", "価格（税込）", "数", "日程", "使い方", "ゆずるとき")
    assert [question for question in questions if question not in words] == []


@pytest.mark.parametrize(
    ("kind", "plans", "how"),
    [
        ("resident", [BATH], "窓口で画面か、特典カード（紙）を見せてください。"),
        ("lecture", [], "日程は、マイページから相談します。"),
        ("naming", [], "つけたい愛称の案は、マイページから町に送ります。"),
        ("card", [], ""),
    ],
)
def test_only_a_right_with_a_pass_is_said_to_be_shown_at_a_counter(
    app: Flask, client: FlaskClient, kind: str, plans: list[Plan], how: str
) -> None:
    """Of every right it stood that a screen or paper is shown there: of a trading card, and of the name of a park."""
    page = client.get(path_of(a_listing(*plans, kind=kind))).text
    assert re.findall("<dt>使い方</dt><dd>マイページに届きます。(.*?)(?:使える回数.*)?</dd>", page) == [how]


def test_an_open_sale_at_a_fixed_price_can_be_bought(app: Flask, client: FlaskClient) -> None:
    path = path_of(given.a_listing())
    page = read(client.get(path))
    assert page.form(f"{path}/order").method == "post"
    assert "のこり 10点（全10点）" in page.words


@pytest.mark.parametrize(("state", "said"), [("published", "に始まります。"), ("completed", "受付は終わりました。")])
def test_a_sale_that_is_not_open_says_why_and_has_no_button(
    app: Flask, client: FlaskClient, state: str, said: str
) -> None:
    listing_id = given.a_listing(state="published" if state == "published" else "open")
    if state == "completed":
        scheduling.close_sale(listing_id)
    path = path_of(listing_id)
    page = read(client.get(path))
    assert [form.action for form in page.forms if form.action.endswith("/order")] == []
    assert said in page.words


def test_a_page_without_a_form_gives_no_cookie_so_that_it_is_the_same_for_everybody(
    app: Flask, client: FlaskClient
) -> None:
    """The seal of a form is a cookie, and what gives one is in no cache: see page_cache.py."""
    states = [(mode, state) for mode in ("fixed", "lottery") for state in ("published", "closed", "completed")]
    states += [(mode, "published") for mode in ("ascending", "sealed")]
    codes = {(mode, state): get(Listing, given.a_listing(mode, state=state)).code for mode, state in states}
    ahead: dict[str, Any] = {"opens_at": given.in_days(10), "closes_at": given.in_days(20)}
    for mode, days in {"fixed": ahead, "lottery": ahead | {"draw_at": given.in_days(22)}, "ascending": ahead}.items():
        codes[mode, "in ten days"] = get(Listing, given.a_listing(mode, state="published", **days)).code
    codes |= {(mode, "ended"): ended(mode, 2_000)[0].code for mode in ("ascending", "sealed")}
    answers = {sale: app.test_client().get(f"/listings/{code}") for sale, code in codes.items()}
    assert {sale for sale, answer in answers.items() if "csrf_token" in answer.text} == set()
    assert {sale for sale, answer in answers.items() if "Set-Cookie" in answer.headers} == set()
    open_sale = app.test_client().get(f"/listings/{get(Listing, given.a_listing()).code}")
    assert ("csrf_token" in open_sale.text, "Set-Cookie" in open_sale.headers) == (True, True)


def test_a_sale_that_is_sold_out_says_so(app: Flask, client: FlaskClient) -> None:
    listing_id = given.a_listing(quantity=1)
    place(given.an_account(), listing_id)
    page = read(client.get(path_of(listing_id)))
    assert [form.action for form in page.forms if form.action.endswith("/order")] == []
    assert "いま、すべて売り切れか、ほかの方が手続き中です。" in page.words


def test_who_holds_a_unit_is_led_back_to_it(app: Flask, client: FlaskClient) -> None:
    buyer, listing_id = given.an_account(), given.a_listing()
    order_id = place(buyer, listing_id)
    links = read(given.signed_in(client, buyer).get(path_of(listing_id))).links
    assert f"/orders/{get(Order, order_id).code}/confirm" in links


def test_a_cancelled_sale_says_why(app: Flask, client: FlaskClient) -> None:
    listing_id = given.a_listing()
    scheduling.cancel(listing_id, "staff:demo", "リフトの点検のためです。")
    assert "リフトの点検のためです。" in read(client.get(path_of(listing_id))).words


def test_words_of_staff_never_become_markup(app: Flask, client: FlaskClient) -> None:
    path = path_of(given.a_listing(title_ja="<script>alert(1)</script>", lead_ja='"><img src=x onerror=alert(1)>'))
    for page in ("/", "/listings", path):
        html = client.get(page).text
        assert ("<script>alert" in html, "<img src=x" in html) == (False, False), page


def test_my_page_is_for_who_is_signed_in(app: Flask, client: FlaskClient) -> None:
    answer = client.get("/mypage")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/signin?next=/mypage")


def test_my_page_shows_what_is_mine_and_nothing_of_others(app: Flask, client: FlaskClient) -> None:
    deploy()
    me, other, chain = given.an_account(), given.an_account(), Chain()
    mine = held_token(chain, me, given.a_listing(), 1)
    theirs = held_token(chain, other, given.a_listing(), 1)
    order = get(Order, place(me, given.a_listing())).code
    not_mine = get(Order, place(other, given.a_listing())).code
    applied = sa.select(Lottery.id).where(Lottery.listing_id == given.a_listing("lottery"))
    enter(db.session.scalars(applied).one(), me)
    page = read(given.signed_in(client, me).get("/mypage"))
    assert {token(mine).path, f"/orders/{order}/confirm"} <= set(page.links)
    assert [link for link in page.links if link == token(theirs).path or not_mine in link] == []
    assert len([link for link in page.links if link.startswith("/entries/")]) == 1


def test_my_page_is_kept_by_nobody_else(app: Flask, client: FlaskClient) -> None:
    answer = given.signed_in(client, given.an_account()).get("/mypage")
    assert answer.headers["Cache-Control"] == "private, max-age=0"


def test_the_size_of_letters_is_kept_and_the_reader_comes_back(app: Flask, client: FlaskClient) -> None:
    answer = client.get("/display?size=xl&next=/listings?kind=card")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/listings?kind=card")
    assert '<html lang="ja" data-size="xl"' in client.get("/about").text


def test_pages_differ_by_cookie_for_every_cache_between(app: Flask, client: FlaskClient) -> None:
    assert client.get("/about").headers["Vary"] == "Cookie, HX-Request"


@pytest.mark.parametrize("query", ["size=huge", "theme=pink", "size=%22%3E%3Cscript%3E"])
def test_a_size_or_colour_that_there_is_not_changes_nothing(app: Flask, client: FlaskClient, query: str) -> None:
    client.get(f"/display?{query}")
    assert '<html lang="ja" data-size="m">' in client.get("/about").text


def test_a_way_back_that_leads_off_the_site_is_not_taken(app: Flask, client: FlaskClient) -> None:
    assert client.get("/display?size=l&next=//elsewhere.example/").headers["Location"] == "/"


@pytest.mark.parametrize("path", ["/", "/listings", "/about", "/help", "/law", "/privacy"])
def test_a_page_that_is_the_same_for_everybody_is_sent_once(app: Flask, client: FlaskClient, path: str) -> None:
    first = client.get(path)
    assert first.headers["Cache-Control"] == "public, max-age=1"
    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_the_law_page_names_who_sells(app: Flask, client: FlaskClient) -> None:
    """特定商取引法 11条: name, address, telephone, who is responsible, price, payment, delivery, return."""
    words = read(client.get("/law")).words
    asked = (
        "月見沢町",
        "0237-00-0000",
        "山形県西月見郡",
        "月見沢町長",
        "販売価格",
        "支払いの時期",
        "引き渡しの時期",
        "返品",
    )
    assert [word for word in asked if word not in words] == []
