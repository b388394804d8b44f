"""What anybody may look up: a token, the resale record, the fund."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.fund.models import Account as Book
from marketplace.fund.posting import post
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, transaction
from marketplace.listings.models import Listing
from marketplace.storefront.tokens import holder
from marketplace.tokens.models import NOBODY
from tests import given
from tests.chainlogs import Chain, somebody
from tests.pages import read
from tests.resale.stage import heard, held_token, token

HANA, KEN = somebody("hana"), somebody("ken")


@pytest.fixture
def seller(app: Flask) -> int:
    return given.an_account("seller@example.jp")


def path_of(token_id: int) -> str:
    return str(token(token_id).path)


def test_a_holder_is_named_by_the_end_of_the_address_and_the_town_by_its_name() -> None:
    assert [holder(address) for address in (None, NOBODY, "0x" + "0" * 36 + "0AA3")] == [
        "まだいません",
        "町",
        "持ち主 0aa3",
    ]


def test_a_token_shows_the_hands_it_went_through(chain: Chain, client: FlaskClient, seller: int) -> None:
    token_id = held_token(chain, seller, kind="card", title_ja="こごみのコゴ")
    first = str(token(token_id).holder_address)
    chain.sold(token_id, first, HANA, 3_800, block=5, number=1)
    chain.transfer(token_id, HANA, KEN, block=6)
    heard(chain, token_id)
    answer = client.get(path_of(token_id))
    assert answer.status_code == 200
    record = read(answer).words.partition("持ち主のうつりかわり（古い順）")[2].partition("できること")[0]
    told = re.findall("(?<=分)(発行|売買|ゆずりわたし)|([0-9,]+円)", record)
    assert ["".join(found) for found in told] == ["発行", "売買", "3,800円", "190円", "ゆずりわたし"]
    assert f"持ち主 {KEN[-4:].lower()}" in read(answer).words.partition("いまの持ち主")[2][:60]


def test_only_its_holder_is_offered_to_sell_a_token(chain: Chain, app: Flask, client: FlaskClient, seller: int) -> None:
    path = path_of(held_token(chain, seller))
    offer = f"{path}/offer"
    assert offer not in read(client.get(path)).links
    assert offer in read(given.signed_in(app.test_client(), seller).get(path)).links
    assert offer not in read(given.signed_in(app.test_client(), given.an_account()).get(path)).links


def test_a_page_with_a_name_on_it_is_never_kept_for_others(
    chain: Chain, app: Flask, client: FlaskClient, seller: int
) -> None:
    path = path_of(held_token(chain, seller))
    assert client.get(path).headers["Cache-Control"] == "public, max-age=1"
    assert given.signed_in(app.test_client(), seller).get(path).headers["Cache-Control"] == "private, max-age=1"


def test_a_token_has_one_address_whatever_the_capitals(chain: Chain, client: FlaskClient, seller: int) -> None:
    path = path_of(held_token(chain, seller))
    answer = client.get(path.lower())
    assert (answer.status_code, answer.headers["Location"]) == (301, path)


@pytest.mark.parametrize("wrong", ["/tokens/{contract}/999", "/tokens/0x0/{token_id}"])
def test_a_token_that_is_not_ours_is_not_found(chain: Chain, client: FlaskClient, seller: int, wrong: str) -> None:
    token_id = held_token(chain, seller)
    assert client.get(wrong.format(contract=token(token_id).contract, token_id=token_id)).status_code == 404


def test_an_empty_market_says_so(app: Flask, client: FlaskClient) -> None:
    words = read(client.get("/market")).words
    assert "まだ取引はありません。" in words
    assert "グラフ" not in words


def test_the_market_shows_every_sale_and_what_is_on_offer(chain: Chain, client: FlaskClient, seller: int) -> None:
    sold, offered = (held_token(chain, seller, listing, 1) for listing in (given.a_listing(), given.a_listing()))
    chain.sold(sold, str(token(sold).holder_address), HANA, 4_000, block=5, number=1)
    chain.listed(offered, str(token(offered).holder_address), 900, block=6, number=2, expires=now() + timedelta(days=9))
    heard(chain, sold, offered)
    page = read(client.get("/market"))
    assert "4,000円" in page.words.partition("最近の取引")[2]
    assert "900円" in page.words.partition("いま売りに出ているもの")[2]
    assert {path_of(sold), path_of(offered)} <= set(page.links)


def test_the_market_of_one_right_leaves_the_others_out(chain: Chain, client: FlaskClient, seller: int) -> None:
    listings = [given.a_listing(kind="card", title_ja=title) for title in ("こごみのコゴ", "タケゾウ")]
    for n, (listing_id, yen) in enumerate(zip(listings, (4_000, 7_000), strict=True), start=1):
        token_id = held_token(chain, seller, listing_id)
        chain.sold(token_id, str(token(token_id).holder_address), HANA, yen, block=5 + n, number=n)
        heard(chain, token_id)
    code = get(Listing, listings[0]).right.code
    trades = read(client.get(f"/market?right={code}")).words.partition("最近の取引（新しい順）")[2]
    assert ("4,000円" in trades, "7,000円" in trades) == (True, False)
    assert client.get("/market?right=RGT-NOBODY").status_code == 404


def test_the_market_asks_the_database_as_often_for_many_sales_as_for_one(
    chain: Chain, client: FlaskClient, seller: int
) -> None:
    asked: list[str] = []
    sa.event.listen(db.engine, "before_cursor_execute", lambda _c, _cur, text, *_more: asked.append(text))
    listing_id = given.a_listing()

    def queries(serials: range) -> int:
        for serial in serials:
            token_id = held_token(chain, seller, listing_id, serial)
            chain.sold(token_id, str(token(token_id).holder_address), HANA, 500, block=9 + serial, number=serial)
            heard(chain, token_id)
        asked.clear()
        assert client.get("/market").status_code == 200
        return len(asked)

    assert queries(range(1, 2)) == queries(range(2, 6))


def test_the_market_is_not_sent_twice_to_who_has_it(app: Flask, client: FlaskClient) -> None:
    first = client.get("/market")
    again = client.get("/market", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_the_fund_shows_what_came_in_and_what_it_cost(app: Flask, client: FlaskClient) -> None:
    with transaction():
        post("txn_1", "charge", [(Book.STRIPE, 9_640), (Book.FEES, 360), (Book.COLLECTED, -10_000)], at=now())
    words = read(client.get("/fund")).words
    shown = re.findall("−?[0-9,]+円", words.partition("お金の道すじ")[2])[:5]
    assert shown == ["10,000円", "−360円", "0円", "9,640円", "0円"]
    assert "帳簿は合っています" in words


def test_the_fund_says_where_the_royalties_stand_that_are_not_among_its_figures(
    app: Flask, client: FlaskClient
) -> None:
    page = read(client.get("/fund"))
    assert "還元金は、円トークン（公開の帳面の上の円）で基金の住所に届きます。" in page.words
    assert "このページの数字には入りません。" in page.words


def test_an_empty_fund_is_a_page_too(app: Flask, client: FlaskClient) -> None:
    assert "まだ入金はありません。" in read(client.get("/fund")).words
