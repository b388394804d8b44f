"""The page of an order says how it is with the money and the right, and where to go on."""

from urllib.parse import urlsplit

import pytest
from flask import Flask

from marketplace.holders.rules import Disputed, DisputeLost, Refunded, RefundUnderWay
from marketplace.kit import shown
from marketplace.kit.db import db, get
from marketplace.orders import returning
from marketplace.orders.models import Order
from marketplace.orders.paying import checkout
from marketplace.orders.placing import place
from marketplace.outbox import keeping
from marketplace.payments.refund_models import Refund
from tests import given
from tests.chainlogs import Chain
from tests.local_stripe import LocalStripe
from tests.orders.bought import bought, disputed, heard, issued
from tests.pages import Page, read

ARRIVED, STILL = "お手元に届きました。", "この権利は、いま使えません。"


@pytest.fixture
def order(stripe: LocalStripe, chain: Chain) -> Order:
    return issued(chain, bought(stripe))


def shown_of(app: Flask, order: Order, ending: str = "") -> Page:
    path = f"/orders/{order.code}{ending}"
    return read(given.signed_in(app.test_client(), order.buyer_id).get(path))


@pytest.mark.parametrize("ending", ["", "/done"])
def test_whoever_left_stripe_s_page_without_paying_finds_the_way_there_again(
    app: Flask, stripe: LocalStripe, ending: str
) -> None:
    order = get(Order, place(given.an_account(), given.a_listing()))
    assert urlsplit(checkout(order.id)).hostname == "127.0.0.1"
    page = shown_of(app, order, ending)
    assert "お支払いは、まだ届いていません。" in page.words
    assert f"/orders/{order.code}/confirm" in page.links


def test_an_issued_right_that_is_frozen_is_not_said_to_be_ready(app: Flask, order: Order, stripe: LocalStripe) -> None:
    assert [ARRIVED in shown_of(app, order).words, STILL in shown_of(app, order).words] == [True, False]
    disputed(stripe, order)
    page = shown_of(app, order)
    assert [word in page.words for word in (ARRIVED, STILL, Disputed.message)] == [False, True, True]


def test_once_the_dispute_is_lost_nobody_looks_at_it_any_more(app: Flask, order: Order, stripe: LocalStripe) -> None:
    """The payer has the money: neither they nor the desk are told to wait."""
    stripe.sim("close_dispute", dispute=disputed(stripe, order), won=False)
    heard()
    page = shown_of(app, order)
    assert [word in page.words for word in (STILL, Disputed.message, DisputeLost.message)] == [True, False, True]
    desk = given.signed_in(app.test_client(), given.staff("treasury")).get(f"/staff/orders/{order.code}")
    words = (returning.InDispute.message, returning.TakenByDispute.message)
    assert [word in read(desk).words for word in words] == [False, True]
    with pytest.raises(returning.TakenByDispute):
        returning.ask(order.id, given.staff("treasury"), "説明と違った")


def test_while_its_money_is_asked_back_it_says_so(app: Flask, order: Order) -> None:
    returning.ask(order.id, given.staff("treasury"), "説明と違う特典をお渡ししていたため")
    page = shown_of(app, order)
    assert [word in page.words for word in (ARRIVED, STILL, RefundUnderWay.message)] == [False, True, True]


def test_my_page_says_of_a_right_whose_money_went_back_that_it_is_over(app: Flask, order: Order) -> None:
    def words() -> list[bool]:
        page = read(given.signed_in(app.test_client(), order.buyer_id).get("/mypage"))
        return [each.message in page.words for each in (RefundUnderWay, Refunded)]

    before = words()
    request_id = returning.ask(order.id, given.staff("treasury"), "説明と違う特典をお渡ししていたため")
    asked = words()
    returning.approve(request_id, given.staff("approver"))
    keeping.drain()
    assert [before, asked, words()] == [[False, False], [True, False], [False, True]]


def test_after_a_refund_it_says_when_and_that_the_right_is_over_and_offers_no_receipt(app: Flask, order: Order) -> None:
    request_id = returning.ask(order.id, given.staff("treasury"), "説明と違う特典をお渡ししていたため")
    returning.approve(request_id, given.staff("approver"))
    keeping.drain()
    (refund,) = db.session.query(Refund)
    when = shown.when(refund.created_at)
    words = shown_of(app, order).words
    assert f"返金の手続きの日時{when}" in words.replace("\n", "")
    assert [word in words for word in ("この権利は、もう使えません。", "領収書・返金の書類", "領収書を受け取る")] == [
        True,
        True,
        False,
    ]


def test_what_a_waiting_page_asks_for_brings_the_receipt_with_the_right_and_not_before(
    app: Flask, order: Order, stripe: LocalStripe
) -> None:
    def links(of: Order) -> set[str]:
        client = given.signed_in(app.test_client(), of.buyer_id)
        return set(read(client.get(f"/orders/{of.code}", headers={"HX-Request": "true"})).links)

    coming = bought(stripe)
    assert [links(coming), links(order)] == [
        {f"/orders/{coming.code}"},
        {"/mypage", f"/listings/{order.listing.code}", f"/orders/{order.code}/receipt"},
    ]


def test_easy_japanese_says_of_a_right_that_will_come_and_of_one_that_came_which_it_is(
    app: Flask, order: Order, stripe: LocalStripe
) -> None:
    coming = bought(stripe)
    words = [shown_of(app, each, "?lang=easy").words for each in (coming, order)]
    assert ["届く" in each for each in words] == [True, False]
