"""The money of many issued rights goes back: told before, asked by one, decided by another, each once."""

from __future__ import annotations

import multiprocessing
import sys
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts.second_person import SamePerson
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db, get, transaction
from marketplace.kit.refusals import WrongState
from marketplace.listings.models import Listing
from marketplace.notices.models import Notice
from marketplace.orders import returning, returning_many
from marketplace.orders.models import Order, OrderState
from marketplace.orders.paying import checkout
from marketplace.orders.placing import place
from marketplace.orders.returning_many import ask, decide, groups, preview
from marketplace.outbox import keeping
from marketplace.outbox.models import Message
from marketplace.payments import asking
from marketplace.payments.refund_models import Refund
from marketplace.payments.syncing import sync
from marketplace.settings import Settings
from marketplace.staff import money_tasks
from tests import given
from tests.chainlogs import Chain
from tests.dying import die_at_each_step
from tests.local_stripe import LocalStripe
from tests.orders.bought import issued, passed_on
from tests.pages import read, submit
from tests.statements import counted

WHY = "施設が閉まるため"
ISSUED, REFUNDED = OrderState.ISSUED, OrderState.REFUNDED


def sold(stripe: LocalStripe, chain: Chain, people: int) -> int:
    """A sale of which so many people have one."""
    listing_id = given.a_listing(price_yen=1_000, quantity=10)
    for _ in range(people):
        order_id = place(given.an_account(), listing_id)
        stripe.pay(checkout(order_id))
        payment = asking.open_payment(get(Order, order_id).subject)
        assert payment is not None
        sync(payment.id)
        keeping.drain()
        issued(chain, get(Order, order_id))
    return listing_id


def orders(listing_id: int) -> list[Order]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Order).where(Order.listing_id == listing_id).order_by(Order.id)))


def states(listing_id: int) -> list[OrderState]:
    return [order.state for order in orders(listing_id)]


def refunds() -> list[int]:
    return list(db.session.scalars(sa.select(Refund.yen)))


def letters(*templates: str) -> list[str]:
    return list(db.session.scalars(sa.select(Notice.to_email).where(Notice.template.in_(templates))))


def decided(listing_id: int, decision: str, actor_id: int) -> None:
    (group,) = groups(listing_id)
    decide(listing_id, group.first, group.last, decision, actor_id)
    keeping.drain()


def test_what_can_go_back_goes_back_and_the_rest_is_told_before(
    app: Flask, stripe: LocalStripe, chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(returning_many, "PORTION", 2)
    listing_id = sold(stripe, chain, 4)
    passed_on(chain, orders(listing_id)[1], given.an_account())
    unsold = given.a_listing()
    with counted() as of_none:
        preview(unsold)
    with counted() as of_four:
        assert preview(listing_id) == (3, 3_000, [(returning.PassedOn.message, 1)], 0)
    assert len(of_four) == len(of_none)
    treasury, approver = given.staff("treasury"), given.staff("approver")
    ask(listing_id, treasury, WHY)
    keeping.drain()
    (group,) = groups(listing_id)
    assert (group.asked_by, group.why, group.orders, group.yen) == (treasury, WHY, 3, 3_000)
    assert (preview(listing_id).orders, refunds()) == (0, [])
    code = get(Listing, listing_id).code
    told = [(task.what, task.href) for task in money_tasks.refunds_to_approve(approver)]
    assert told == [("3件、3,000円の返金が承認を待っています", f"/staff/listings/{code}/returns")]
    with pytest.raises(SamePerson):
        decide(listing_id, group.first, group.last, "approve", treasury)
    decided(listing_id, "approve", approver)
    assert states(listing_id) == [REFUNDED, ISSUED, REFUNDED, REFUNDED]
    assert (refunds(), groups(listing_id)) == ([1_000] * 3, [])
    buyers = [order.buyer.email for order in orders(listing_id) if order.state == REFUNDED]
    assert (letters("refund_after_issue"), letters("refunded")) == (buyers, buyers)


def test_what_was_asked_since_is_read_before_it_is_decided(app: Flask, stripe: LocalStripe, chain: Chain) -> None:
    listing_id = sold(stripe, chain, 2)
    first, second = orders(listing_id)
    treasury, approver = given.staff("treasury"), given.staff("approver")
    returning.ask(first.id, treasury, WHY)
    (read_,) = groups(listing_id)
    returning.ask(second.id, treasury, WHY)
    decide(listing_id, read_.first, read_.last, "approve", approver)
    keeping.drain()
    assert states(listing_id) == [REFUNDED, ISSUED]
    with pytest.raises(WrongState):
        decide(listing_id, read_.first, read_.last, "approve", approver)


def test_what_is_taken_back_can_be_used_and_asked_for_again(app: Flask, stripe: LocalStripe, chain: Chain) -> None:
    listing_id = sold(stripe, chain, 2)
    treasury = given.staff("treasury")
    ask(listing_id, treasury, WHY)
    ask(listing_id, treasury, WHY)  # a second click
    keeping.drain()
    decided(listing_id, "withdraw", treasury)
    assert (groups(listing_id), preview(listing_id).orders, states(listing_id)) == ([], 2, [ISSUED] * 2)


def test_what_was_taken_back_is_not_asked_for_by_a_worker_that_comes_late(
    app: Flask, stripe: LocalStripe, chain: Chain
) -> None:
    """One died when it had asked; before it was tried again, a colleague had taken all of it back."""
    listing_id = sold(stripe, chain, 2)
    treasury = given.staff("treasury")
    ask(listing_id, treasury, WHY)
    keeping.drain()
    decided(listing_id, "withdraw", treasury)
    with transaction() as session:
        session.execute(sa.update(Message).where(Message.topic == "returns.asked").values(done_at=None, due_at=now()))
    keeping.drain()
    assert groups(listing_id) == []
    with pretending(now() + timedelta(minutes=1)):
        ask(listing_id, treasury, WHY)
        keeping.drain()
        assert [group.orders for group in groups(listing_id)] == [2]


def test_nobody_decides_of_their_own_order_but_of_the_others(app: Flask, stripe: LocalStripe, chain: Chain) -> None:
    listing_id = sold(stripe, chain, 2)
    own, _other = orders(listing_id)
    given.staff("approver", email=own.buyer.email)
    ask(listing_id, given.staff("treasury"), WHY)
    keeping.drain()
    decided(listing_id, "approve", own.buyer_id)
    assert (states(listing_id), [group.orders for group in groups(listing_id)]) == ([ISSUED, REFUNDED], [1])
    decided(listing_id, "approve", given.staff("approver"))
    assert states(listing_id) == [REFUNDED] * 2


def test_staff_see_what_it_means_and_how_far_it_is(
    app: Flask, client: FlaskClient, stripe: LocalStripe, chain: Chain
) -> None:
    listing_id = sold(stripe, chain, 2)
    path = f"/staff/listings/{get(Listing, listing_id).code}/returns"
    given.signed_in(client, given.staff("treasury"))
    assert "2件、2,000円" in read(client.get(path)).words.replace(" ", "")
    assert submit(client, path, {"why": " "}, action=path).status_code == 422
    assert submit(client, path, {"why": WHY}, action=path).status_code == 303
    keeping.drain()
    (group,) = groups(listing_id)
    approve = f"{path}/{group.first}/{group.last}/approve"
    page = read(client.get(path))
    assert (WHY in page.words, approve in [form.action for form in page.forms]) == (True, False)
    given.signed_in(client, given.staff("approver"))
    assert submit(client, path, {}, action=approve).status_code == 303
    keeping.drain()
    assert states(listing_id) == [REFUNDED] * 2
    assert "返金ずみ2件2,000円" in "".join(read(client.get(path)).words.split())


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
def test_a_worker_killed_at_any_step_gives_each_their_money_once(
    app: Flask, settings: Settings, stripe: LocalStripe, chain: Chain
) -> None:
    listing_id = sold(stripe, chain, 2)
    ask(listing_id, given.staff("treasury"), WHY)
    keeping.drain()
    (group,) = groups(listing_id)
    decide(listing_id, group.first, group.last, "approve", given.staff("approver"))
    how: tuple[Any, ...] = (settings, "holders.expire_gifts", now())  # a sheet that has nothing to do
    db.session.remove()
    db.engine.dispose()
    worker = multiprocessing.get_context("spawn").Process(target=die_at_each_step, args=how)
    worker.start()
    worker.join(timeout=400)
    assert worker.exitcode == 0
    assert int((settings.data_dir / "deaths").read_text()) > 30
    assert (states(listing_id), refunds()) == ([REFUNDED] * 2, [1_000] * 2)
    assert [refund.amount for refund in stripe.client().refunds.list().data] == [1_000] * 2
    assert len(letters("refund_after_issue")) == len(letters("refunded")) == 2
