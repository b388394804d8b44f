"""What becomes of an order: paid, ended, cancelled, paid too late, paid twice, given back."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.fund.models import Posting
from marketplace.kit.clock import JST, jst, now, pretending
from marketplace.kit.db import db, get, transaction
from marketplace.kit.refusals import Unavailable, WrongState
from marketplace.listings.models import Listing, ListingState, UnitState
from marketplace.listings.taking import counts
from marketplace.notices.models import Notice
from marketplace.orders import expiring, settling
from marketplace.orders.models import Order, OrderState
from marketplace.orders.paying import AlreadyPaid, TimeIsUp, checkout
from marketplace.orders.placing import place
from marketplace.outbox import keeping
from marketplace.payments import asking
from marketplace.payments.models import Payment, PaymentState
from marketplace.payments.syncing import sync
from marketplace.receipts.issuing import print_out
from marketplace.receipts.models import Print
from marketplace.tokens.issuing import OnItsWay
from marketplace.tokens.models import Token, TokenState
from tests import given
from tests.local_stripe import LocalStripe
from tests.orders.awarded import won
from tests.orders.bought import paid_again
from tests.pages import read
from tests.racing import at_once

QUARTER = timedelta(minutes=15)


def a_placed_order(quantity: int = 2) -> Order:
    return get(Order, place(given.an_account(), given.a_listing(quantity=quantity, price_yen=1_000)))


def payment_of(order: Order) -> int:
    payment = asking.open_payment(order.subject)
    assert payment is not None
    return payment.id


def paid(order: Order, stripe: LocalStripe) -> int:
    """The buyer pays at Stripe and comes back; the payment's id."""
    stripe.pay(checkout(order.id))
    payment_id = payment_of(order)
    sync(payment_id)
    keeping.drain()
    return payment_id


def state(order_id: int) -> OrderState:
    db.session.rollback()
    return get(Order, order_id).state


def mails(order: Order) -> list[str]:
    to = get(Order, order.id).buyer.email
    return list(db.session.scalars(sa.select(Notice.template).where(Notice.to_email == to).order_by(Notice.id)))


def test_money_was_received_when_stripe_took_it_and_not_when_it_was_heard_of(app: Flask, stripe: LocalStripe) -> None:
    """Paid in the last minute of a fiscal year and heard of in the next: receipt, lists and book say one day."""
    march, april = (datetime(2027, 3, 31, 23, 58, tzinfo=JST), datetime(2027, 4, 1, 1, 0, tzinfo=JST))
    stripe.sim("clock", at=int(march.timestamp()))
    with pretending(march):
        order = a_placed_order()
        url, payment_id = checkout(order.id), payment_of(order)
        stripe.pay(url)
    with pretending(april):
        sync(payment_id)
        keeping.drain()
        order = get(Order, order.id)
        receipt = get(Print, print_out(order.id, "月見 花子", 1, "buyer")).receipt
        posted = db.session.scalars(sa.select(Posting.at).where(Posting.subject == order.subject)).all()
        moments = [order.paid_at, receipt.moved_at, receipt.sold_at, *posted]
        days = [jst(at).date() for at in moments if at is not None]
        assert (order.state, days) == (OrderState.PAID, [march.date()] * 4)


def test_a_paid_order_sells_its_unit_and_promises_one_token(app: Flask, stripe: LocalStripe) -> None:
    order = a_placed_order()
    payment_id = paid(order, stripe)
    order = get(Order, order.id)
    assert (order.state, order.paid_by_payment_id) == (OrderState.PAID, payment_id)
    assert order.unit.state == UnitState.SOLD
    assert [(token.order_code, token.serial) for token in db.session.scalars(sa.select(Token))] == [(order.code, 1)]
    assert mails(order) == ["paid"]


def test_news_of_one_payment_that_comes_by_three_ways_at_once_is_heard_once(app: Flask, stripe: LocalStripe) -> None:
    order = a_placed_order()
    stripe.pay(checkout(order.id))
    payment_id = payment_of(order)
    at_once(app, 6, lambda _n: sync(payment_id))
    keeping.drain()
    order_id = order.id
    outcomes = at_once(app, 6, lambda _n: settling.pay(order_id, payment_id, 1_000))
    assert outcomes == [None] * 6
    assert (state(order_id), len(db.session.scalars(sa.select(Token)).all())) == (OrderState.PAID, 1)
    assert mails(order) == ["paid"]
    assert [refund["id"] for refund in stripe.client().refunds.list().data] == []


def test_a_hold_that_is_over_is_free_again_after_stripe_has_closed_its_page(app: Flask, stripe: LocalStripe) -> None:
    order = a_placed_order()
    page = checkout(order.id)
    with pretending(now() + QUARTER + timedelta(seconds=10)):
        expiring.expire_unpaid()
        keeping.drain()
    assert state(order.id) == OrderState.EXPIRED
    assert stripe.pay(page).status == 410
    assert counts([order.listing_id])[order.listing_id] == {UnitState.FREE: 2}
    assert mails(order) == ["expired"]


def test_a_hold_without_a_page_ends_without_stripe(app: Flask) -> None:
    order = a_placed_order()
    with pretending(now() + QUARTER + timedelta(seconds=10)):
        expiring.expire_unpaid()
        keeping.drain()
        with pytest.raises(WrongState):
            checkout(order.id)
    assert state(order.id) == OrderState.EXPIRED


def test_nobody_is_sent_to_pay_when_the_time_is_up(app: Flask) -> None:
    order = a_placed_order()
    with pretending(order.pay_by), pytest.raises(TimeIsUp):
        checkout(order.id)


def test_whoever_has_paid_is_not_sent_to_pay_again_before_the_order_has_heard_of_it(
    app: Flask, stripe: LocalStripe
) -> None:
    order = a_placed_order()
    stripe.pay(checkout(order.id))
    sync(payment_of(order))
    with pytest.raises(AlreadyPaid):
        checkout(order.id)
    keeping.drain()
    assert (state(order.id), len(db.session.scalars(sa.select(Payment.id)).all())) == (OrderState.PAID, 1)


def test_money_of_the_last_second_buys_the_unit(app: Flask, stripe: LocalStripe) -> None:
    order = a_placed_order()
    stripe.pay(checkout(order.id))
    with pretending(now() + QUARTER + timedelta(seconds=10)):
        expiring.expire_unpaid()  # asks Stripe to close the page, and is told that it was paid
        keeping.drain()
    assert state(order.id) == OrderState.PAID


def test_money_that_comes_after_the_last_unit_is_gone_goes_back(app: Flask, stripe: LocalStripe) -> None:
    late = a_placed_order(quantity=1)
    stripe.pay(checkout(late.id))
    payment_id = payment_of(late)
    settling.expire(late.id)  # as if Stripe's answer had been lost
    keeping.drain()
    paid(get(Order, place(given.an_account(), late.listing_id)), stripe)
    sync(payment_id)
    keeping.drain()
    assert state(late.id) == OrderState.REFUNDED
    (refund,) = stripe.client().refunds.list().data
    assert (refund.amount, refund.status) == (1_000, "succeeded")
    assert mails(late) == ["expired", "refund_coming", "refunded"]
    assert len(db.session.scalars(sa.select(Token)).all()) == 1


def test_a_second_payment_for_one_order_goes_back(app: Flask, stripe: LocalStripe) -> None:
    order = a_placed_order()
    first = paid(order, stripe)
    paid_again(order, stripe)
    assert (state(order.id), get(Order, order.id).paid_by_payment_id) == (OrderState.PAID, first)
    assert [refund.amount for refund in stripe.client().refunds.list().data] == [1_000]


def test_a_buyer_may_give_up_before_paying_and_not_after(app: Flask, stripe: LocalStripe) -> None:
    order = a_placed_order()
    page = checkout(order.id)
    expiring.cancel(order.id)
    keeping.drain()
    assert (state(order.id), stripe.pay(page).status) == (OrderState.CANCELLED, 410)
    assert counts([order.listing_id])[order.listing_id] == {UnitState.FREE: 2}
    other = a_placed_order()
    stripe.pay(checkout(other.id))
    with pytest.raises(WrongState):
        expiring.cancel(other.id)
    keeping.drain()
    assert state(other.id) == OrderState.PAID


def test_whoever_won_an_auction_does_not_lose_it_by_one_press(stripe: LocalStripe, client: FlaskClient) -> None:
    """A bid binds: giving the order up would be a default, and might cost the deposit."""
    order = won(stripe).order
    visitor = given.signed_in(client, order.buyer_id)
    path = f"/orders/{order.code}"
    shown = read(visitor.get(f"{path}/confirm"))
    assert [form.action for form in shown.forms if form.action.startswith("/orders/")] == [f"{path}/pay"]
    answer = visitor.post(f"{path}/cancel", data={"csrf_token": shown.forms[0].values["csrf_token"]})
    assert (answer.status_code, state(order.id)) == (403, OrderState.AWAITING_PAYMENT)


def test_staff_give_back_what_cannot_be_fulfilled(app: Flask, stripe: LocalStripe) -> None:
    order = a_placed_order()
    paid(order, stripe)
    settling.refund(order.id, "staff:ACC-TEST", "品切れのため")
    keeping.drain()
    assert state(order.id) == OrderState.REFUNDED
    assert db.session.scalars(sa.select(Token)).all() == []
    assert counts([order.listing_id])[order.listing_id] == {UnitState.FREE: 2}


def test_a_token_on_its_way_is_not_paid_back(app: Flask, stripe: LocalStripe) -> None:
    order = a_placed_order()
    paid(order, stripe)
    with transaction():
        token = db.session.scalars(sa.select(Token)).one()
        token.state = TokenState.ISSUING
    with pytest.raises(OnItsWay):
        settling.refund(order.id, "staff:ACC-TEST", "品切れのため")
    assert state(order.id) == OrderState.PAID


def test_a_lost_stripe_loses_and_releases_nothing(app: Flask, stripe: LocalStripe) -> None:
    order = a_placed_order()
    checkout(order.id)
    stripe.sim("faults", fail_next=50)
    with pretending(now() + QUARTER + timedelta(seconds=10)):
        expiring.expire_unpaid()
        keeping.drain()
        assert state(order.id) == OrderState.AWAITING_PAYMENT
        assert counts([order.listing_id])[order.listing_id] == {UnitState.FREE: 1, UnitState.HELD: 1}
        with pytest.raises(Unavailable):
            expiring.cancel(order.id)
        stripe.sim("faults", fail_next=0)
        expiring.expire_unpaid()
        keeping.drain()
    assert state(order.id) == OrderState.EXPIRED


def test_the_last_unit_sold_closes_the_sale_and_the_last_token_completes_it(app: Flask, stripe: LocalStripe) -> None:
    order = a_placed_order(quantity=1)
    paid(order, stripe)
    assert get(Listing, order.listing_id).state == ListingState.CLOSED
    settling.issue(order.id)
    keeping.drain()
    assert get(Listing, order.listing_id).state == ListingState.COMPLETED


def test_a_sale_is_not_completed_while_one_of_its_tokens_is_on_its_way(app: Flask, stripe: LocalStripe) -> None:
    first = a_placed_order(quantity=2)
    second = get(Order, place(given.an_account(), first.listing_id))
    for order in (first, second):
        paid(order, stripe)
    settling.issue(first.id)
    keeping.drain()
    before = get(Listing, first.listing_id).state
    settling.issue(second.id)
    keeping.drain()
    assert (before, get(Listing, first.listing_id).state) == (ListingState.CLOSED, ListingState.COMPLETED)


def test_another_sum_than_was_owed_is_looked_at_by_people(app: Flask) -> None:
    order = a_placed_order()
    settling.pay(order.id, payment_id=0, yen=999)
    assert state(order.id) == OrderState.NEEDS_REVIEW


def test_a_payment_in_doubt_puts_the_order_before_people_and_keeps_the_unit(app: Flask, stripe: LocalStripe) -> None:
    """Stripe's session is over another sum than we asked for."""
    order = a_placed_order()
    stripe.pay(checkout(order.id))
    with transaction() as session:
        session.execute(sa.update(Payment).values(yen=999))
    sync(payment_of(order))
    keeping.drain()
    assert state(order.id) == OrderState.NEEDS_REVIEW
    assert counts([order.listing_id])[order.listing_id] == {UnitState.FREE: 1, UnitState.HELD: 1}
    assert db.session.scalars(sa.select(Token)).all() == []


def test_every_state_of_a_payment_leaves_the_buyer_somewhere(app: Flask, stripe: LocalStripe) -> None:
    order = a_placed_order()
    seen = stripe.pay(checkout(order.id), card="pm_card_chargeDeclined")
    assert seen.status == 402
    sync(payment_of(order))
    keeping.drain()
    assert state(order.id) == OrderState.AWAITING_PAYMENT
    payment = db.session.scalars(sa.select(Payment)).one()
    assert payment.state == PaymentState.OPEN
