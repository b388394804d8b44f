"""What a dispute gave the payer is not owed them by a refund that the card did not take, however the news come."""

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.fund.differences import open_differences
from marketplace.fund.statements import balances
from marketplace.kit.db import db, get, transaction
from marketplace.listings.models import Unit, UnitState
from marketplace.notices.models import Notice
from marketplace.orders import settling
from marketplace.orders.models import Order, OrderState
from marketplace.outbox import keeping
from marketplace.payments import disputing, refunding
from marketplace.payments.disputing import CardClosed
from marketplace.payments.refund_models import Refund, RefundState
from marketplace.payments.squaring import square
from marketplace.payments.stripe import Objection
from marketplace.payments.stripe_models import BalanceLine
from marketplace.staff import money_tasks
from tests import given
from tests.local_stripe import LocalStripe
from tests.orders.bought import bought, disputed, fresh, heard, payment_of
from tests.pages import read
from tests.racing import at_once

CLERK = "staff:ACC-TEST"
FAILED, RETRIED, BY_BANK = RefundState.FAILED, RefundState.RETRIED, RefundState.BY_BANK
BY_DISPUTE = RefundState.BY_DISPUTE


def given_back(order: Order) -> None:
    """Staff decide that the money goes back; its card does not take it."""
    settling.refund(order.id, CLERK, "品切れ")
    heard()


def given_back_in_part(order: Order, yen: int) -> None:
    """So much of the payment is to go back."""
    with transaction():
        refunding.promise_refund(payment_of(order).id, yen, "品切れ", f"{order.code}:part")
    heard()


def lost(stripe: LocalStripe, order: Order, **more: object) -> str:
    dispute = disputed(stripe, order, **more)
    stripe.sim("close_dispute", dispute=dispute, won=False)
    heard()
    return dispute


def refunds() -> list[tuple[RefundState, int]]:
    db.session.rollback()
    return [(each.state, each.yen) for each in db.session.scalars(sa.select(Refund).order_by(Refund.id))]


def asked_of_staff() -> list[str]:
    return [task.what for task in money_tasks.not_given_back()]


def last_mail(order: Order) -> str:
    mails = sa.select(Notice.template).where(Notice.key.like(f"%:{order.code}")).order_by(Notice.id.desc())
    return db.session.scalars(mails.limit(1)).one()


def book_and_stripe() -> tuple[int, int]:
    """What stands at Stripe by our book, and by Stripe's."""
    db.session.rollback()
    net = sa.select(sa.func.sum(BalanceLine.gross_yen - BalanceLine.fee_yen))
    return balances()["stripe"], db.session.scalar(net) or 0


def words_of(app: Flask, order: Order, path: str, role: str | None = None) -> str:
    reader = given.staff(role) if role else order.buyer_id
    return read(given.signed_in(app.test_client(), reader).get(f"{path}/{order.code}")).words


@pytest.mark.parametrize("first", ["the refund fails", "the dispute is lost"])
def test_a_lost_dispute_ends_the_refund_and_the_order_whichever_comes_first(
    app: Flask, stripe: LocalStripe, first: str
) -> None:
    if first == "the refund fails":
        order = bought(stripe, card="pm_card_refundFail")
        given_back(order)
        assert (refunds(), asked_of_staff()) == ([(FAILED, 1_000)], ["1,000円の返金がカード会社に届きませんでした"])
        lost(stripe, order)
    else:
        order = bought(stripe)
        lost(stripe, order)
        given_back(order)
    assert (refunds(), fresh(order.id).state) == ([(BY_DISPUTE, 1_000)], OrderState.REFUNDED)
    assert (asked_of_staff(), open_differences(), last_mail(order)) == ([], [], "taken_back")
    assert get(Unit, order.unit_id).state == UnitState.FREE
    book = balances()
    assert (book["refunds"], book["disputes"], book["bank"]) == (0, 1_000, 0)
    ours, theirs = book_and_stripe()
    assert ours == theirs


def test_the_page_of_the_order_says_that_the_card_company_gave_it_back(app: Flask, stripe: LocalStripe) -> None:
    order = bought(stripe, card="pm_card_refundFail")
    given_back(order)
    lost(stripe, order)
    hers, staff = words_of(app, order, "/orders"), words_of(app, order, "/staff/orders", "treasury")
    by_card = "1,000円は、カード会社への異議の申し立てによって、カード会社からあなたに戻りました。"
    assert [word in hers for word in (by_card, "残りの", "お返ししました")] == [True, False, False]
    ways = ("カード会社の異議で、払った方に戻りました", "もう一度カードへ返す", "銀行から返したと記録する")
    assert [word in staff for word in ways] == [True, False, False]


@pytest.mark.parametrize(
    ("case_type", "end"),
    [("resolution", (BY_DISPUTE, OrderState.REFUNDED)), ("block", (FAILED, OrderState.REFUND_PENDING))],
)
def test_a_dispute_that_was_prevented_ends_the_refund_only_where_the_payer_got_the_money(
    app: Flask, stripe: LocalStripe, case_type: str, end: tuple[RefundState, OrderState]
) -> None:
    order = bought(stripe, card="pm_card_refundFail")
    given_back(order)
    stripe.sim("prevent_dispute", payment_intent=payment_of(order).payment_intent_id, case_type=case_type)
    heard()
    assert (refunds(), fresh(order.id).state) == ([(end[0], 1_000)], end[1])
    ours, theirs = book_and_stripe()
    assert ours == theirs


def test_while_a_dispute_is_open_or_where_the_town_won_it_the_refund_is_still_owed(
    app: Flask, stripe: LocalStripe
) -> None:
    order = bought(stripe, card="pm_card_refundFail")
    given_back(order)
    dispute = disputed(stripe, order)
    assert (refunds(), fresh(order.id).state) == ([(FAILED, 1_000)], OrderState.REFUND_PENDING)
    stripe.sim("close_dispute", dispute=dispute, won=True)
    heard()
    assert (refunds(), fresh(order.id).state) == ([(FAILED, 1_000)], OrderState.REFUND_PENDING)


TO_CARD, BY_TOWN = "もう一度カードへ返す", "銀行から返したと記録する"


@pytest.mark.parametrize("disputed_yen", [1_000, 400])
def test_while_a_dispute_is_open_the_card_is_not_asked_again_and_the_desk_reads_what_will_happen(
    app: Flask, stripe: LocalStripe, disputed_yen: int
) -> None:
    """A dispute of another part of the payment leaves the way by the bank."""
    order = bought(stripe, card="pm_card_refundFail")
    if disputed_yen == 1_000:
        given_back(order)
    else:
        given_back_in_part(order, 600)
    (failed,) = db.session.scalars(sa.select(Refund.id))
    before = words_of(app, order, "/staff/orders", "treasury")
    dispute = disputed(stripe, order, amount=disputed_yen)
    meanwhile, asked = words_of(app, order, "/staff/orders", "treasury"), asked_of_staff()
    with pytest.raises(CardClosed):
        refunding.retry(failed, CLERK, "もう一度")
    stripe.sim("close_dispute", dispute=dispute, won=True)
    heard()
    pages = (before, meanwhile, words_of(app, order, "/staff/orders", "treasury"))
    by_town = disputed_yen == 400
    assert [[way in page for way in (TO_CARD, BY_TOWN, CardClosed.message)] for page in pages] == [
        [True, True, False],
        [False, by_town, True],
        [True, True, False],
    ]
    assert asked == (
        ["600円の返金がカード会社に届きませんでした"]
        if by_town
        else ["1,000円の返金は、カードの異議の決着を待っています"]
    )
    assert refunds() == [(FAILED, 600 if by_town else 1_000)]


def test_a_bank_that_only_asks_does_not_close_the_card(app: Flask, stripe: LocalStripe) -> None:
    order = bought(stripe, card="pm_card_refundFail")
    given_back(order)
    payment = payment_of(order)
    asks = Objection("dp_asks", "warning_needs_response", "general", 1_000, 0, None, payment.payment_intent_id or "")
    disputing.keep(payment.id, asks)
    page = words_of(app, order, "/staff/orders", "treasury")
    assert [way in page for way in (TO_CARD, BY_TOWN, CardClosed.message)] == [True, False, False]


def test_of_a_refund_that_a_dispute_covers_in_part_the_rest_is_owed(app: Flask, stripe: LocalStripe) -> None:
    order = bought(stripe, card="pm_card_refundFail")
    given_back(order)
    lost(stripe, order, amount=400)
    assert refunds() == [(RETRIED, 1_000), (FAILED, 600), (BY_DISPUTE, 400)]
    assert fresh(order.id).state == OrderState.REFUND_PENDING
    assert asked_of_staff() == ["600円の返金がカード会社に届きませんでした"]
    (rest,) = db.session.scalars(sa.select(Refund.id).where(Refund.state == FAILED))
    refunding.pay_by_bank(rest, CLERK, "11月30日に振込")
    heard()
    assert refunds() == [(RETRIED, 1_000), (BY_BANK, 600), (BY_DISPUTE, 400)]
    assert (fresh(order.id).state, last_mail(order), asked_of_staff()) == (OrderState.REFUNDED, "taken_back", [])
    book = balances()
    assert (book["refunds"], book["disputes"], book["bank"]) == (600, 400, -600)
    hers = words_of(app, order, "/orders")
    assert [word in hers for word in ("400円は、カード会社への", "残りの600円は、町からお返ししました。")] == [
        True,
        True,
    ]


def test_a_dispute_that_its_payer_withdraws_after_the_town_lost_it_leaves_the_money_owed_again(
    app: Flask, stripe: LocalStripe
) -> None:
    order = bought(stripe, card="pm_card_refundFail")
    given_back(order)
    dispute = lost(stripe, order)
    stripe.sim("close_dispute", dispute=dispute, won=True)
    heard()
    assert (refunds(), len(asked_of_staff())) == ([(FAILED, 1_000)], 1)
    assert "1,000円をお返しします。" in words_of(app, order, "/orders")
    (owed,) = db.session.scalars(sa.select(Refund.id))
    refunding.pay_by_bank(owed, CLERK, "11月30日に振込")
    heard()
    assert (refunds(), fresh(order.id).state) == ([(BY_BANK, 1_000)], OrderState.REFUNDED)
    book = balances()
    assert (book["refunds"], book["disputes"], book["bank"]) == (1_000, 0, -1_000)
    assert "1,000円を、お返ししました。" in words_of(app, order, "/orders")


def test_whoever_looks_again_or_at_once_changes_nothing(app: Flask, stripe: LocalStripe) -> None:
    order = bought(stripe, card="pm_card_refundFail")
    given_back(order)
    lost(stripe, order, amount=400)
    before, payment_id = refunds(), payment_of(order).id
    assert at_once(app, 3, lambda _: square(payment_id)) == [None, None, None]
    keeping.drain()
    assert refunds() == before
