"""The boxes of rights in the forms of events, polls and letters: ticked ones come first, many are folded by kind."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from werkzeug.test import TestResponse

from marketplace.gatherings import circulating
from marketplace.gatherings.for_whom import MOST_OPEN
from marketplace.gatherings.letters import Circular
from marketplace.kit.db import db, get
from marketplace.listings.models import Listing
from tests import given
from tests.gatherings.stage import BY
from tests.pages import submit
from tests.visiting import signed_in, visiting

FORMS = ("/staff/gatherings/new", "/staff/polls/new", "/staff/circulars/new")
CARDS = ["タヌキの郵便屋さん", "天狗の宅配", "かっぱの水泳", "座敷わらし", "雪女の休日", "山姥のカフェ"]
FOLDED = {"デジタル住民票": ["楓の証"], "キャラクタートレカ": CARDS}


def a_right(kind: str, title: str) -> int:
    return get(Listing, given.a_listing(kind=kind, title_ja=title)).right_id


@pytest.fixture
def many(app: Flask) -> dict[str, int]:
    """One more than are shown at once: {title: number}. The resident's is the youngest."""
    assert len(CARDS) == MOST_OPEN
    return {title: a_right("card", title) for title in CARDS} | {"楓の証": a_right("resident", "楓の証")}


def boxes(answer: TestResponse) -> tuple[list[str], dict[str, list[str]]]:
    """The titles that stand there at once, and those under each fold that says how many it has."""
    (field,) = re.findall(r'<fieldset[^>]* id="right_ids".*?</fieldset>', answer.text, re.DOTALL)
    first, *folds = field.split("<details")
    found = {}
    for fold in folds:
        kind, count = re.findall(r"<summary>([^（]+)（(\d+)件）", fold)[0]
        found[kind] = titles(fold)
        assert len(found[kind]) == int(count)
    return titles(first), found


def titles(html: str) -> list[str]:
    return re.findall(r'<span class="strong">([^<]*)</span>', html)


@pytest.mark.parametrize("form", FORMS)
def test_few_rights_stand_there_at_once(app: Flask, form: str) -> None:
    for title in CARDS:
        a_right("card", title)
    desk = given.signed_in(app.test_client(), given.staff("drafter"))
    assert boxes(desk.get(form)) == (CARDS, {})


@pytest.mark.parametrize("form", FORMS)
def test_many_rights_are_folded_by_their_kind_in_the_order_of_kinds(
    app: Flask, many: dict[str, int], form: str
) -> None:
    desk = given.signed_in(app.test_client(), given.staff("drafter"))
    open_, folded = boxes(desk.get(form))
    assert (open_, list(folded.items())) == ([], list(FOLDED.items()))


def test_what_is_ticked_comes_first_in_what_was_kept_and_in_a_form_that_comes_back(
    app: Flask, many: dict[str, int]
) -> None:
    letter = get(Circular, circulating.draft("便り", "雪です。", [many["天狗の宅配"], many["楓の証"]], BY))
    desk = given.signed_in(app.test_client(), given.staff("drafter"))
    path = f"/staff/circulars/{letter.code}/edit"
    rest = [title for title in CARDS if title != "天狗の宅配"]
    assert boxes(desk.get(path)) == (["楓の証", "天狗の宅配"], {"キャラクタートレカ": rest})
    back = submit(desk, path, {"body": " ", "right_ids": [many["かっぱの水泳"]]})
    without = [title for title in CARDS if title != "かっぱの水泳"]
    assert (back.status_code, boxes(back)) == (
        422,
        (["かっぱの水泳"], {"デジタル住民票": ["楓の証"], "キャラクタートレカ": without}),
    )


def test_a_right_that_there_is_not_is_refused_beside_the_boxes(app: Flask, many: dict[str, int]) -> None:
    desk = given.signed_in(app.test_client(), given.staff("drafter"))
    back = submit(desk, "/staff/circulars/new", {"title": "便り", "body": "雪です。", "right_ids": [999]})
    assert (back.status_code, 'id="right_ids-error"' in back.text) == (422, True)


def kept() -> list[int]:
    db.session.rollback()
    return db.session.scalars(sa.select(Circular)).one().right_ids


def begun(page: Page) -> Page:
    """A letter of which everything but its readers is written."""
    signed_in(page, given.staff("drafter"))
    page.goto("/staff/circulars/new")
    page.fill("[name=title]", "春の便り")
    page.fill("[name=body]", "山菜の季節です。")
    return page


@pytest.mark.browser
def test_without_javascript_a_kind_is_unfolded_and_says_that_something_in_it_is_ticked(
    browser: Browser, live_server: str, many: dict[str, int]
) -> None:
    with visiting(browser, live_server, java_script_enabled=False) as visitor:
        page = begun(visitor)
        expect(page.get_by_label("権利の名前でさがす")).to_be_hidden()
        cards = page.locator("summary", has_text="キャラクタートレカ")
        expect(cards.get_by_text("選んだ権利があります")).to_be_hidden()
        cards.click()
        page.get_by_label("雪女の休日").check()
        expect(cards.get_by_text("選んだ権利があります")).to_be_visible()
        page.get_by_role("button", name="次へ").click()
        expect(page.locator("main")).to_contain_text("読む方の画面")
    assert kept() == [many["雪女の休日"]]


@pytest.mark.browser
def test_a_right_is_found_by_its_name_and_what_is_ticked_stays_in_sight(page: Page, many: dict[str, int]) -> None:
    search = begun(page).get_by_label("権利の名前でさがす")
    search.fill("たぬき ﾕｳﾋﾞﾝ")
    expect(page.get_by_role("status").get_by_text("0件あります。")).to_be_visible()
    search.fill("たぬき 郵便")
    expect(page.locator("#right_ids li:visible")).to_have_text(["タヌキの郵便屋さん"])
    page.get_by_label("タヌキの郵便屋さん").check()
    search.fill("座敷")
    expect(page.get_by_role("status").get_by_text("1件あります。")).to_be_visible()
    expect(page.locator("#right_ids li:visible")).to_have_text(["タヌキの郵便屋さん", "座敷わらし"])
    search.press("Enter")
    page.get_by_label("座敷わらし").check()
    page.get_by_role("button", name="次へ").click()
    expect(page.locator("main")).to_contain_text("読む方の画面")
    assert kept() == sorted([many["タヌキの郵便屋さん"], many["座敷わらし"]])
