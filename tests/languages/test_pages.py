"""An English page says nothing in Japanese but what the town wrote in it, and no page breaks in any language."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.kit.db import db, get
from marketplace.kit.languages import JAPANESE_ONLY, Language
from marketplace.listings.models import Listing
from marketplace.rights.models import Right
from marketplace.settings import settings
from tests import given
from tests.auctions.endings import ended
from tests.lotteries.applied import drawn
from tests.pages import submit
from tests.receipts.bought import paid
from tests.waiting.stage import a_room, open_it

pytestmark = pytest.mark.on_sqlite
KANA = re.compile("[\u3041-\u3096\u30a1-\u30fa]+")
TABLE = Path(__file__).parents[1] / "access/pages.txt"
LANGUAGES = ("日本語", "やさしい日本語")
FIGURES = {"/metrics"}
"""For machines."""


def addresses() -> Iterator[str]:
    """The pages of the table of access that need no parameter and no role."""
    for line in TABLE.read_text("utf-8").splitlines():
        found = re.fullmatch(r"GET\s+(\S+)\s+200\s+(?:everybody|signed in)", line)
        if found and "<" not in found[1] and not found[1].startswith(JAPANESE_ONLY):
            yield found[1]


def of_a_sale(mode: str) -> list[str]:
    listing = get(Listing, given.a_listing(mode))
    path = f"/listings/{listing.code}"
    more = {"lottery": ["/draw", "/enter"], "ascending": ["/bids", "/bid"], "sealed": ["/bids"]}
    return [
        path,
        f"{path}/law",
        f"/embed/{listing.code}",
        *(path + each for each in more.get(mode, [])),
    ]


@pytest.fixture
def reader(app: Flask, client: FlaskClient) -> FlaskClient:
    return given.signed_in(client, given.an_account())


def own_words() -> list[str]:
    """What the town and its people wrote."""
    town = settings()
    words: list[str] = [
        *LANGUAGES,
        town.town_name,
    ]
    for right in db.session.scalars(sa.select(Right)):
        words += [right.title_ja, right.lead_ja, right.picture_alt]
        words += [] if right.body_en else [right.body_ja]
        words += [] if right.resale_rule_en else [right.resale_rule_ja]
        words += [line["ja"] for line in (*right.perks, *right.terms)]
    return sorted(filter(None, words), key=len, reverse=True)


def kana_on(client: FlaskClient, path: str) -> list[str]:
    answer = client.get(path)
    if answer.mimetype != "text/html":
        return []
    page = answer.get_data(as_text=True)
    for words in own_words():
        page = page.replace(words, "")
    return [line.strip() for line in page.splitlines() if KANA.search(line)]


def test_pages_in_english_are_in_english(reader: FlaskClient) -> None:
    reader.get("/display?language=en")
    left = {path: kana_on(reader, path) for path in addresses() if path not in FIGURES}
    assert {path: lines for path, lines in left.items() if lines} == {}


@pytest.mark.parametrize("mode", ["fixed", "lottery", "ascending", "sealed"])
def test_pages_of_a_sale_in_english_are_in_english(reader: FlaskClient, mode: str) -> None:
    paths = of_a_sale(mode)
    reader.get("/display?language=en")
    left = {path: kana_on(reader, path) for path in paths}
    assert {path: lines for path, lines in left.items() if lines} == {}


def test_a_figure_has_a_word_behind_it_where_the_language_has_one(reader: FlaskClient) -> None:
    given.a_listing("fixed")
    japanese = reader.get("/").text
    reader.get("/display?language=en")
    assert ("<dd>1<small>件</small></dd>" in japanese, "<dd>1</dd>" in reader.get("/").text) == (True, True)


@pytest.mark.parametrize("language", list(Language))
def test_no_page_breaks_in_any_language(app: Flask, reader: FlaskClient, language: Language) -> None:
    stranger = app.test_client()
    for client in (reader, stranger):
        client.get(f"/display?language={language}")
    paths = [*addresses(), *of_a_sale("fixed"), *of_a_sale("lottery"), *of_a_sale("ascending")]
    broken = [path for path in paths for client in (reader, stranger) if client.get(path).status_code >= 500]
    assert broken == []


def test_what_became_of_a_draw_and_an_auction_in_english_is_in_english(reader: FlaskClient) -> None:
    drawn(3)
    auction, _people = ended("ascending", 5000, 9000)
    reader.get("/display?language=en")
    assert kana_on(reader, "/results") + kana_on(reader, f"/listings/{auction.code}/result") == []


def test_an_order_in_english_is_in_english(reader: FlaskClient) -> None:
    listing = get(Listing, given.a_listing("fixed"))
    reader.get("/display?language=en")
    path = f"/listings/{listing.code}"
    order = submit(reader, path, action=f"{path}/order").headers["Location"]
    assert kana_on(reader, order) == []


@pytest.mark.parametrize("state", ["published", "open"])
def test_a_waiting_room_in_english_is_in_english(reader: FlaskClient, state: str) -> None:
    room, _ = a_room(people=1)
    reader.get("/display?language=en")
    path = f"/listings/{room.code}"
    left = kana_on(reader, path) + kana_on(reader, f"{path}/waiting")
    submit(reader, f"{path}/waiting", action=f"{path}/waiting")
    if state == "open":
        open_it(room)
    assert left + kana_on(reader, f"{path}/waiting") == []


def test_a_receipt_in_english_is_in_english(app: Flask, client: FlaskClient) -> None:
    buyer = given.an_account()
    path = f"/orders/{paid(buyer_id=buyer).code}/receipt"
    given.signed_in(client, buyer).get("/display?language=en")
    before = kana_on(client, path)
    submit(client, path, {"addressee": "Hana"}, action=path)
    assert before + kana_on(client, path) == []


def test_the_town_is_called_in_english_what_it_calls_itself(reader: FlaskClient) -> None:
    reader.get("/display?language=en")
    page = reader.get("/help").text
    assert settings().town_office_en in page
    assert settings().town_hours_en in page
    assert settings().town_hours not in page


def test_the_record_of_a_sale_in_english_is_in_english(reader: FlaskClient) -> None:
    listing = get(Listing, given.a_listing("lottery", state="closed"))
    reader.get("/display?language=en")
    assert kana_on(reader, f"/listings/{listing.code}/record") + kana_on(reader, "/records?q=x") == []
