from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.kit.clock import now
from marketplace.kit.db import db, get
from marketplace.listings import approving, drafting
from marketplace.listings.cloning import LEAD
from marketplace.listings.facts import values_of
from marketplace.listings.models import Listing
from tests import given
from tests.pages import read, submit


@pytest.fixture
def desk(app: Flask, client: FlaskClient) -> tuple[FlaskClient, int, str]:
    """(the approver's browser, a listing that was sent back, changed and submitted again, its page of approval)."""
    listing_id, drafter = given.a_listing(state="submitted"), given.staff("drafter")
    approving.send_back(listing_id, given.staff("approver"), "価格の根拠を")
    drafting.revise(listing_id, drafter, values_of(get(Listing, listing_id)) | {"price_yen": 54_321})
    drafting.submit(listing_id, drafter)
    path = f"/staff/listings/{get(Listing, listing_id).code}/review"
    return given.signed_in(client, given.staff("approver")), listing_id, path


def test_the_approver_reads_what_changed_since_they_sent_it_back(desk: tuple[FlaskClient, int, str]) -> None:
    client, _, path = desk
    words = read(client.get(path)).words
    assert "第1版（あなたが前に確かめた版）から、1か所が変わりました。" in words
    assert "後: 54,321円" in words


def test_a_first_version_has_nothing_to_compare_with(app: Flask, client: FlaskClient) -> None:
    given.signed_in(client, given.staff("approver"))
    code = get(Listing, given.a_listing(state="submitted")).code
    assert "はじめての版です。" in read(client.get(f"/staff/listings/{code}/review")).words


def test_a_copy_begins_as_the_earlier_sale_in_two_weeks_and_is_compared_with_it(
    app: Flask, client: FlaskClient
) -> None:
    rules = {"draw": "drand", "entry": {"address": False, "retain_days": 30}, "waiting": 5}
    source = get(Listing, given.a_listing("lottery", state="completed", price_yen=1_234, auction_rules=rules))
    given.signed_in(client, given.staff("drafter"))
    path = f"/staff/listings/new/like/{source.code}"
    assert path in read(client.get("/staff/listings/new")).links
    assert path in read(client.get(f"/staff/listings/{source.code}/preview")).links
    answer = submit(client, path, {"title_ja": "第4弾"}, action="/staff/listings/new")
    assert answer.status_code == 303
    made = db.session.scalars(sa.select(Listing).where(Listing.cloned_from_id == source.id)).one()
    assert (made.price_yen, made.auction_rules, made.right.terms) == (
        1_234,
        {**rules, "entry": made.auction_rules["entry"] if made.auction_rules else {}},
        source.right.terms,
    )
    assert timedelta(0) <= now() + LEAD - made.opens_at < timedelta(days=1, minutes=1)
    drafting.submit(made.id, given.staff("drafter"))
    given.signed_in(client, given.staff("approver"))
    words = read(client.get(f"/staff/listings/{made.code}/review")).words
    assert f"もとにした出品 {source.code}から" in words
    assert "後: 第4弾" in words


def test_another_version_can_be_chosen_and_a_wrong_one_is_no_harm(desk: tuple[FlaskClient, int, str]) -> None:
    client, listing_id, path = desk
    drafter, other = given.staff("drafter"), given.staff("approver", email="other@town.example.jp")
    approving.send_back(listing_id, other, "もう一度")
    drafting.submit(listing_id, drafter)
    said = {asked: read(client.get(f"{path}?with={asked}")).words for asked in ("", "2", "99", "source")}
    assert {asked: "第2版から、何も変わっていません。" in words for asked, words in said.items()} == {
        "": False,
        "2": True,
        "99": False,
        "source": False,
    }
