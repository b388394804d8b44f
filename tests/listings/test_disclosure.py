from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.kit.db import get
from marketplace.listings.disclosure import disclosed
from marketplace.listings.models import Listing
from marketplace.orders.models import Order
from marketplace.orders.placing import place
from marketplace.settings import Settings
from tests import given
from tests.pages import read

DEPOSIT = {"taking_part": {"verification": "deposit", "deposit_yen": 5_000}}
SIX = ["分量", "販売価格（対価）", "支払いの時期と方法", "引き渡しの時期", "申し込みの期間", "申し込みの取り消し・返金"]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    agent = {"payment_agent": "月見沢カード株式会社", "payment_agent_notice": "令和8年月見沢町告示第12号"}
    return settings.model_copy(update={**agent, "invoice_number": "T1234567890123"})


@pytest.mark.parametrize(
    ("mode", "more", "said"),
    [
        ("fixed", {}, ["お一人さま1点まで", "3,000円（税込）", "15分以内", "お支払いの前は、いつでも取り消せます"]),
        ("lottery", {}, ["1口まで", "当選のお知らせから72時間以内", "締め切りまで取り下げられます"]),
        ("ascending", {}, ["3,000円（税込） から", "落札のお知らせから72時間以内", "落札の資格を失います"]),
        ("sealed", {"auction_rules": DEPOSIT}, ["全1点", "入札は取り消せません", "落札の資格と保証金を失います"]),
        ("fixed", {"closes_at": None}, ["なくなるまで"]),
    ],
)
def test_the_six_things_are_told_out_of_the_sale_itself(
    app: Flask, mode: str, more: dict[str, Any], said: list[str]
) -> None:
    told = disclosed(get(Listing, given.a_listing(mode, state="draft", **more)))
    everything = " ".join(how for _, how in told)
    assert ([what for what, _ in told], [text for text in said if text not in everything]) == (SIX, [])


def test_each_sale_has_its_notice_with_seller_agent_and_basis(app: Flask, client: FlaskClient) -> None:
    listing = get(
        Listing, given.a_listing(legal_basis="unsuited", basis_note="多くの方に同じ値段で", issuer="観光協会")
    )
    path = f"/listings/{listing.code}/law"
    assert path in read(client.get("/law")).links
    assert path in read(client.get(f"/listings/{listing.code}")).links
    words = read(client.get(path)).words
    wanted = (
        "令和8年月見沢町告示第12号",
        "T1234567890123",
        "月見沢町長",
        "167条の2 1項2号",
        "多くの方に同じ値段で",
        "観光協会",
    )
    assert [text for text in (*wanted, *SIX) if text not in words] == []


def test_a_sale_that_is_not_public_has_no_notice(app: Flask, client: FlaskClient) -> None:
    code = get(Listing, given.a_listing(state="approved")).code
    assert client.get(f"/listings/{code}/law").status_code == 404


def test_the_last_page_before_paying_says_what_holds_for_this_sale(app: Flask, client: FlaskClient) -> None:
    buyer, listing_id = given.an_account(), given.a_listing(issuer="観光協会")
    order = get(Order, place(buyer, listing_id))
    words = read(given.signed_in(client, buyer).get(f"/orders/{order.code}/confirm")).words
    told = dict(disclosed(get(Listing, listing_id)))
    wanted = (
        told["申し込みの期間"],
        told["申し込みの取り消し・返金"],
        told["引き渡しの時期"],
        "観光協会",
        "月見沢カード株式会社",
    )
    assert [text for text in wanted if text not in words] == []
