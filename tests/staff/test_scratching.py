from __future__ import annotations

import re
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, expect
from werkzeug.test import TestResponse

from marketplace.kit.db import db, get
from marketplace.listings import scratches
from marketplace.listings.models import Listing, Scratch
from tests import given
from tests.pages import PageForm, read, send
from tests.visiting import signed_in, visiting

NEW = "/staff/listings/new"


@pytest.fixture
def drafter(app: Flask, client: FlaskClient) -> FlaskClient:
    return given.signed_in(client, given.staff("drafter"))


def opened(client: FlaskClient, path: str = f"{NEW}?template=park", action: str = NEW) -> PageForm:
    return read(client.get(path)).form(action)


def in_the_background(client: FlaskClient, form: PageForm, **typed: str) -> TestResponse:
    """What the script of the page sends."""
    data: dict[str, Any] = {**form.values, **typed}
    return client.post("/staff/scratch", data=data, headers={"Accept": "application/json"})


def by_the_button(client: FlaskClient, form: PageForm, **typed: str) -> TestResponse:
    return client.post("/staff/scratch", data={**form.values, **typed})


@pytest.mark.parametrize("typed", ["9" * 400, "1e400", "1e999999"])
def test_a_share_beyond_all_numbers_is_kept_as_it_was_typed(drafter: FlaskClient, typed: str) -> None:
    assert in_the_background(drafter, opened(drafter), royalty_bps=typed).status_code == 200
    assert [each.typed["royalty_bps"] for each in db.session.scalars(sa.select(Scratch))] == [[typed]]


def test_a_script_keeps_the_form_and_gets_the_page_of_buyers_back(drafter: FlaskClient) -> None:
    form = opened(drafter)
    kept = in_the_background(drafter, form, title_ja="新しい公園の名前", lead_ja="いまだけ").json
    assert kept is not None
    said = re.fullmatch(r"書きかけを自動で保存しました（午[前後]\d+時\d\d分）", kept["said"])
    assert (kept["scratch_no"], said is None) == (1, False)
    assert [text in kept["preview"] for text in ("新しい公園の名前", "言葉「いまだけ」", "せり売形式")] == [True] * 3
    form.values |= {"scratch": [kept["scratch"]], "scratch_no": [str(kept["scratch_no"])]}
    again = in_the_background(drafter, form, title_ja="もっと新しい名前").json
    assert again is not None
    assert (again["scratch"], again["scratch_no"]) == (kept["scratch"], 2)


@pytest.mark.parametrize("template", ["resident", "card", "lecture", "park", "canoe"])
def test_a_form_with_nothing_in_it_has_a_preview_too(drafter: FlaskClient, template: str) -> None:
    form = opened(drafter, f"{NEW}?template={template}")
    empty = {
        name: ""
        for name in form.values
        if name not in ("csrf_token", "kind", "mode", "verification", "age_by", "chance", "tax", "budget")
    }
    kept = in_the_background(drafter, form, **empty)
    assert (kept.status_code, "買う人の画面" in kept.get_json()["preview"]) == (200, True)


@pytest.mark.parametrize("field", ["kind", "mode", "verification", "legal_basis"])
def test_a_choice_that_is_on_no_list_is_kept_and_has_no_preview(drafter: FlaskClient, field: str) -> None:
    form = opened(drafter)
    assert in_the_background(drafter, form, **{field: "weapon"}).get_json()["preview"] == ""
    assert send(drafter, form, {field: "weapon"}).status_code == 422


def test_without_a_script_a_button_keeps_it_and_one_goes_on_later(drafter: FlaskClient) -> None:
    answer = by_the_button(drafter, opened(drafter), title_ja="途中の名前", price_yen="せんえん")
    assert answer.location in read(drafter.get("/staff/listings")).links
    form = opened(drafter, answer.location)
    assert (form.value("title_ja"), form.value("price_yen"), form.errors) == ("途中の名前", "せんえん", {})
    assert send(drafter, form, {"price_yen": "100,000"}).status_code == 303
    assert scratches.of(given.staff("drafter")) == []
    assert drafter.get(answer.location).status_code == 404


def test_the_later_of_two_windows_is_asked_before_it_overwrites(drafter: FlaskClient) -> None:
    path = by_the_button(drafter, opened(drafter), title_ja="はじめ").location
    first, second = opened(drafter, path), opened(drafter, path)
    assert by_the_button(drafter, first, title_ja="一つめの窓").status_code == 303
    scripted = in_the_background(drafter, second, title_ja="二つめの窓")
    assert (scripted.status_code, scripted.get_json()["code"]) == (409, "overtaken")
    answer = by_the_button(drafter, second, title_ja="二つめの窓")
    assert (answer.status_code, read(answer).form(NEW).value("title_ja")) == (409, "二つめの窓")
    assert opened(drafter, path).value("title_ja") == "一つめの窓"
    assert by_the_button(drafter, read(answer).form(NEW), anyway="y").status_code == 303
    assert opened(drafter, path).value("title_ja") == "二つめの窓"


def test_a_draft_offers_what_was_not_saved_and_can_throw_it_away(app: Flask, drafter: FlaskClient) -> None:
    listing = get(Listing, given.a_listing(state="draft"))
    edit = f"/staff/listings/{listing.code}/edit"
    path = by_the_button(drafter, opened(drafter, edit, edit), title_ja="途中").location
    assert path in read(drafter.get(edit)).links
    assert opened(drafter, path, edit).value("title_ja") == "途中"
    assert opened(drafter, edit, edit).value("title_ja") == listing.right.title_ja
    form = read(drafter.get(edit)).form(f"{path}/discard")
    assert send(drafter, form).location == edit
    assert "保存していない書きかけ" not in read(drafter.get(edit)).words


def test_what_one_is_writing_is_for_nobody_else(app: Flask, drafter: FlaskClient) -> None:
    path = by_the_button(drafter, opened(drafter), title_ja="ひみつ").location
    other = given.signed_in(app.test_client(), given.staff("drafter", email="other@town.example.jp"))
    assert (other.get(path).status_code, path in read(other.get("/staff/listings")).links) == (404, False)
    approver = given.signed_in(app.test_client(), given.staff("approver"))
    token = read(approver.get("/account")).form("/account").values["csrf_token"]
    assert approver.post("/staff/scratch", data={"csrf_token": token}).status_code == 403


@pytest.mark.browser
def test_who_comes_back_from_what_was_sent_is_kept_again(app: Flask, browser: Browser, live_server: str) -> None:
    """A browser shows the page as it was left, with its script as it was left."""
    with visiting(browser, live_server) as page:
        signed_in(page, given.staff("drafter"))
        page.goto(f"{NEW}?template=park")
        left_and_back = "window.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))"
        page.locator("[data-keep]").evaluate(f"form => {{ form.dispatchEvent(new Event('submit')); {left_and_back} }}")
        page.fill("[name=title_ja]", "山菜トレカ")
        expect(page.locator("[data-keep-said]")).to_contain_text("保存しました")
    (kept,) = scratches.of(given.staff("drafter"))
    assert kept.typed["title_ja"] == ["山菜トレカ"]
