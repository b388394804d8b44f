"""充当: what the winner's deposit pays of the price, whichever news comes first, however often it comes."""

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, expect

from marketplace.admissions import deposits as of_bidders
from marketplace.auctions import awarding
from marketplace.auctions.bidding import place_bid
from marketplace.fund.deposits import in_custody
from marketplace.fund.posting import step
from marketplace.fund.statements import summary
from marketplace.kit.clock import pretending
from marketplace.kit.db import db
from marketplace.kit.refusals import Unavailable
from marketplace.orders import deposits, settling
from marketplace.orders.models import Order, OrderState
from marketplace.orders.paying import checkout
from marketplace.payments import asking, holding
from marketplace.payments.models import PaymentState
from marketplace.payments.syncing import sync
from tests import axe, given
from tests.admissions.test_deposits import admitted, row, states
from tests.crashing import PowerCut, rolled_back
from tests.local_stripe import LocalStripe
from tests.orders.awarded import (
    APPLIED,
    AWAITING,
    CAPTURED,
    FORFEITED,
    HELD,
    PAID,
    RELEASED,
    RETURNED,
    Won,
    a_sale,
    asked,
    auction_id,
    close,
    equals_stripe,
    hear,
    letters,
    missed,
    moved,
    paid,
    refused_by_the_bank,
    unpaid,
    won,
)
from tests.pages import read
from tests.payments.till import facts, said
from tests.racing import at_once
from tests.visiting import signed_in, visiting


@pytest.fixture(autouse=True)
def _app(app: Flask) -> None:
    """Every test here has a town."""


def test_who_wins_pays_what_the_deposit_leaves_of_the_price(stripe: LocalStripe, client: FlaskClient) -> None:
    sale = won(stripe)
    assert (states(sale.winner), sale.counted()) == ([CAPTURED], (AWAITING, 10_000, None))
    assert (in_custody(), summary()["collected_yen"]) == (10_000, 0)
    (letter,) = letters("pay_link")
    assert "  金額  30,000円（税込）\n  うち保証金から  10,000円\n  お支払い  20,000円\n  期限" in letter
    visitor, path = given.signed_in(client, sale.order.buyer_id), f"/orders/{sale.order.code}"
    words = read(visitor.get(f"{path}/confirm")).words
    for shown in ("代金の総額 30,000円", "うち保証金から 10,000円", "これからのお支払い 20,000円"):
        assert "".join(shown.split()) in "".join(words.split())
    form = next(one for one in read(visitor.get(f"{path}/confirm")).forms if one.action.endswith("/pay"))
    answer = visitor.post(form.action, data={**form.values, "agreed": "y"})
    assert (answer.status_code, asked(sale)) == (303, [20_000])
    assert stripe.pay(answer.location).status == 303
    assert visitor.get(f"{path}/done").status_code == 200
    hear()
    assert sale.counted() == (PAID, 10_000, APPLIED)
    assert "うち 10,000円 は、保証金をあてました。\nいま、" in letters("paid")[0]
    fees = moved()["fees"]
    assert moved() == {"stripe": 30_000 - fees, "fees": fees, "collected": -30_000}
    step("recognise", 30_000, decision="調定第1号", by="staff:ACC-1")
    assert (in_custody(), moved()["revenue"], equals_stripe(stripe)) == (0, -30_000, True)


@pytest.mark.parametrize("order", ["oldest", "newest"])
def test_every_news_twice_and_at_once_books_each_part_once(
    app: Flask, stripe: LocalStripe, live_server: str, order: str
) -> None:
    stripe.send_webhooks_to(live_server)
    stripe.sim("faults", manual=True, duplicate=1.0)
    sale = won(stripe)
    at_once(app, 3, lambda _n: deposits.taken(sale.order_id))
    payment_id = paid(stripe, sale)
    at_once(app, 3, lambda _n: settling.pay(sale.order_id, payment_id, 20_000))
    at_once(app, 3, lambda _n: deposits.taken(sale.order_id))
    stripe.sim("deliver", order=order)
    assert stripe.sim("stats")["waiting"] == 0
    hear()
    assert set(facts("hold.captured", "payment.succeeded").values()) == {1}
    assert sale.counted() == (PAID, 10_000, APPLIED)
    assert [body["yen"] for body in said("deposit.applied")] == [10_000]
    assert said("refund.promised") == said("deposit.forfeited") == []
    assert (moved()["collected"], equals_stripe(stripe)) == (-30_000, True)


def test_nobody_pays_while_the_deposit_is_being_taken(stripe: LocalStripe, client: FlaskClient) -> None:
    sale = won(stripe, heard=False)
    with pytest.raises(deposits.BeingTaken):
        checkout(sale.order_id)
    visitor = given.signed_in(client, sale.order.buyer_id)
    shown = read(visitor.get(f"/orders/{sale.order.code}/confirm"))
    assert "保証金 10,000円を代金の一部にあてる手続きをしています" in shown.words
    form = next(one for one in shown.forms if one.action.endswith("/pay"))
    answer = visitor.post(form.action, data={**form.values, "agreed": "y"})
    assert answer.status_code == deposits.BeingTaken.status
    assert deposits.BeingTaken.message in read(answer).words
    assert asked(sale) == []


def test_whoever_pays_before_the_news_of_the_capture_is_heard_pays_the_rest(stripe: LocalStripe) -> None:
    sale = won(stripe, heard=False)
    payment_id = sale.order.deposit_payment_id
    assert payment_id is not None
    holding.carry_out(payment_id)
    assert sale.counted() == (AWAITING, 0, None)
    stripe.pay(checkout(sale.order_id))
    assert asked(sale) == [20_000]
    open_one = asking.open_payment(sale.order.subject)
    assert open_one is not None
    sync(open_one.id)
    settling.pay(sale.order_id, open_one.id, 20_000)
    hear()  # only now the news of the capture, and after it that of the payment
    assert sale.counted() == (PAID, 10_000, APPLIED)
    assert (moved()["collected"], in_custody(), equals_stripe(stripe)) == (-30_000, 0, True)


def test_stripe_that_takes_too_long_lets_them_pay_in_full_and_the_deposit_goes_back(stripe: LocalStripe) -> None:
    sale = won(stripe, heard=False)
    with pretending(sale.order.created_at + deposits.WAIT):
        url = checkout(sale.order_id)
    assert asked(sale) == [30_000]
    stripe.pay(url)
    open_one = asking.open_payment(sale.order.subject)
    assert open_one is not None
    sync(open_one.id)
    settling.pay(sale.order_id, open_one.id, 30_000)
    assert sale.counted() == (PAID, 0, None)
    hear()
    assert (states(sale.winner), sale.counted()) == ([CAPTURED], (PAID, 0, RETURNED))
    assert said("deposit.applied") == []
    assert (moved()["collected"], in_custody(), equals_stripe(stripe)) == (-30_000, 0, True)


def test_a_page_with_the_full_price_is_not_made_cheaper_but_the_next_one_is(stripe: LocalStripe) -> None:
    sale = won(stripe, heard=False)
    with pretending(sale.order.created_at + deposits.WAIT):
        checkout(sale.order_id)
    hear()
    assert (states(sale.winner), sale.counted()) == ([CAPTURED], (AWAITING, 0, None))
    open_one = asking.open_payment(sale.order.subject)
    assert open_one is not None
    stripe.client().checkout.sessions.expire(str(open_one.session_id))
    sync(open_one.id)
    hear()
    assert sale.counted() == (AWAITING, 10_000, None)
    paid(stripe, sale)
    assert (asked(sale), sale.counted()) == ([30_000, 20_000], (PAID, 10_000, APPLIED))


def test_a_deposit_that_the_bank_does_not_give_leaves_the_full_price(stripe: LocalStripe) -> None:
    sale = won(stripe, heard=False)
    refused_by_the_bank(stripe, sale)
    hear()
    assert (states(sale.winner), sale.counted()) == ([PaymentState.LOST], (AWAITING, 0, None))
    assert "  金額  30,000円（税込）\n" in letters("deposit_not_counted")[0]
    assert letters("admission_lapsed") == []
    paid(stripe, sale)
    assert (asked(sale), sale.counted()) == ([30_000], (PAID, 0, None))
    assert (moved()["collected"], in_custody(), equals_stripe(stripe)) == (-30_000, 0, True)


def test_stripe_away_at_the_award_takes_it_later_and_once(stripe: LocalStripe) -> None:
    sale = won(stripe, heard=False)
    payment_id = sale.order.deposit_payment_id
    assert payment_id is not None
    stripe.sim("faults", fail_next=2)
    with pytest.raises(Unavailable):
        holding.carry_out(payment_id)
    hear()
    assert (states(sale.winner), sale.counted()) == ([CAPTURED], (AWAITING, 10_000, None))


def test_who_does_not_pay_loses_what_was_taken_once(app: Flask, stripe: LocalStripe) -> None:
    sale = won(stripe)
    unpaid(sale)
    at_once(app, 3, lambda _n: awarding.forfeited(sale.order_id))
    hear()
    assert (states(sale.winner), sale.counted()) == ([CAPTURED], (OrderState.EXPIRED, 10_000, FORFEITED))
    assert moved() == {"stripe": 9_640, "fees": 360, "collected": -10_000}
    assert (summary()["forfeited_yen"], in_custody(), equals_stripe(stripe)) == (10_000, 0, True)
    assert missed() == 0


def test_a_default_that_is_heard_before_the_capture_forfeits_it_too(stripe: LocalStripe) -> None:
    sale = won(stripe, heard=False)
    settling.expire(sale.order_id)
    awarding.forfeited(sale.order_id)
    assert (states(sale.winner), sale.counted()) == ([HELD], (OrderState.EXPIRED, 0, FORFEITED))
    of_bidders.forfeit(sale.winner)  # the news that it is not to be taken besides is faster, too
    hear()
    assert moved() == {"stripe": 9_640, "fees": 360, "collected": -10_000}
    assert missed() == 0


def test_default_and_capture_at_the_same_moment_forfeit_it_once(app: Flask, stripe: LocalStripe) -> None:
    sale = won(stripe, heard=False)
    order_id, payment_id = sale.order_id, sale.order.deposit_payment_id
    assert payment_id is not None
    settling.expire(order_id)
    acts = (
        lambda: holding.carry_out(payment_id),
        lambda: awarding.forfeited(order_id),
        lambda: of_bidders.forfeit(sale.winner),
        lambda: deposits.taken(order_id),
    )
    assert at_once(app, 4, lambda n: acts[n]()) == [CAPTURED, None, None, None]
    hear()
    assert sale.counted() == (OrderState.EXPIRED, 0, FORFEITED)
    assert moved() == {"stripe": 9_640, "fees": 360, "collected": -10_000}
    assert equals_stripe(stripe)


def test_the_next_bidder_s_deposit_counts_as_well(stripe: LocalStripe) -> None:
    sale = won(stripe, second=True)
    assert sale.second is not None
    assert (states(sale.winner), states(sale.second)) == ([CAPTURED], [HELD])
    unpaid(sale)
    offer = db.session.scalars(sa.select(Order.id).order_by(Order.id.desc()).limit(1)).one()
    offered = Won(offer, sale.second)
    assert (states(sale.second), offered.counted()) == ([CAPTURED], (AWAITING, 10_000, None))
    paid(stripe, offered)
    assert offered.counted() == (PAID, 10_000, APPLIED)
    assert (moved()["collected"], summary()["forfeited_yen"]) == (-40_000, 10_000)
    assert (in_custody(), equals_stripe(stripe)) == (0, True)


@pytest.mark.parametrize(("price", "counts"), [(10_049, True), (30_000, False)])
def test_else_it_is_held_until_the_price_has_been_paid(stripe: LocalStripe, price: int, counts: bool) -> None:
    """Where the listing does not say so, and where Stripe could not charge what would be left."""
    sale = won(stripe, price=price, counts=counts)
    assert (states(sale.winner), sale.order.deposit_payment_id) == ([HELD], None)
    assert "保証金" not in letters("pay_link")[0]
    paid(stripe, sale)
    assert (asked(sale), states(sale.winner)) == ([price], [RELEASED])


def test_an_award_that_dies_takes_nothing(stripe: LocalStripe) -> None:
    listing_id = a_sale(30_000)
    winner = admitted(stripe, listing_id)
    place_bid(auction_id(listing_id), row(winner).account_id, 30_000)
    with rolled_back(PowerCut):
        close(listing_id)
    hear()
    assert (states(winner), db.session.scalar(sa.select(sa.func.count()).select_from(Order))) == ([HELD], 0)
    close(listing_id)
    hear()
    assert states(winner) == [CAPTURED]


@pytest.mark.browser
def test_its_pages_are_readable_on_a_narrow_screen(stripe: LocalStripe, browser: Browser, live_server: str) -> None:
    sale = won(stripe, heard=False)
    path, account = f"/orders/{sale.order.code}", sale.order.buyer_id
    db.session.rollback()
    found = []
    with visiting(browser, live_server, viewport={"width": 320, "height": 700}) as page:
        signed_in(page, account)
        for shown in ("1分ほどで終わります", "これからのお支払い（保証金を引いた残り）", "うち保証金から"):
            page.goto(path if shown == "うち保証金から" else f"{path}/confirm")
            expect(page.locator("main")).to_contain_text(shown)
            width = page.evaluate("document.documentElement.scrollWidth")
            found.append((width, axe.faults(page)))
            hear()
            db.session.rollback()
    assert found == [(320, [])] * 3
