"""Money that somebody gave back in Stripe's dashboard: seen, told, and not given back a second time."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.fund.differences import all_differences, explain, open_differences
from marketplace.fund.statements import balances
from marketplace.kit.db import db, get
from marketplace.kit.refusals import Refused
from marketplace.listings.models import Unit, UnitState
from marketplace.notices.models import Notice
from marketplace.orders import returning, settling
from marketplace.orders.models import Order, OrderState
from marketplace.outbox import keeping
from marketplace.payments.noticing import look_again
from marketplace.payments.refund_models import Refund, RefundState
from marketplace.payments.refunding import pay_by_bank, retry, send
from marketplace.payments.rules import RefundTooLarge
from marketplace.receipts.issuing import print_out
from marketplace.receipts.rules import GoingBack
from marketplace.staff import money_tasks
from marketplace.tokens.freezing import frozen
from tests import given
from tests.chainlogs import Chain
from tests.local_stripe import LocalStripe
from tests.orders.bought import bought, disputed, fresh, heard, issued, passed_on, payment_of, token_of
from tests.pages import read
from tests.payments.till import capture, held, paid, promised, seen
from tests.racing import at_once

CLERK = "staff:ACC-TEST"
PROMISED, SENT, SUCCEEDED, FAILED, RETRIED, BY_BANK = (
    *(RefundState.PROMISED, RefundState.SENT, RefundState.SUCCEEDED),
    *(RefundState.FAILED, RefundState.RETRIED, RefundState.BY_BANK),
)


def by_hand(stripe: LocalStripe, order: Order, yen: int = 1_000) -> None:
    """Somebody gives money back in the dashboard."""
    stripe.client().refunds.create({"payment_intent": str(payment_of(order).payment_intent_id), "amount": yen})


def refunds() -> list[tuple[RefundState, int, bool]]:
    db.session.rollback()
    return [(one.state, one.yen, one.by_hand) for one in db.session.scalars(sa.select(Refund).order_by(Refund.id))]


def differences() -> list[tuple[str, int]]:
    db.session.rollback()
    return [(each.kind, each.yen) for each in open_differences()]


def frozen_code(order: Order) -> str | None:
    refusal = frozen(token_of(order))
    db.session.rollback()
    return refusal.code if refusal is not None else None


def went_back(stripe: LocalStripe) -> int:
    """Yen that payers have got back, by Stripe or by the town's bank."""
    db.session.rollback()
    lines = stripe.client().balance_transactions.list({"limit": 100}).data
    by_bank = sa.select(sa.func.sum(Refund.yen)).where(Refund.state == BY_BANK)
    return -sum(one.amount for one in lines if "refund" in one.type) + (db.session.scalar(by_bank) or 0)


def words_of(app: Flask, order: Order, path: str, role: str | None = None) -> str:
    reader = given.staff(role) if role else order.buyer_id
    return read(given.signed_in(app.test_client(), reader).get(f"{path}/{order.code}")).words


def test_staff_read_that_the_whole_price_went_back_and_the_right_is_not_used(
    app: Flask, stripe: LocalStripe, chain: Chain
) -> None:
    order = issued(chain, bought(stripe))
    by_hand(stripe, order)
    heard()
    assert (refunds(), fresh(order.id).state) == ([(SUCCEEDED, 1_000, True)], OrderState.ISSUED)
    assert (frozen_code(order), differences()) == ("refunded", [("by_hand", -1_000)])
    assert [task.more for task in money_tasks.not_agreeing()] == ["決済会社の管理画面で返金されたお金です"]
    page = words_of(app, order, "/staff/orders", "treasury")
    told = "決済会社の管理画面から、もう1,000円が返っています（返す途中のものも数えます）。"
    assert [word in page for word in (told, "決済会社の管理画面で返金された", "1,000円の全額")] == [True, True, False]
    assert "この権利の代金はお返ししたので" in words_of(app, order, "/orders")
    with pytest.raises(GoingBack):
        print_out(order.id, "月山 花子 様", 1, "buyer:ACC-TEST")
    db.session.rollback()
    explain(all_differences()[0].key, given.staff("treasury"), "未成年の方の親から取消しがあったため")
    assert (differences(), frozen_code(order)) == ([], "refunded")


def test_two_persons_end_the_right_and_no_yen_goes_back_twice(app: Flask, stripe: LocalStripe, chain: Chain) -> None:
    order = issued(chain, bought(stripe))
    by_hand(stripe, order)
    heard()
    returning.approve(returning.ask(order.id, given.staff("treasury"), "親の取消し"), given.staff("approver"))
    heard()
    assert (fresh(order.id).state, refunds()) == (OrderState.REFUNDED, [(SUCCEEDED, 1_000, True)])
    assert (went_back(stripe), balances()["refunds"]) == (1_000, 1_000)
    mails = db.session.scalars(sa.select(Notice.template).where(Notice.key.like(f"%:{order.code}")))
    assert set(mails) >= {"refund_after_issue", "refunded"}


def test_of_a_price_that_went_back_in_part_the_rest_goes_back(app: Flask, stripe: LocalStripe, chain: Chain) -> None:
    order = issued(chain, bought(stripe))
    by_hand(stripe, order, 400)
    heard()
    assert (frozen_code(order), fresh(order.id).state) == (None, OrderState.ISSUED)  # a rebate: the right goes on
    assert print_out(order.id, "月山 花子 様", 1, "buyer:ACC-TEST")
    assert "残りの600円" in words_of(app, order, "/staff/orders", "treasury")
    request = returning.ask(order.id, given.staff("treasury"), "説明と違った")
    assert "600円の返金を承認する" in words_of(app, order, "/staff/orders", "approver")
    returning.approve(request, given.staff("approver"))
    heard()
    assert (fresh(order.id).state, refunds()) == (
        OrderState.REFUNDED,
        [(SUCCEEDED, 400, True), (SUCCEEDED, 600, False)],
    )
    assert (went_back(stripe), balances()["refunds"]) == (1_000, 1_000)


def test_an_order_that_is_not_issued_yet_ends_by_one_person(app: Flask, stripe: LocalStripe) -> None:
    order = bought(stripe)
    by_hand(stripe, order)
    heard()
    assert "この注文を返金ずみにする" in words_of(app, order, "/staff/orders", "treasury")
    settling.refund(order.id, CLERK, "品切れ")
    heard()
    assert (fresh(order.id).state, went_back(stripe)) == (OrderState.REFUNDED, 1_000)
    assert get(Unit, order.unit_id).state == UnitState.FREE


@pytest.mark.parametrize("news", ["before", "after"])
def test_a_refund_that_stripe_refuses_since_it_was_made_by_hand_ends_with_that_one(
    app: Flask, stripe: LocalStripe, news: str
) -> None:
    order = bought(stripe)
    by_hand(stripe, order)
    if news == "before":
        look_again(payment_of(order).id)
    settling.refund(order.id, CLERK, "品切れ")
    heard()
    ours = [] if news == "before" else [(RETRIED, 1_000, False)]
    assert (refunds(), fresh(order.id).state) == ([*ours, (SUCCEEDED, 1_000, True)], OrderState.REFUNDED)
    assert (money_tasks.not_given_back(), went_back(stripe)) == ([], 1_000)


def test_a_refund_that_the_card_did_not_take_and_somebody_made_by_hand_is_not_paid_by_bank_too(
    app: Flask, stripe: LocalStripe
) -> None:
    """The clerk sees it fail, and tries in the dashboard; a colleague reads the desk later."""
    order = bought(stripe)
    with_another_key = "品切れ"
    by_hand(stripe, order)
    settling.refund(order.id, CLERK, with_another_key)
    keeping.drain()
    failed = db.session.scalars(sa.select(Refund.id).where(~Refund.by_hand)).one()
    ways: tuple[Callable[[int, str, str], object], ...] = (pay_by_bank, retry)
    for way in ways:
        with pytest.raises(Refused):
            way(failed, CLERK, "11月30日に振込")
    assert went_back(stripe) == 1_000


def test_of_a_refund_that_was_made_by_hand_in_part_the_rest_is_asked_of_the_card(
    app: Flask, stripe: LocalStripe
) -> None:
    order = bought(stripe)
    by_hand(stripe, order, 400)
    settling.refund(order.id, CLERK, "品切れ")  # nobody has heard of the other one
    heard()
    assert refunds() == [(RETRIED, 1_000, False), (SUCCEEDED, 400, True), (SUCCEEDED, 600, False)]
    assert (fresh(order.id).state, went_back(stripe)) == (OrderState.REFUNDED, 1_000)


def test_what_the_bank_has_paid_and_somebody_gives_back_by_hand_besides_is_a_difference(
    app: Flask, stripe: LocalStripe
) -> None:
    order = bought(stripe, card="pm_card_refundFail")
    settling.refund(order.id, CLERK, "品切れ")
    heard()
    pay_by_bank(db.session.scalars(sa.select(Refund.id)).one(), CLERK, "11月30日に振込")
    heard()
    assert differences() == []
    stripe.sim("mend_card", payment_intent=payment_of(order).payment_intent_id)
    by_hand(stripe, order)
    heard()
    assert (refunds(), differences()) == ([(BY_BANK, 1_000, False)], [("beyond", -1_000)])
    assert (went_back(stripe), balances()["refunds"]) == (2_000, 2_000)


def test_one_that_the_card_did_not_take_before_anybody_looked_leaves_the_right_as_it_was(
    app: Flask, stripe: LocalStripe, chain: Chain
) -> None:
    order = issued(chain, bought(stripe, card="pm_card_refundFail"))
    by_hand(stripe, order)
    heard()
    assert (refunds(), balances()["refunds"], frozen_code(order), differences()) == ([], 0, None, [])


def test_the_book_and_the_desk_have_it_before_the_balance_is_read(app: Flask, stripe: LocalStripe) -> None:
    order = bought(stripe)
    by_hand(stripe, order, 400)
    look_again(payment_of(order).id)
    keeping.drain()
    assert (balances()["refunds"], differences()) == (400, [("by_hand", -400)])


def test_whoever_hears_of_it_and_however_often_it_is_one(app: Flask, stripe: LocalStripe) -> None:
    order = bought(stripe)
    by_hand(stripe, order, 400)
    payment_id = payment_of(order).id
    at_once(app, 4, lambda _: look_again(payment_id))
    look_again(payment_id)
    heard()
    assert (refunds(), seen(payment_id).refunded_yen) == ([(SUCCEEDED, 400, True)], 400)


def test_a_right_that_was_passed_on_stays_with_its_holder(app: Flask, stripe: LocalStripe, chain: Chain) -> None:
    order = issued(chain, bought(stripe))
    passed_on(chain, order, given.an_account())
    by_hand(stripe, order)
    heard()
    assert (frozen_code(order), differences()) == (None, [("by_hand", -1_000)])


def test_a_deposit_that_was_given_back_by_hand_leaves_custody(app: Flask, stripe: LocalStripe) -> None:
    payment_id = held(stripe)
    capture(payment_id)
    heard()
    assert balances()["deposits"] == -30_000
    stripe.client().refunds.create({"payment_intent": str(seen(payment_id).payment_intent_id), "amount": 30_000})
    heard()
    assert (balances()["deposits"], balances()["refunds"]) == (0, 0)


def test_a_dispute_of_the_rest_and_a_refund_by_hand_are_both_counted(app: Flask, stripe: LocalStripe) -> None:
    order = bought(stripe)
    by_hand(stripe, order, 400)
    dispute = disputed(stripe, order, amount=600)
    settling.refund(order.id, CLERK, "品切れ")
    heard()
    stripe.sim("close_dispute", dispute=dispute, won=False)
    heard()
    assert fresh(order.id).state == OrderState.REFUNDED
    book = balances()
    assert (book["refunds"], book["disputes"], differences()) == (400, 600, [("by_hand", -400)])


def test_a_refund_of_ours_is_nobodys_by_hand(app: Flask, stripe: LocalStripe) -> None:
    payment_id = paid(stripe)
    refund_id = promised(payment_id, 300)
    assert send(refund_id) == SUCCEEDED
    heard()
    assert (refunds(), differences()) == ([(SUCCEEDED, 300, False)], [])
    with pytest.raises(RefundTooLarge):
        promised(payment_id, 701, "more")
