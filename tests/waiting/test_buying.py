"""After the order: what the waiting room says to whoever has bought, and to whoever gave the order up."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.kit.clock import now, pretending
from marketplace.kit.db import get
from marketplace.orders.expiring import cancel
from marketplace.orders.models import Order, OrderState
from marketplace.orders.paying import checkout
from marketplace.orders.placing import LimitReached, place
from marketplace.outbox import keeping
from marketplace.payments import asking
from marketplace.payments.syncing import sync
from marketplace.settings import Settings
from marketplace.waiting.joining import join
from marketplace.waiting.models import Room, Via
from tests import given
from tests.local_stripe import LocalStripe
from tests.pages import Page, read, send
from tests.waiting.stage import a_room, called, turn


@pytest.fixture
def settings(settings: Settings, stripe: LocalStripe) -> Settings:
    return stripe.settings(settings, stripe_timeout_s=10)


def paid(stripe: LocalStripe, account_id: int, listing_id: int) -> str:
    """The code of an order that this person placed and paid."""
    order_id = place(account_id, listing_id)
    stripe.pay(checkout(order_id))
    payment = asking.open_payment(get(Order, order_id).subject)
    assert payment is not None
    sync(payment.id)
    keeping.drain()
    assert get(Order, order_id).state == OrderState.PAID
    return get(Order, order_id).code


def seen(app: Flask, account_id: int, room: Room) -> Page:
    """The waiting room, as this person finds it."""
    client = given.signed_in(app.test_client(), account_id)
    return read(client.get(f"/listings/{room.code}/waiting"))


def test_who_has_bought_is_shown_the_order_whenever_they_come_back(app: Flask, stripe: LocalStripe) -> None:
    room, (hana,) = a_room(1, state="open", quantity=3)
    turn()
    code = paid(stripe, hana, room.listing_id)
    for later in (timedelta(0), timedelta(minutes=11)):
        with pretending(now() + later):
            page = seen(app, hana, room)
            assert ("ご購入が済んでいます。" in page.words, f"/orders/{code}" in page.links) == (True, True)
            assert f"/listings/{room.code}/order" not in {form.action for form in page.forms}
    with pytest.raises(LimitReached):
        join(room.id, hana)
    assert called(room) == [hana]


def test_who_may_have_two_stands_in_the_line_again_and_no_third_time(app: Flask, stripe: LocalStripe) -> None:
    room, (hana,) = a_room(1, state="open", quantity=3, per_person_limit=2)
    turn()
    first = paid(stripe, hana, room.listing_id)
    client = given.signed_in(app.test_client(), hana)
    where = f"/listings/{room.code}/waiting"
    assert "もう1点お求めのときは" in seen(app, hana, room).words
    assert send(client, read(client.get(where)).form(where)).status_code == 303
    assert "あなたの順番です。どうぞ。" in seen(app, hana, room).words
    second = paid(stripe, hana, room.listing_id)
    page = seen(app, hana, room)
    assert (f"/orders/{second}" in page.links, where in {form.action for form in page.forms}) == (True, False)
    assert first != second
    with pytest.raises(LimitReached):
        join(room.id, hana)


def test_who_gave_the_order_up_is_told_so_and_may_stand_in_the_line_again(app: Flask) -> None:
    room, (hana,) = a_room(1, state="open", quantity=2)
    turn()
    cancel(place(hana, room.listing_id))
    page = seen(app, hana, room)
    assert ("手続きは取りやめになりました。" in page.words, "ご案内の時間" in page.words) == (True, False)
    join(room.id, hana)
    assert "あなたの順番です。どうぞ。" in seen(app, hana, room).words


def test_the_office_sees_what_became_of_a_callers_turn(app: Flask, client: FlaskClient, stripe: LocalStripe) -> None:
    room, _ = a_room(0, state="open", quantity=3)
    clerk = given.signed_in(client, given.staff("counter"))
    buys, gives_up = given.an_account(), given.an_account()
    for account_id in (buys, gives_up):
        join(room.id, account_id, via=Via.DESK)
    code = paid(stripe, buys, room.listing_id)
    cancel(place(gives_up, room.listing_id))
    page = read(clerk.get(f"/staff/waiting/{room.code}"))
    assert (f"/staff/orders/{code}" in page.links, "（お支払いずみ）" in page.words) == (True, True)
    assert "手続きをやめました" in page.words
    assert [form.action for form in page.forms if form.action.endswith("/reserve")] == []
