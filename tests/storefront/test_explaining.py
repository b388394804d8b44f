"""Nobody needs to know what a blockchain is: it is explained in plain words, in pictures, and by people."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

import marketplace
from marketplace.art.comic import panels
from marketplace.settings import Settings
from tests import given
from tests.pages import read

HOUSE = Path(marketplace.__file__).parent
EXPLAINING = {
    "storefront/about.html",
    "storefront/status.html",
    "storefront/market.html",
    "privacy/policy.html",
    "storefront/terms/1.html",
    "auditing/heads.html",
    "continuity/check.html",
    "resale/wallet.html",
    "accounts/show.html",
}
"""Pages that are there to explain, or for those who asked for it."""
FOR_STAFF = re.compile(r"staff/|operating/|auditing/pack|desk")


def templates() -> dict[str, str]:
    found = {}
    for path in HOUSE.rglob("templates/**/*"):
        name = path.as_posix().rpartition("/templates/")[2]
        if path.is_file() and not FOR_STAFF.search(name):
            found[name] = path.read_text(encoding="utf-8")
    return found


def test_words_of_the_trade_stand_only_where_they_are_explained() -> None:
    bare = re.compile(r"NFT|(?<!帳面（)ブロックチェーン|ミント|ガス代")
    found = {name: bare.findall(text) for name, text in templates().items() if name not in EXPLAINING}
    assert {name: words for name, words in found.items() if words} == {}


def test_who_comes_for_the_first_time_sees_the_comic_and_later_a_line(client: FlaskClient) -> None:
    first = client.get("/").text
    assert [f"/static/img/comic-{n}.svg" in first for n in (1, 2, 3, 4)] == [True] * 4
    assert client.get("/display?comic=read&next=/").headers["Location"] == "/"
    later = client.get("/").text
    comic = re.compile(r'<details class="folded"><summary><h2 id="comic">')
    assert (comic.search(first), comic.search(later) is not None) == (None, True)


def test_each_panel_is_drawn_by_the_house_and_told_in_words(client: FlaskClient) -> None:
    drawn = [panel.svg() for panel in panels()]
    assert [(HOUSE / f"static/img/comic-{n}.svg").read_text(encoding="utf-8") for n in (1, 2, 3, 4)] == drawn
    assert all("<text" not in svg for svg in drawn)
    described = re.findall(r'comic-\d\.svg" alt="([^"]+)"', client.get("/").text)
    assert (len(described), len(set(described))) == (4, 4)


@pytest.mark.parametrize("path", ["/", "/listings", "/signin", "/help", "/nowhere"])
def test_every_page_leads_to_people(client: FlaskClient, settings: Settings, path: str) -> None:
    main = client.get(path).text.partition("<main")[2].partition("</main>")[0]
    assert settings.town_phone in main


def test_the_desk_is_not_told_to_call_itself(client: FlaskClient) -> None:
    given.signed_in(client, given.staff("drafter"))
    assert "画面でお困りのときは" not in read(client.get("/staff")).words


def test_the_questions_tell_how_to_use_how_to_check_and_what_happens_if(client: FlaskClient) -> None:
    page = client.get("/help").text
    assert [f'id="{name}"' in page for name in ("perk", "check-a-draw", "what-if")] == [True] * 3


def test_the_questions_and_the_notice_of_the_law_say_the_same_of_cancelling(client: FlaskClient) -> None:
    words = "お支払いの前は、定額・抽選の申し込みを取り消せます。オークションの入札は取り消せません。"
    assert [words in client.get(path).text for path in ("/help", "/law")] == [True, True]
