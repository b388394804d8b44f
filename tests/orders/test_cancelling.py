"""A sale that ends for good: who decides, and that all the money goes back, whatever happens in between."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.kit.db import db, get, transaction
from marketplace.kit.refusals import NotAllowed, WrongState
from marketplace.kit.sheets import SHEETS, run_one
from marketplace.listings.decisions import Cancellation, CancellationState
from marketplace.listings.models import Listing, ListingState
from marketplace.listings.suspending import suspend
from marketplace.lotteries.closing import of_listing
from marketplace.lotteries.states import LotteryState
from marketplace.notices.models import Notice
from marketplace.orders import settling
from marketplace.orders.cancelling import (
    OneIsWaiting,
    Progress,
    SamePerson,
    approve,
    progress,
    request,
    wind_up,
    withdraw,
)
from marketplace.orders.models import Order, OrderState
from marketplace.orders.paying import SaleCancelled, checkout
from marketplace.orders.placing import place
from marketplace.outbox import keeping
from marketplace.payments import asking
from marketplace.payments.syncing import sync
from tests import given
from tests.local_stripe import LocalStripe
from tests.lotteries.applied import drawn, with_entries
from tests.racing import at_once

WHY = "写真にまちがいがあり、内容を保証できないため"


NONE_BACK = {"coming_back_yen": 0, "back_yen": 0}


def an_order(listing_id: int) -> Order:
    return get(Order, place(given.an_account(), listing_id))


def paid(listing_id: int, stripe: LocalStripe) -> int:
    order = an_order(listing_id)
    stripe.pay(checkout(order.id))
    hear(order)
    return order.id


def hear(order: Order) -> None:
    payment = asking.open_payment(get(Order, order.id).subject)
    assert payment is not None
    sync(payment.id)
    keeping.drain()


def cancelled(listing_id: int) -> None:
    """By two members of staff; everybody has heard."""
    approve(request(listing_id, given.staff("drafter"), WHY), given.staff("approver"))
    keeping.drain()


def state(order_id: int) -> OrderState:
    db.session.rollback()
    return get(Order, order_id).state


def mails(order_id: int) -> list[str]:
    to = get(Order, order_id).buyer.email
    return list(db.session.scalars(sa.select(Notice.template).where(Notice.to_email == to).order_by(Notice.id)))


def test_everything_paid_goes_back_and_everything_unpaid_ends(app: Flask, stripe: LocalStripe) -> None:
    listing_id = given.a_listing(price_yen=1_000)
    first, second = paid(listing_id, stripe), paid(listing_id, stripe)
    waiting, open_page = an_order(listing_id).id, an_order(listing_id).id
    page = checkout(open_page)
    cancelled(listing_id)
    assert [state(each) for each in (first, second, waiting, open_page)] == [
        *(OrderState.REFUNDED, OrderState.REFUNDED, OrderState.EXPIRED, OrderState.EXPIRED),
    ]
    assert stripe.pay(page).status == 410
    assert [refund.amount for refund in stripe.client().refunds.list().data] == [1_000, 1_000]
    assert [mails(each)[-2:] for each in (first, waiting)] == [["refund_coming", "refunded"], ["sale_cancelled"]]
    assert progress(listing_id) == Progress(
        unpaid=0, ended=2, doubtful=0, issuing=0, kept=0, coming_back=0, back=2, coming_back_yen=0, back_yen=2_000
    )
    assert progress(listing_id).done


def test_the_orders_of_another_sale_are_left_alone(app: Flask, stripe: LocalStripe) -> None:
    ended, other = given.a_listing(price_yen=1_000), given.a_listing(price_yen=1_000)
    sold, kept, held = paid(other, stripe), paid(other, stripe), an_order(other).id
    settling.issue(kept)
    approver = given.staff("approver")
    approve(request(ended, approver, WHY), approver)  # of this sale no money has moved
    keeping.drain()
    run_one(SHEETS["orders.wind_up_cancelled"])
    assert [state(each) for each in (sold, kept, held)] == [
        *(OrderState.PAID, OrderState.ISSUED, OrderState.AWAITING_PAYMENT),
    ]
    assert [mails(each) for each in (sold, kept, held)] == [["paid"], ["paid", "issued"], []]
    found = [progress(each) for each in (ended, other)]
    assert found == [Progress(*[0] * 9), Progress(1, 0, 0, issuing=1, kept=1, coming_back=0, back=0, **NONE_BACK)]


def test_money_that_was_on_its_way_goes_back_when_it_comes(app: Flask, stripe: LocalStripe) -> None:
    listing_id = given.a_listing(price_yen=1_000)
    order = an_order(listing_id)
    stripe.pay(checkout(order.id))  # the news has not come yet
    cancelled(listing_id)  # closing the page, Stripe says that it was paid
    assert (state(order.id), mails(order.id)) == (OrderState.REFUNDED, ["refund_coming", "refunded"])
    wind_up(listing_id)
    assert len(stripe.client().refunds.list().data) == 1


def test_an_order_of_the_same_moment_cannot_be_paid_and_is_ended_by_the_sheet(app: Flask, stripe: LocalStripe) -> None:
    listing_id = given.a_listing(price_yen=1_000)
    order_id = an_order(listing_id).id
    approve(request(listing_id, given.staff("drafter"), WHY), given.staff("approver"))  # nobody has heard
    with pytest.raises(SaleCancelled):
        checkout(order_id)
    run_one(SHEETS["orders.wind_up_cancelled"])
    assert state(order_id) == OrderState.EXPIRED


def test_where_stripe_is_away_nothing_is_lost(app: Flask, stripe: LocalStripe) -> None:
    listing_id = given.a_listing(price_yen=1_000)
    order_id = an_order(listing_id).id
    checkout(order_id)
    approve(request(listing_id, given.staff("drafter"), WHY), given.staff("approver"))
    stripe.sim("faults", fail_next=50)
    wind_up(listing_id)
    assert state(order_id) == OrderState.AWAITING_PAYMENT
    stripe.sim("faults", fail_next=0)
    run_one(SHEETS["orders.wind_up_cancelled"])
    keeping.drain()
    assert state(order_id) == OrderState.EXPIRED


def test_once_money_has_moved_it_takes_two(app: Flask, stripe: LocalStripe) -> None:
    listing_id, approver = given.a_listing(price_yen=1_000), given.staff("approver")
    paid(listing_id, stripe)
    row_id = request(listing_id, approver, WHY)
    with pytest.raises(SamePerson):
        approve(row_id, approver)
    assert get(Listing, listing_id).state == ListingState.OPEN
    approve(row_id, given.staff("approver", email="second@town.example.jp"))
    row = get(Cancellation, row_id)
    assert (row.state, row.money_moved, get(Listing, listing_id).cancelled_reason) == (
        CancellationState.DONE,
        True,
        WHY,
    )


def test_before_any_money_one_person_may_decide(app: Flask) -> None:
    listing_id, approver = given.a_listing(state="published"), given.staff("approver")
    approve(request(listing_id, approver, WHY), approver)
    assert get(Listing, listing_id).state == ListingState.CANCELLED


def test_one_request_waits_at_a_time_and_can_be_taken_back(app: Flask) -> None:
    listing_id, drafter = given.a_listing(), given.staff("drafter")
    row_id = request(listing_id, drafter, WHY)
    with pytest.raises(OneIsWaiting):
        request(listing_id, drafter, WHY)
    withdraw(row_id, drafter)
    with pytest.raises(WrongState):
        approve(row_id, given.staff("approver"))
    assert get(Listing, listing_id).state == ListingState.OPEN
    request(listing_id, drafter, WHY)


def test_two_who_ask_at_once_are_one_request(app: Flask) -> None:
    listing_id, drafter = given.a_listing(), given.staff("drafter")
    outcomes = at_once(app, 2, lambda _n: request(listing_id, drafter, WHY))
    assert sorted(type(each).__name__ for each in outcomes) == ["OneIsWaiting", "int"]


def test_two_who_agree_at_once_cancel_once(app: Flask) -> None:
    listing_id = given.a_listing()
    row_id = request(listing_id, given.staff("drafter"), WHY)
    approvers = [given.staff("approver", email=f"{name}@town.example.jp") for name in ("a", "b")]
    outcomes = at_once(app, 2, lambda n: approve(row_id, approvers[n]))
    assert sorted(type(each).__name__ for each in outcomes) == ["NoneType", "WrongState"]


def test_a_sale_that_stands_still_can_be_cancelled_too_and_a_finished_one_cannot(app: Flask) -> None:
    listing_id = given.a_listing()
    suspend(listing_id, given.staff("drafter"), "確認中")
    cancelled(listing_id)
    assert get(Listing, listing_id).state == ListingState.CANCELLED
    for other in (given.a_listing(state="draft"), given.a_listing(state="completed"), listing_id):
        with pytest.raises(WrongState):
            request(other, given.staff("drafter"), WHY)


def test_an_auction_is_cancelled_at_its_own_desk(app: Flask) -> None:
    with pytest.raises(NotAllowed):
        request(given.a_listing("ascending", "naming"), given.staff("drafter"), WHY)


def test_the_applicants_of_a_lottery_hear_it_and_nothing_is_drawn(app: Flask) -> None:
    lottery, _, accounts = with_entries(3)
    cancelled(lottery.listing_id)
    db.session.refresh(lottery)
    told = sa.select(sa.func.count()).select_from(Notice).where(Notice.template == "lottery_cancelled")
    assert (lottery.state, db.session.scalar(told)) == (LotteryState.CANCELLED, len(accounts))


def test_winners_who_have_not_paid_lose_their_orders_and_nobody_is_promoted(app: Flask, stripe: LocalStripe) -> None:
    lottery, _, _ = drawn(4)
    cancelled(lottery.listing_id)
    orders = sa.select(Order.state).where(Order.listing_id == lottery.listing_id)
    assert list(db.session.scalars(orders)) == [OrderState.EXPIRED, OrderState.EXPIRED]
    found = of_listing(lottery.listing_id)
    assert found is not None
    assert found.state == LotteryState.CANCELLED


def test_the_database_wants_two_where_money_moved(app: Flask) -> None:
    row_id = request(given.a_listing(), given.staff("drafter"), WHY)
    change = {"state": CancellationState.DONE, "money_moved": True}
    with pytest.raises(sa.exc.IntegrityError, match="money_takes_two"), transaction() as session:
        session.execute(sa.update(Cancellation).where(Cancellation.id == row_id).values(change))
