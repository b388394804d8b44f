"""Orders before and after their money, what banks object to, and the books."""

from __future__ import annotations

from marketplace.kit.clock import jst, now
from marketplace.kit.db import get
from marketplace.orders.models import Order
from marketplace.orders.paying import checkout
from marketplace.orders.placing import place
from marketplace.outbox import keeping
from marketplace.payments import asking
from marketplace.payments.reconciling import reconcile
from marketplace.payments.syncing import sync
from tests import given
from tests.faces.visits import Town
from tests.pages import read


def live(town: Town) -> None:
    waiting = get(Order, place(town.hana, given.a_listing(title_ja="お支払いを待つ権利"))).code
    paid = bought(town, "pm_card_visa", given.a_listing(title_ja="お支払いのすんだ権利"))
    objected = bought(town, "pm_card_createDispute", given.a_listing(title_ja="異議のあった権利"))
    sold_out = given.a_listing(quantity=1, title_ja="売り切れた権利")
    bought(town, "pm_card_visa", sold_out)
    town.stripe.sim("payout", short=100)
    reconcile()
    keeping.drain()
    dispute = town.stripe.client().disputes.list({"limit": 1}).data[0].id
    payout = town.stripe.client().payouts.list({"limit": 1}).data[0].id
    town.shown(f"/orders/{waiting}/confirm", f"/orders/{waiting}", f"/orders/{paid}", f"/orders/{paid}/done", to="hana")
    town.shown(f"/orders/{paid}/receipt", to="hana")
    town.shown(*(f"/staff/orders/{code}" for code in (waiting, paid, objected)), to="clerk")
    town.shown(f"/staff/orders/{paid}/receipt", f"/staff/disputes/{dispute}", to="clerk")
    town.shown(f"/staff/money/payouts/{payout}", f"/staff/books/{jst(now()):%Y-%m}", to="clerk")
    money = read(given.signed_in(town.app.test_client(), town.clerk).get("/staff/money"))
    town.shown(next(link for link in money.links if "/explain?" in link), to="clerk")
    town.shown(f"/staff/listings/{town.code(sold_out)}/returns", to="clerk")
    town.shown(f"/listings/{town.code(sold_out)}", "/fund/entries/1")


def bought(town: Town, card: str, listing_id: int) -> str:
    """The code of an order of Hana's that was paid with this card."""
    order_id = place(town.hana, listing_id)
    town.stripe.pay(checkout(order_id), card=card)
    payment = asking.open_payment(get(Order, order_id).subject)
    assert payment is not None
    sync(payment.id)
    keeping.drain()
    return get(Order, order_id).code
