"""The page of an order asks for itself again and again, and disturbs nobody who reads it by keys or by ear."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from marketplace.kit.db import db, get
from marketplace.orders.models import Order
from marketplace.orders.paying import checkout
from marketplace.orders.placing import place
from marketplace.outbox import keeping
from marketplace.payments import asking
from marketplace.payments.syncing import sync
from tests import ears, given
from tests.local_stripe import LocalStripe
from tests.visiting import signed_in


@pytest.mark.browser
def test_a_page_that_asks_again_and_again_keeps_the_focus_and_says_only_what_is_new(
    page: Page, stripe: LocalStripe
) -> None:
    hana = given.an_account()
    order_id = place(hana, given.a_listing())
    order = get(Order, order_id)
    path, subject = f"/orders/{order.code}", order.subject
    paying = checkout(order_id)
    db.session.rollback()
    signed_in(page, hana)
    page.goto(path)
    link = page.get_by_role("link", name="内容を確かめて支払う")
    link.focus()
    ears.listen(page)
    ears.asked_again(page, times=2)
    expect(link).to_be_focused()
    assert ears.heard(page) == []

    stripe.pay(paying)
    payment = asking.open_payment(subject)
    assert payment is not None
    sync(payment.id)
    keeping.drain()
    told = "お支払いを確認しました。いま、あなたの権利を発行しています。"
    expect(page.locator("#progress")).to_contain_text(told)
    expect(page.locator("#progress")).to_be_focused()  # the link is gone
    said = ears.heard(page)
    ears.asked_again(page, times=2)
    assert (sum(told in each for each in said), ears.heard(page)) == (1, said)
