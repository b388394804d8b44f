from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.kit.db import get
from marketplace.listings.models import Listing, ListingState
from tests import given
from tests.pages import PageForm, read, send, submit


@pytest.fixture
def draft(app: Flask, client: FlaskClient) -> tuple[FlaskClient, int, str]:
    """(the drafter's browser, a draft, the path of its form)."""
    listing_id = given.a_listing(state="draft")
    given.signed_in(client, given.staff("drafter"))
    return client, listing_id, f"/staff/listings/{get(Listing, listing_id).code}/edit"


def opened(client: FlaskClient, path: str) -> PageForm:
    return read(client.get(path)).form(path)


def test_the_later_save_of_two_windows_is_asked_first_and_nothing_typed_is_lost(
    draft: tuple[FlaskClient, int, str],
) -> None:
    client, listing_id, path = draft
    first, second = opened(client, path), opened(client, path)
    assert send(client, first, {"title_ja": "一つめの窓", "price_yen": "5,000"}).status_code == 303
    answer = send(client, second, {"title_ja": "二つめの窓"})
    page = read(answer)
    assert (answer.status_code, get(Listing, listing_id).right.title_ja) == (409, "一つめの窓")
    assert [text in page.words for text in ("前: 一つめの窓", "後: 二つめの窓", "前: 5,000円", "後: 3,000円")] == [
        True
    ] * 4
    form = page.form(path)
    assert form.value("title_ja") == "二つめの窓"
    assert send(client, form).status_code == 303
    assert (get(Listing, listing_id).right.title_ja, get(Listing, listing_id).price_yen) == ("二つめの窓", 3_000)


def test_saving_again_from_a_page_opened_anew_is_no_conflict(draft: tuple[FlaskClient, int, str]) -> None:
    client, _, path = draft
    assert [submit(client, path, {"title_ja": name}).status_code for name in ("一", "二")] == [303, 303]


@pytest.mark.parametrize("state", ["submitted", "approved", "open", "completed"])
def test_what_has_left_the_drafters_hands_is_not_saved_and_what_was_typed_stays(
    app: Flask, client: FlaskClient, state: str
) -> None:
    listing_id = given.a_listing(state="draft")
    given.signed_in(client, given.staff("drafter"))
    path = f"/staff/listings/{get(Listing, listing_id).code}/edit"
    form = opened(client, path)
    other = given.a_listing(state=state)
    form.action = f"/staff/listings/{get(Listing, other).code}/edit"
    answer = send(client, form, {"title_ja": "あとから直した名前"})
    assert (answer.status_code, get(Listing, other).state) == (409, ListingState(state))
    assert "あとから直した名前" in answer.text
    assert get(Listing, other).right.title_ja == given.values()["title_ja"]
