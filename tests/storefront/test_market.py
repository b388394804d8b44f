"""The tracker: figures that leave nothing unsaid, and the same in files."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.kit.clock import now
from marketplace.kit.db import get
from marketplace.listings.models import Listing
from marketplace.storefront.market import A_PAGE, spell
from tests import given
from tests.chainlogs import Chain, digest, somebody
from tests.pages import read
from tests.resale.stage import custody, heard, held_token

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def seller(app: Flask) -> int:
    return given.an_account("seller@example.jp")


def sold(chain: Chain, seller: int, yen: int, block: int, listing_id: int, buyer: str = "") -> int:
    token_id = held_token(chain, seller, listing_id, block)
    chain.sold(token_id, custody(seller), buyer or somebody(f"buyer {block}"), yen, block=block, number=block)
    heard(chain, token_id)
    return token_id


def parsed(client: FlaskClient, path: str) -> ET.Element:
    return ET.fromstring(client.get(path).data)  # noqa: S314 -- our own


@pytest.fixture
def listing_id(app: Flask, chain: Chain) -> int:
    return given.a_listing(quantity=100)


def test_what_is_left_out_is_shown_with_its_reason(
    chain: Chain, client: FlaskClient, seller: int, listing_id: int
) -> None:
    sold(chain, seller, 4_000, 3, listing_id)
    sold(chain, seller, 900_000, 4, listing_id, buyer=custody(seller))
    words = read(client.get("/market")).words
    trades = words.partition("最近の取引（新しい順）")[2].partition("集計から除く取引の決まり")[0]
    assert trades.count("集計から除外") == 1
    assert "売り手と買い手が同じ住所" in trades
    assert "4,000円" in words.partition("取引額の合計")[2][:12]
    assert "1件と、その理由" in words


def drawn(client: FlaskClient) -> tuple[int, int, list[str]]:
    """How many dots and lines the chart of prices has, and which of the sentences about it there are."""
    page = client.get("/market").text
    told = ("図にする取引は、まだありません。", "取引は、まだ1件だけです。", "点は1件ずつの取引、線は中央値です。")
    return page.count("<circle"), page.count("<polyline"), [each for each in told if each in page]


def test_prices_are_drawn_once_there_are_some_and_joined_once_there_are_two(
    chain: Chain, client: FlaskClient, seller: int, listing_id: int
) -> None:
    """Each chart stands there twice: for a desk and for a telephone."""
    sold(chain, seller, 900_000, 3, listing_id, buyer=custody(seller))
    assert drawn(client) == (0, 0, ["図にする取引は、まだありません。"])
    sold(chain, seller, 4_000, 4, listing_id)
    assert drawn(client) == (2, 0, ["取引は、まだ1件だけです。"])
    sold(chain, seller, 5_000, 5, listing_id)
    assert drawn(client) == (4, 2, ["点は1件ずつの取引、線は中央値です。"])


def test_fewer_than_five_holders_are_not_counted_in_public(
    chain: Chain, client: FlaskClient, seller: int, listing_id: int
) -> None:
    sold(chain, seller, 4_000, 3, listing_id)
    words = read(client.get("/market")).words
    assert "5人未満" in words.partition("持っている方")[2][:10]
    assert "5人未満" in read(client.get("/")).words.partition("お持ちの方")[2][:10]
    assert client.get("/api/v1/market").get_json()["town"]["holders"] is None


def test_nothing_is_promised_and_freshness_is_said(
    chain: Chain, client: FlaskClient, seller: int, listing_id: int
) -> None:
    sold(chain, seller, 4_000, 3, listing_id)
    words = read(client.get("/market")).words
    assert "町が約束するものではありません" in words
    assert "町の権利が最後に動いたのは" in words


def test_every_trade_can_be_read_with_its_transaction(
    chain: Chain, client: FlaskClient, seller: int, listing_id: int
) -> None:
    for block in range(3, 3 + A_PAGE + 2):
        sold(chain, seller, 1_000 + block, block, listing_id)
    hashes = [digest("tx", f"sale {block}") for block in range(3, 3 + A_PAGE + 2)]
    pages = [client.get(f"/market?page={page}").text for page in (1, 2)]
    assert [[hash_ in page for hash_ in hashes].count(True) for page in pages] == [A_PAGE, 2]
    strange = [client.get(f"/market?page={page}").status_code for page in ("0", "-1", "x", "999999999", "²")]
    assert strange == [200] * 5


def test_how_long_a_sale_takes_is_the_middle_of_all(
    chain: Chain, client: FlaskClient, seller: int, listing_id: int
) -> None:
    tokens = [held_token(chain, seller, listing_id, serial) for serial in (1, 2, 3)]
    for number, (token_id, minutes) in enumerate(zip(tokens, (60, 180, 6_000), strict=True)):
        chain.listed(
            token_id, custody(seller), 700, block=10 + number, number=number, expires=now() + timedelta(days=9)
        )
        chain.sold(token_id, custody(seller), somebody("hana"), 700, block=10 + number + minutes, number=number)
    heard(chain, *tokens)
    assert "売れるまで まん中で3時間" in read(client.get("/market")).words


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "1分未満"), (59, "1分未満"), (60, "1分"), (7_199, "1時間"), (200_000, "2日")]
)
def test_a_span_is_said_in_its_largest_unit(seconds: int, words: str) -> None:
    assert spell(timedelta(seconds=seconds)) == words


def test_the_feed_tells_the_newest_trades(chain: Chain, client: FlaskClient, seller: int, listing_id: int) -> None:
    other = given.a_listing(kind="card", title_ja="こごみの<コゴ>")
    sold(chain, seller, 4_000, 3, listing_id)
    sold(chain, seller, 5_000, 4, other)
    code = get(Listing, other).right.code
    feed = parsed(client, "/market.atom")
    titles = [entry.findtext(f"{ATOM}title") for entry in feed.iter(f"{ATOM}entry")]
    ids = {entry.findtext(f"{ATOM}id") for entry in feed.iter(f"{ATOM}entry")}
    assert titles == [
        "こごみの<コゴ> 4番が5,000円で売買されました",
        "デジタル住民票 第3弾「四季」 3番が4,000円で売買されました",
    ]
    assert (len(ids), feed.findtext(f"{ATOM}updated")) == (2, "2026-04-20T00:04:00+00:00")
    narrowed = parsed(client, f"/market.atom?right={code}")
    assert len(list(narrowed.iter(f"{ATOM}entry"))) == 1
    assert client.get("/market.atom?right=RGT-NOBODY").status_code == 404


def test_an_empty_feed_is_a_feed(chain: Chain, client: FlaskClient) -> None:
    feed = parsed(client, "/market.atom")
    assert (list(feed.iter(f"{ATOM}entry")), feed.findtext(f"{ATOM}updated")) == ([], "1970-01-01T00:00:00+00:00")


def test_the_figures_of_each_series_are_a_file_too(
    chain: Chain, client: FlaskClient, seller: int, listing_id: int
) -> None:
    sold(chain, seller, 4_000, 3, listing_id)
    found = client.get("/api/v1/market").get_json()
    right = get(Listing, listing_id).right
    assert (found["series"][0]["right"], found["series"][0]["figures"]) == (
        right.code,
        {
            "sales": 1,
            "volume_yen": 4_000,
            "median_yen": 4_000,
            "floor_yen": None,
            "offered": 0,
            "issued": 1,
            "holders": None,
            "royalties_yen": 200,
            "royalties_expected_yen": 200,
            "excluded": {},
        },
    )
