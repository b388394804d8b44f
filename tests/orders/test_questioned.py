"""An order for which another sum came than was owed: what staff can do at the desk."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.auctions.models import Auction, AuctionState
from marketplace.auctions.outcomes import facts
from marketplace.fund.statements import balanced
from marketplace.journal import models as journal
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db, get, transaction
from marketplace.listings.models import Listing, UnitState
from marketplace.listings.taking import counts
from marketplace.lotteries.demand import past
from marketplace.lotteries.models import Entry
from marketplace.lotteries.states import EntryState
from marketplace.notices.models import Notice
from marketplace.orders import given_back, settling
from marketplace.orders.models import DepositEnd, Order, OrderState
from marketplace.orders.paying import checkout
from marketplace.orders.placing import place
from marketplace.payments.models import Payment, PaymentState
from marketplace.payments.reconciling import reconcile
from marketplace.payments.refund_models import Refund
from marketplace.payments.syncing import sync
from marketplace.staff import money_tasks
from tests import given
from tests.admissions.test_deposits import row
from tests.ended import open_orders
from tests.holders.stage import refusal
from tests.local_stripe import LocalStripe
from tests.lotteries.applied import drawn, ranked
from tests.orders.awarded import auction_id, hear, won
from tests.orders.bought import heard
from tests.orders.test_slips import with_a_slip
from tests.pages import read, submit
from tests.racing import at_once


def back() -> list[tuple[int, str]]:
    return [(refund.yen, refund.reason) for refund in db.session.scalars(sa.select(Refund))]


def paid_otherwise(stripe: LocalStripe, quantity: int = 1) -> Order:
    """Stripe has 3,000 yen where the town asked for 999."""
    order = get(Order, place(given.an_account(), given.a_listing(quantity=quantity)))
    stripe.pay(checkout(order.id))
    with transaction() as session:
        session.execute(sa.update(Payment).values(yen=999))
    heard()
    return order


def test_what_another_sum_came_for_is_given_back_and_its_unit_is_free(
    app: Flask, client: FlaskClient, stripe: LocalStripe
) -> None:
    order = get(Order, place(given.an_account(), given.a_listing(quantity=2)))
    stripe.pay(checkout(order.id))
    with transaction() as session:
        session.execute(sa.update(Order).values(yen=order.yen - 1))
    heard()
    assert get(Order, order.id).state == OrderState.NEEDS_REVIEW
    given.signed_in(client, given.staff("treasury"))
    path = f"/staff/orders/{order.code}"
    assert "2,999円ですが、3,000円が払われました。" in read(client.get(path)).words.replace(" ", "")
    answer = submit(client, path, {"why": "金額が違うため"}, action=f"{path}/refund")
    assert answer.status_code == 303
    heard()
    assert (get(Order, order.id).state, back()) == (OrderState.REFUNDED, [(3_000, "金額が違うため")])
    letters = db.session.scalars(sa.select(Notice.body).where(Notice.template.in_(("refund_coming", "refunded")))).all()
    own = read(given.signed_in(app.test_client(), order.buyer_id).get(f"/orders/{order.code}")).words.replace(" ", "")
    assert [("3,000円" in words, "2,999円を" in words) for words in (*letters, own)] == [(True, False)] * 3
    assert counts([order.listing_id])[order.listing_id] == {UnitState.FREE: 2}
    assert (money_tasks.in_question(), balanced()) == ([], True)


def test_what_stripe_has_in_another_sum_than_we_asked_for_goes_back_at_stripe_alone(
    app: Flask, client: FlaskClient, stripe: LocalStripe
) -> None:
    order = paid_otherwise(stripe, quantity=2)
    given.signed_in(client, given.staff("treasury"))
    page = read(client.get(f"/staff/orders/{order.code}"))
    assert "Stripeの管理画面で確かめて、全額を返してください。" in page.words
    with pytest.raises(settling.NotTaken):
        settling.refund(order.id, "staff:ACC-TEST", "金額が違うため")
    assert get(Order, order.id).state == OrderState.NEEDS_REVIEW


def test_what_went_back_at_stripe_ends_the_order_once_stripe_has_all_of_it_back(
    app: Flask, client: FlaskClient, stripe: LocalStripe
) -> None:
    order = paid_otherwise(stripe, quantity=2)
    intent = db.session.scalars(sa.select(Payment.payment_intent_id)).one()
    given.signed_in(client, given.staff("treasury"))
    path = f"/staff/orders/{order.code}"
    for yen, left in ((1_000, "返し終えたのは0円です。"), (2_000, "返し終えたのは1,000円です。"), (None, None)):
        answer = submit(client, path, {"why": "金額が違うため"}, action=f"{path}/given-back")
        assert (answer.status_code, left is None or left in read(answer).words) == (422 if yen else 303, True)
        if yen is not None:
            stripe.client().refunds.create({"payment_intent": str(intent), "amount": yen})
            heard()
    heard()
    assert (get(Order, order.id).state, back()) == (OrderState.REFUNDED, [])
    assert refusal(lambda: given_back.end(order.id, "staff:ACC-TEST", "もう一度")) == "wrong_state"
    letter = db.session.scalars(sa.select(Notice.body).where(Notice.template == "refunded")).one()
    own = read(given.signed_in(app.test_client(), order.buyer_id).get(f"/orders/{order.code}")).words
    assert ("お支払いの全額を、お返ししました。" in letter, "お支払いの全額を、お返ししました。" in own) == (True, True)
    assert counts([order.listing_id])[order.listing_id] == {UnitState.FREE: 2}
    assert (money_tasks.in_question(), balanced()) == ([], True)


def test_two_who_end_it_at_the_same_moment_end_it_once(app: Flask, stripe: LocalStripe) -> None:
    order_id = paid_otherwise(stripe, quantity=2).id
    intent = db.session.scalars(sa.select(Payment.payment_intent_id)).one()
    stripe.client().refunds.create({"payment_intent": str(intent)})
    outcomes = at_once(app, 2, lambda _: given_back.end(order_id, "staff:ACC-TEST", "金額が違うため"))
    assert sorted(type(each).__name__ for each in outcomes) == ["NoneType", "WrongState"]
    heard()
    order = get(Order, order_id)
    letters = db.session.scalars(sa.select(Notice.template).where(Notice.template == "refunded")).all()
    assert (order.state, letters) == (OrderState.REFUNDED, ["refunded"])
    assert counts([order.listing_id])[order.listing_id] == {UnitState.FREE: 2}


def test_what_the_payers_bank_took_of_another_sum_is_back_too(
    app: Flask, client: FlaskClient, stripe: LocalStripe
) -> None:
    """Who has neither the right nor the money goes to the bank; and Stripe gives nothing back of what it took."""
    order = paid_otherwise(stripe)
    intent = db.session.scalars(sa.select(Payment.payment_intent_id)).one()
    dispute = stripe.sim("dispute", payment_intent=intent)["id"]
    reconcile()
    heard()
    assert refusal(lambda: given_back.end(order.id, "staff:ACC-TEST", "異議のため")) == "not_all_back"
    stripe.sim("close_dispute", dispute=dispute, won=False)
    reconcile()
    heard()
    given_back.end(order.id, "staff:ACC-TEST", "異議のため")
    heard()
    assert (get(Order, order.id).state, back()) == (OrderState.REFUNDED, [])
    letters = db.session.scalars(sa.select(Notice.template).where(Notice.template.in_(("refunded", "taken_back"))))
    own = read(given.signed_in(client, order.buyer_id).get(f"/orders/{order.code}")).words
    assert (letters.all(), "3,000円は、カード会社への異議の申し立てによって" in own) == (["taken_back"], True)


def test_a_winner_whose_payment_went_back_at_stripe_has_the_deposit_back_too(app: Flask, stripe: LocalStripe) -> None:
    sale = won(stripe, second=False, counts=True)
    stripe.pay(checkout(sale.order_id))
    of_order = Payment.subject == sale.order.subject
    with transaction() as session:
        session.execute(sa.update(Payment).where(of_order).values(yen=999))
    heard()
    intent = db.session.scalars(sa.select(Payment.payment_intent_id).where(of_order)).one()
    stripe.client().refunds.create({"payment_intent": str(intent)})
    given_back.end(sale.order_id, "staff:ACC-TEST", "金額が違うため")
    assert sale.order.state == OrderState.REFUND_PENDING
    hear()
    heard()
    assert (sale.order.state, sale.order.deposit_end) == (OrderState.REFUNDED, DepositEnd.RETURNED)
    assert row(sale.winner).released_at is not None


def test_a_slip_that_was_taken_since_does_not_stand_for_what_came(app: Flask, stripe: LocalStripe) -> None:
    """Nothing came on it yet: all of nothing was back, and who paid it then was given nothing back either."""
    order_id = place(given.an_account(), given.a_listing(price_yen=1_000))
    stripe.pay(checkout(order_id))
    first = db.session.scalars(sa.select(Payment.id)).one()
    with transaction() as session:
        session.execute(sa.update(Payment).values(yen=999, state=PaymentState.FAILED))
    _order_id, second = with_a_slip(stripe, order_id)
    sync(first)
    heard()
    assert get(Order, order_id).state == OrderState.NEEDS_REVIEW
    assert refusal(lambda: given_back.end(order_id, "staff:ACC-TEST", "金額が違うため")) == "not_all_back"
    intent = get(Payment, first).payment_intent_id
    stripe.client().refunds.create({"payment_intent": str(intent)})
    given_back.end(order_id, "staff:ACC-TEST", "金額が違うため")
    assert (get(Order, order_id).state, get(Order, order_id).paid_by_payment_id) == (OrderState.REFUNDED, first)
    stripe.sim("konbini_pay", payment_intent=get(Payment, second).payment_intent_id)
    sync(second)
    heard()
    assert back() == [(1_000, "paid twice")]


def test_an_order_in_doubt_does_not_end_while_stripe_is_away(app: Flask, stripe: LocalStripe) -> None:
    order = get(Order, place(given.an_account(), given.a_listing()))
    assert refusal(lambda: given_back.end(order.id, "staff:ACC-TEST", "？")) == "wrong_state"
    stripe.pay(checkout(order.id))
    with transaction() as session:
        session.execute(sa.update(Payment).values(yen=999))
    heard()
    stripe.sim("faults", fail_next=9)
    assert refusal(lambda: given_back.end(order.id, "staff:ACC-TEST", "金額が違うため")) == "stripe_is_away"
    assert get(Order, order.id).state == OrderState.NEEDS_REVIEW


def test_a_winner_whose_other_sum_goes_back_makes_place_for_who_waits(
    app: Flask, client: FlaskClient, stripe: LocalStripe
) -> None:
    lottery, _received, _accounts = drawn(2, quantity=1)
    first, second = ranked()
    with pretending(lottery.draw_at):
        stripe.sim("clock", at=int(now().timestamp()))
        order = get(Order, first.order_id)
        stripe.pay(checkout(order.id))
        with transaction() as session:
            session.execute(sa.update(Order).where(Order.id == order.id).values(yen=order.yen - 1))
        heard()
        settling.refund(order.id, "staff:ACC-TEST", "金額が違うため")
        heard()
        db.session.expire_all()
        assert [get(Entry, each.id).state for each in (first, second)] == [EntryState.FORFEITED, EntryState.PAY_DUE]
        given.signed_in(client, order.buyer_id)
        own = client.get(f"/entries/{get(Entry, first.id).no}").location
        words = read(client.get(own)).words
    assert "お支払いが成り立たなかったため、当選は次の方に移りました。" in words
    assert "期限までにお支払いがなかった" not in words
    assert [(each.paid, each.forfeited, each.unpaid) for each in past()] == [(0, 0, None)]


@pytest.mark.parametrize("counts", [True, False])
@pytest.mark.parametrize("second", [True, False])
def test_who_wins_an_auction_and_pays_another_sum_than_was_owed_has_the_deposit_back_with_it(
    app: Flask, stripe: LocalStripe, counts: bool, second: bool
) -> None:
    """It was kept as of somebody who had not paid."""
    sale = won(stripe, second=second, counts=counts)
    stripe.pay(checkout(sale.order_id))
    with transaction() as session:
        session.execute(sa.update(Order).values(yen=Order.yen - 1))
    heard()
    assert sale.order.state == OrderState.NEEDS_REVIEW
    settling.refund(sale.order_id, "staff:ACC-TEST", "金額が違うため")
    hear()
    heard()
    assert (sale.order.state, sale.order.deposit_end) == (OrderState.REFUNDED, DepositEnd.RETURNED if counts else None)
    winner = row(sale.winner)
    assert (winner.forfeited_at, winner.released_at is not None) == (None, True)
    auction = get(Auction, auction_id(winner.listing_id))
    if sale.second is not None:
        buyers = [order.buyer_id for order in open_orders(winner.listing_id)]
        assert (auction.state, buyers) == (AuctionState.AWARDED, [row(sale.second).account_id])
    else:
        told = dict(facts(get(Listing, winner.listing_id), auction))
        assert told["結果"] == "不調（落札者なし）。落札した方のお支払いをお返ししました。"
    notes = sa.select(journal.Entry.event).where(journal.Entry.subject == auction.subject)
    assert "forfeit" not in db.session.scalars(notes).all()
