"""Of each refund of a year the auditors read who decided it, in the list itself."""

import pytest
from flask import Flask

from marketplace.accounts.introducing import introduce
from marketplace.listings.drafting import staff_name
from marketplace.orders import returning, settling
from marketplace.payments.noticing import look_again
from marketplace.reports.accounting import BY_NAME
from marketplace.reports.periods import month, today
from marketplace.settings import Settings
from tests import given
from tests.chainlogs import Chain
from tests.local_stripe import LocalStripe
from tests.orders.awarded import hear, paid, won
from tests.orders.bought import bought, heard, issued, paid_again, payment_of


@pytest.fixture
def settings(settings: Settings, stripe: LocalStripe) -> Settings:
    return stripe.settings(settings, stripe_timeout_s=10)


@pytest.fixture
def clerk(app: Flask) -> int:
    return named("treasury", "渡部 恵")


def named(role: str, name: str) -> int:
    account_id = given.staff(role)
    introduce(account_id, name, "", "")
    return account_id


def who() -> list[tuple[object, object]]:
    export = BY_NAME["refunds"]
    found = [dict(zip(export.header, row, strict=True)) for row in export.rows(month(today()))]
    return [(row["理由"], row["決めた人"]) for row in found]


def test_before_the_issue_it_is_one_person(app: Flask, stripe: LocalStripe, clerk: int) -> None:
    settling.refund(bought(stripe).id, staff_name(clerk), "品切れ")
    heard()
    assert who() == [("品切れ", "渡部 恵")]


def test_after_the_issue_who_asked_and_who_approved(app: Flask, stripe: LocalStripe, chain: Chain, clerk: int) -> None:
    order, approver = issued(chain, bought(stripe)), named("approver", "高橋 正一")
    returning.withdraw(returning.ask(order.id, approver, "まちがい"), clerk)
    returning.approve(returning.ask(order.id, clerk, "説明と違った"), approver)
    heard()
    assert who() == [("説明と違った", "渡部 恵、高橋 正一")]


def test_what_a_rule_gives_back_is_nobodys_decision(app: Flask, stripe: LocalStripe, clerk: int) -> None:
    order = bought(stripe)
    paid_again(order, stripe)
    heard()
    settling.refund(order.id, staff_name(clerk), "品切れ")
    heard()
    assert who() == [("二重に支払われた", "自動"), ("品切れ", "渡部 恵")]


def test_what_was_given_back_at_stripe_says_so(app: Flask, stripe: LocalStripe) -> None:
    order = bought(stripe)
    stripe.client().refunds.create({"payment_intent": str(payment_of(order).payment_intent_id), "amount": 400})
    look_again(payment_of(order).id)
    assert who() == [("決済会社の管理画面で返金された", "決済会社の管理画面")]


def test_of_a_price_with_a_deposit_both_parts_have_the_one_who_decided(
    app: Flask, stripe: LocalStripe, clerk: int
) -> None:
    sale = won(stripe)
    paid(stripe, sale)
    settling.refund(sale.order_id, staff_name(clerk), "品切れ")
    hear()
    export = BY_NAME["refunds"]
    found = [dict(zip(export.header, row, strict=True)) for row in export.rows(month(today()))]
    shown = [(row["返金額"], row["区分"], row["受付番号"], row["決めた人"]) for row in found]
    code = sale.order.code
    assert shown == [(20_000, "代金", code, "渡部 恵"), (10_000, "代金", code, "渡部 恵")]
