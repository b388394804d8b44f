"""A winner whose deposit is to count towards the price, and looks at what became of both."""

from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from marketplace.auctions import closing
from marketplace.auctions.bidding import place_bid
from marketplace.auctions.opening import of_listing
from marketplace.fund.statements import balanced, balances
from marketplace.journal.models import Entry
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db, get
from marketplace.notices.models import Notice
from marketplace.orders import expiring
from marketplace.orders.models import DepositEnd, Order, OrderState
from marketplace.orders.paying import checkout
from marketplace.outbox import keeping
from marketplace.payments import asking, holding
from marketplace.payments.balance import read_balance
from marketplace.payments.models import Payment, PaymentState
from marketplace.payments.syncing import sync
from tests import given
from tests.admissions.test_deposits import admitted, row
from tests.local_stripe import LocalStripe

HELD, CAPTURED, RELEASED = PaymentState.HELD, PaymentState.CAPTURED, PaymentState.RELEASED
APPLIED, FORFEITED, RETURNED = DepositEnd
AWAITING, PAID, REFUNDED = OrderState.AWAITING_PAYMENT, OrderState.PAID, OrderState.REFUNDED


@dataclass(frozen=True)
class Won:
    order_id: int
    winner: int
    """The participation."""
    second: int | None = None

    @property
    def order(self) -> Order:
        db.session.rollback()
        return get(Order, self.order_id)

    def counted(self) -> tuple[OrderState, int, DepositEnd | None]:
        return self.order.state, self.order.deposit_yen, self.order.deposit_end


def won(
    stripe: LocalStripe,
    *,
    heard: bool = True,
    price: int = 30_000,
    second: bool = False,
    counts: bool = True,
    card: str = "pm_card_visa",
) -> Won:
    """Somebody whose deposit of 10,000 yen is held wins at `price`; with `second`, somebody else bid the same start."""
    listing_id = a_sale(price, counts)
    other = admitted(stripe, listing_id) if second else None
    winner = admitted(stripe, listing_id, card)
    for participation_id, yen in ((other, price), (winner, 2 * price)):
        if participation_id is not None:
            place_bid(auction_id(listing_id), row(participation_id).account_id, yen)
    close(listing_id)
    if heard:
        hear()
    order_id = db.session.scalars(sa.select(Order.id).where(Order.listing_id == listing_id)).one()
    return Won(order_id, winner, other)


def hear() -> None:
    """Everybody hears all news, some minutes after the close."""
    with pretending(now() + timedelta(minutes=5)):
        keeping.drain()


def a_sale(price: int, counts: bool = True) -> int:
    part = {"verification": "deposit", "deposit_yen": 10_000, "deposit_counts": counts}
    rules = {"taking_part": part, "soft_close": None, "outage": None}
    closes = now() + timedelta(minutes=2)
    return given.a_listing("ascending", "naming", price_yen=price, auction_rules=rules, closes_at=closes)


def auction_id(listing_id: int) -> int:
    auction = of_listing(listing_id)
    assert auction is not None
    return auction.id


def close(listing_id: int) -> None:
    auction = of_listing(listing_id)
    assert auction is not None
    auction_id, closes_at = auction.id, auction.closes_at
    with pretending(closes_at + timedelta(seconds=1)):
        assert closing.close(auction_id)


def paid(stripe: LocalStripe, sale: Won, url: str | None = None) -> int:
    """The winner pays what Stripe's page asks for; the payment's id, heard."""
    stripe.pay(url or checkout(sale.order_id))
    payment = asking.open_payment(sale.order.subject)
    assert payment is not None
    payment_id = payment.id
    sync(payment_id)
    hear()
    return payment_id


def unpaid(sale: Won) -> None:
    with pretending(sale.order.pay_by + timedelta(minutes=1)):
        expiring.end(sale.order_id)
        keeping.drain()


def asked(sale: Won) -> list[int]:
    db.session.rollback()
    of_order = sa.select(Payment.yen).where(Payment.subject == sale.order.subject).order_by(Payment.id)
    return list(db.session.scalars(of_order))


def refused_by_the_bank(stripe: LocalStripe, sale: Won) -> None:
    """The hold is ended at the bank before it is taken."""
    payment = holding.held(row(sale.winner).subject)
    assert payment is not None
    stripe.client().payment_intents.cancel(str(payment.payment_intent_id))
    db.session.rollback()


def moved() -> dict[str, int]:
    db.session.rollback()
    return {account: yen for account, yen in balances().items() if yen}


def equals_stripe(stripe: LocalStripe) -> bool:
    """The book's Stripe account and Stripe's own balance, also after all of that was read once more."""
    read_balance()
    hear()
    lines = stripe.client().balance_transactions.list({"limit": 100}).data
    return balanced() and moved().get("stripe", 0) == sum(line.net for line in lines)


def missed() -> int:
    """How often the journal says that a deposit could not be taken."""
    db.session.rollback()
    return len(db.session.scalars(sa.select(Entry.id).where(Entry.event == "deposit.missed")).all())


def letters(template: str) -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Notice.body).where(Notice.template == template).order_by(Notice.id)))
