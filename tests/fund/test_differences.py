"""Where the books do not agree: each difference is found, told in words, and settled by an explanation."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.accounts.second_person import NoReason
from marketplace.fund import differences
from marketplace.fund.models import Account, PostingLine
from marketplace.fund.posting import post
from marketplace.fund.years import month_of
from marketplace.kit.clock import jst, now, pretending
from marketplace.kit.db import db, transaction
from marketplace.kit.refusals import Invalid
from marketplace.outbox import keeping
from marketplace.payments import balance
from marketplace.payments.reconciling import reconcile
from marketplace.payments.stripe_models import BalanceLine, Payout
from marketplace.settings import Settings
from tests import given
from tests.local_stripe import LocalStripe
from tests.payments.till import opened, paid, promised
from tests.statements import counted


@pytest.fixture
def settings(settings: Settings, stripe: LocalStripe) -> Settings:
    return stripe.settings(settings)


def heard() -> None:
    reconcile()
    keeping.drain()
    db.session.rollback()


def found() -> list[tuple[str, int]]:
    db.session.rollback()
    return [(each.kind, each.yen) for each in differences.open_differences()]


def paid_out(stripe: LocalStripe, **how: object) -> str:
    id_ = str(stripe.sim("payout", **how)["id"])
    heard()
    return id_


def confirm(payout_id: str, yen: int) -> None:
    balance.confirm(payout_id, given.staff("treasury"), yen, jst(now()).date())


def test_books_that_agree_have_no_difference(app: Flask, stripe: LocalStripe) -> None:
    promised(paid(stripe), 300)
    keeping.drain()
    payout_id = paid_out(stripe)
    confirm(payout_id, 1_000 - 36 - 300)
    heard()
    assert found() == []


def test_a_payment_that_nobody_told_us_of_is_found_until_it_is_heard(app: Flask, stripe: LocalStripe) -> None:
    _payment_id, url = opened()
    stripe.pay(url)
    balance.read_balance()  # the balance is read, the payment not looked at
    with transaction() as session:  # as if the worker had not come to it yet
        session.execute(sa.text("DELETE FROM outbox"))
    assert found() == [("missing", 964)]


def test_a_fee_that_is_another_one_than_we_booked(app: Flask, stripe: LocalStripe) -> None:
    paid(stripe)
    heard()
    with transaction() as session:
        session.execute(sa.update(BalanceLine).values(fee_yen=40))
    assert found() == [("fee", 4)]


def test_a_sum_that_is_another_one_than_we_booked(app: Flask, stripe: LocalStripe) -> None:
    paid(stripe)
    heard()
    with transaction() as session:
        session.execute(sa.update(BalanceLine).values(gross_yen=900))
    assert found() == [("amount", -100)]


def test_a_sum_that_is_another_one_than_we_asked_for(app: Flask, stripe: LocalStripe) -> None:
    paid(stripe)
    heard()
    with transaction() as session:
        session.execute(sa.text("UPDATE payments SET yen = 900"))
    assert found() == [("amount", 100)]


def test_money_of_nobody_that_we_know(app: Flask, stripe: LocalStripe) -> None:
    stripe.client().payment_intents.create(
        {"amount": 700, "currency": "jpy", "payment_method": "pm_card_visa", "confirm": True, "return_url": "http://a/"}
    )
    heard()
    assert found() == [("unknown", 675)]
    other = sa.select(PostingLine.yen).where(PostingLine.account == Account.OTHER)
    assert db.session.scalar(other) == -700


def test_a_posting_that_stripe_does_not_know(app: Flask, stripe: LocalStripe) -> None:
    paid(stripe)
    heard()
    post("txn_invented", "charge", [(Account.STRIPE, 5), (Account.COLLECTED, -5)], at=now() - timedelta(days=1))
    assert found() == [("not_at_stripe", -5)]


def test_the_differences_of_some_months_are_those_of_these_months(app: Flask, stripe: LocalStripe) -> None:
    paid(stripe)
    heard()
    this, before = now() - timedelta(days=1), now() - timedelta(days=40)
    for key, at in (("txn_1", before), ("txn_2", this), ("txn_3", this)):
        assert post(key, "charge", [(Account.STRIPE, 1_000), (Account.COLLECTED, -1_000)], at=at)
    asked = [(), (month_of(before),), (month_of(this),), (month_of(before), month_of(this)), ("1999-01",)]
    assert [len(differences.open_differences(*months)) for months in asked] == [3, 1, 2, 3, 0]


def test_a_payout_that_does_not_match_its_lines(app: Flask, stripe: LocalStripe) -> None:
    paid(stripe)
    paid_out(stripe, short=100)
    assert found() == [("payout_sum", -100)]


def test_a_payout_that_nobody_has_seen_at_the_bank_after_three_days(app: Flask, stripe: LocalStripe) -> None:
    paid(stripe)
    payout_id = paid_out(stripe)
    assert found() == []
    with pretending(now() + timedelta(days=3)):
        assert found() == [("payout_unseen", 964)]
        confirm(payout_id, 964)
        assert found() == []


def test_a_bank_line_of_another_sum(app: Flask, stripe: LocalStripe) -> None:
    paid(stripe)
    payout_id = paid_out(stripe)
    confirm(payout_id, 524)
    assert found() == [("bank_sum", -440)]
    confirm(payout_id, 964)
    assert found() == []


def test_a_payout_that_the_bank_does_not_take(app: Flask, stripe: LocalStripe) -> None:
    paid(stripe)
    payout_id = paid_out(stripe)
    stripe.sim("fail_payout", payout=payout_id)
    heard()
    assert found() == [("payout_failed", 964)]
    with pytest.raises(balance.NotYetPaid):
        confirm(payout_id, 964)
    second = paid_out(stripe)  # what came back goes with the next one
    confirm(second, 964)
    assert found() == [("payout_failed", 964)]


def test_the_bank_is_not_seen_tomorrow(app: Flask, stripe: LocalStripe) -> None:
    paid(stripe)
    payout_id = paid_out(stripe)
    with pytest.raises(Invalid, match="まだ来ていない日"):
        balance.confirm(payout_id, given.staff("treasury"), 964, jst(now()).date() + timedelta(days=1))


def test_a_refund_that_the_card_does_not_take(app: Flask, stripe: LocalStripe) -> None:
    promised(paid(stripe, card="pm_card_refundFail"))
    heard()
    assert found() == [("refund_failed", 1_000)]


def test_an_explanation_settles_a_difference(app: Flask, stripe: LocalStripe) -> None:
    paid(stripe)
    payout_id = paid_out(stripe, short=100)
    treasury = given.staff("treasury")
    (key,) = (each.key for each in differences.open_differences())
    assert key.startswith(payout_id)
    with pytest.raises(NoReason):
        differences.explain(key, treasury, " ")
    with pytest.raises(LookupError):
        differences.explain("nothing", treasury, "?")
    for words in ("決済会社に聞いている", "準備金として留めおかれた"):
        differences.explain(key, treasury, words)
    assert found() == []
    (each,) = differences.all_differences()
    assert each.explained is not None
    assert each.explained.words == "準備金として留めおかれた"


def test_what_is_explained_is_the_sum_and_another_one_wants_its_own_words(app: Flask, stripe: LocalStripe) -> None:
    """A fee of the bank explains its 110 yen, and not a slip of the keyboard beside them."""
    paid(stripe)
    payout_id = paid_out(stripe)
    confirm(payout_id, 964 - 110)
    (key,) = (each.key for each in differences.open_differences())
    differences.explain(key, given.staff("treasury"), "振込手数料 110円")
    assert found() == []
    confirm(payout_id, 64)
    assert found() == [("bank_sum", -900)]
    confirm(payout_id, 964 - 110)
    assert found() == []


def test_each_kind_is_told_in_words_with_what_to_do(app: Flask, stripe: LocalStripe) -> None:
    assert all(what and advice.endswith("。") for what, advice in differences.WORDS.values())


def test_a_payout_knows_its_lines_and_is_kept_once(app: Flask, stripe: LocalStripe) -> None:
    paid(stripe)
    payout_id = paid_out(stripe)
    heard()
    (payout,) = db.session.scalars(sa.select(Payout))
    lines = db.session.scalars(sa.select(BalanceLine).order_by(BalanceLine.kind)).all()
    assert [(line.kind, line.payout_id) for line in lines] == [("charge", payout_id), ("payout", payout_id)]
    assert (payout.yen, balance.carried(payout), payout.status) == (964, 964, "paid")


def test_more_payouts_are_compared_by_no_more_statements(app: Flask, stripe: LocalStripe) -> None:
    """Each morning the desk asks, and after some years there are a thousand of them."""
    numbers = []
    for n in range(3):
        paid(stripe, f"many:{n}")
        paid_out(stripe)
        with counted() as seen:
            assert differences.open_differences() == []
        numbers.append(len(seen))
    assert numbers == [numbers[0]] * 3
