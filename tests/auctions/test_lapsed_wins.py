"""Who won and did not pay reads what became of the deposit; late money wins nothing back from the next bidder."""

from __future__ import annotations

import pytest
from flask import Flask

from marketplace.orders import settling
from marketplace.orders.paying import checkout
from marketplace.outbox import keeping
from marketplace.payments import asking
from marketplace.payments.syncing import sync
from marketplace.settings import Settings
from tests.auctions.own_pages import LAPSED, OVER, auction_of, auctions_of, sale
from tests.local_stripe import LocalStripe
from tests.orders import awarded


@pytest.fixture
def settings(settings: Settings, stripe: LocalStripe) -> Settings:
    return stripe.settings(settings)


@pytest.mark.parametrize("counts", [True, False])
def test_who_did_not_pay_reads_that_the_deposit_is_the_towns(app: Flask, stripe: LocalStripe, counts: bool) -> None:
    sold = awarded.won(stripe, counts=counts)
    winner, auction = sold.order.buyer_id, auction_of(sold.order.listing_id)
    awarded.unpaid(sold)
    follows = "保証金は、町のものになります（地方自治法第234条第4項）。今後の入札への参加を、お断りすることがあります。"
    assert LAPSED + follows in sale(app, auction, winner).words
    (line,) = auctions_of(app, winner)[OVER]
    assert line.endswith(f"落札の取り消し{LAPSED}{follows}")


def test_money_that_comes_late_for_what_another_has_by_now_makes_no_winner(app: Flask, stripe: LocalStripe) -> None:
    sold = awarded.won(stripe, counts=False, second=True)
    first, subject = sold.order.buyer_id, sold.order.subject
    stripe.pay(checkout(sold.order_id))
    payment = asking.open_payment(subject)
    assert payment is not None
    payment_id = payment.id
    settling.expire(sold.order_id)  # as if Stripe's answer had been lost
    keeping.drain()
    sync(payment_id)
    awarded.hear()
    assert sold.order.state == awarded.REFUNDED
    (line,) = auctions_of(app, first)[OVER]
    assert f"落札の取り消し{LAPSED}" in line
