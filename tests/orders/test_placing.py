"""Placing an order: one wish, one hold, never more than there are."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import IntegrityError

from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db, get, lock, transaction
from marketplace.listings import scheduling
from marketplace.listings.models import Listing, UnitState
from marketplace.listings.rules import AllHeld, NotYetOpen, SaleClosed, SoldOut
from marketplace.listings.taking import counts, sell
from marketplace.notices.models import Notice
from marketplace.orders.models import LIVE, Order, OrderState
from marketplace.orders.placing import LimitReached, award, place
from tests import given
from tests.racing import at_once


def test_an_order_holds_a_unit_for_a_quarter_of_an_hour(app: Flask) -> None:
    listing_id, buyer_id = given.a_listing(price_yen=1_300, quantity=2), given.an_account()
    at = now()
    with pretending(at):
        order = get(Order, place(buyer_id, listing_id))
    assert (order.state, order.yen, order.unit.serial, order.unit.state) == (
        OrderState.AWAITING_PAYMENT,
        1_300,
        1,
        UnitState.HELD,
    )
    assert timedelta(0) <= order.pay_by - at - timedelta(minutes=15) < timedelta(seconds=5)


def test_asking_again_gives_the_order_that_is_open(app: Flask) -> None:
    listing_id, buyer_id = given.a_listing(per_person_limit=3), given.an_account()
    assert place(buyer_id, listing_id) == place(buyer_id, listing_id)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Order)) == 1


def test_two_clicks_at_the_same_moment_are_one_order(app: Flask) -> None:
    listing_id, buyer_id = given.a_listing(), given.an_account()
    placed = at_once(app, 8, lambda _n: place(buyer_id, listing_id))
    assert placed == [placed[0]] * 8
    assert counts([listing_id])[listing_id] == {UnitState.HELD: 1, UnitState.FREE: 9}


def test_ninety_people_and_fifty_units_make_fifty_orders(app: Flask) -> None:
    listing_id = given.a_listing(quantity=50)
    people = [given.an_account() for _ in range(90)]
    placed = at_once(app, 90, lambda n: place(people[n], listing_id))
    orders = [order for order in placed if isinstance(order, int)]
    refused = [type(outcome) for outcome in placed if not isinstance(outcome, int)]
    assert (len(set(orders)), refused) == (50, [AllHeld] * 40)
    serials = sorted(db.session.scalars(sa.select(Order.unit_id).where(Order.listing_id == listing_id)))
    assert len(set(serials)) == 50


def test_the_last_unit_that_is_held_may_come_back_and_one_that_is_sold_does_not(app: Flask) -> None:
    listing_id = given.a_listing(quantity=1)
    order = get(Order, place(given.an_account(), listing_id))
    with pytest.raises(AllHeld):
        place(given.an_account(), listing_id)
    with transaction():
        sell(order.unit_id)
    with pytest.raises(SoldOut):
        place(given.an_account(), listing_id)


def test_one_person_may_have_as_many_as_the_notice_says(app: Flask) -> None:
    listing_id, buyer_id = given.a_listing(per_person_limit=1), given.an_account()
    order_id = place(buyer_id, listing_id)
    with transaction():
        order = lock(Order, order_id)
        order.state, order.paid_at = OrderState.PAID, now()
    with pytest.raises(LimitReached):
        place(buyer_id, listing_id)


def test_nothing_is_sold_before_the_hour_or_after_it(app: Flask) -> None:
    early = given.a_listing(state="published", opens_at=given.in_days(1), closes_at=given.in_days(2))
    with pytest.raises(NotYetOpen):
        place(given.an_account(), early)
    late = given.a_listing()
    with pretending(get(Listing, late).closes_at or now()), pytest.raises(SaleClosed):
        place(given.an_account(), late)
    scheduling.close_sale(late)
    with pytest.raises(SaleClosed):
        place(given.an_account(), late)
    with pytest.raises(SaleClosed):
        place(given.an_account(), given.a_listing(mode="lottery"))


def test_an_award_holds_a_unit_and_mails_the_way_to_pay_in_the_same_transaction(app: Flask) -> None:
    listing_id, winner_id = given.a_listing(mode="ascending", kind="naming"), given.an_account("winner@example.jp")
    with transaction():
        order_id = award(winner_id, listing_id, 1_300_000, given.in_days(7), "auction")
    order = get(Order, order_id)
    mail = db.session.scalars(sa.select(Notice).where(Notice.to_email == "winner@example.jp")).one()
    assert (order.yen, order.state, mail.template) == (1_300_000, OrderState.AWAITING_PAYMENT, "pay_link")
    assert f"/orders/{order.code}/confirm" in mail.body


def test_the_database_refuses_two_live_orders_for_one_unit(app: Flask) -> None:
    listing_id = given.a_listing()
    order = get(Order, place(given.an_account(), listing_id))
    other = given.an_account()
    with pytest.raises(IntegrityError), transaction() as session:
        session.add(
            Order(
                buyer_id=other,
                listing_id=listing_id,
                unit_id=order.unit_id,
                yen=1,
                origin="fixed",
                state=OrderState.AWAITING_PAYMENT,
                pay_by=now(),
                created_at=now(),
            )
        )


def test_every_live_state_keeps_its_unit() -> None:
    over = {OrderState.EXPIRED, OrderState.CANCELLED, OrderState.REFUNDED}
    assert set(LIVE) == set(OrderState) - over
