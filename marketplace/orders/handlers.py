"""What orders do when they hear of payments and tokens."""

from __future__ import annotations

import sqlalchemy as sa

from marketplace.kit.db import db, transaction
from marketplace.kit.refusals import WrongState
from marketplace.listings import amending
from marketplace.listings.models import Listing, ListingState, Mode
from marketplace.listings.scheduling import close_sale, complete
from marketplace.listings.taking import SOLD_OUT
from marketplace.orders import cancelling, deposits, settling
from marketplace.orders.models import LIVE, Order, OrderState, code_of
from marketplace.outbox.promising import handles

_ID_OF = sa.select(Order.id).where(Order.code == sa.bindparam("code"))
_FIXED = sa.select(Listing.state, SOLD_OUT.label("sold_out"))
_FIXED = _FIXED.where(Listing.id == sa.bindparam("listing"), Listing.mode == Mode.FIXED)


def order_of(subject: str) -> int | None:
    code = code_of(subject)
    return db.session.scalar(_ID_OF, {"code": code}) if code else None


@handles("payment.succeeded")
def on_success(payment_id: int, subject: str, yen: int, **_more: object) -> None:
    if code_of(subject) is None:
        return
    with transaction():  # whose code it is never changes, so it may be asked where the order is settled
        if (order_id := order_of(subject)) is not None:
            settling.pay(order_id, payment_id, yen)


@handles("payment.processing")
def on_processing(payment_id: int, subject: str, **_more: object) -> None:
    if (order_id := order_of(subject)) is not None:
        settling.process(order_id)


@handles("payment.needs_review")
def on_doubt(payment_id: int, subject: str, **_more: object) -> None:
    if (order_id := order_of(subject)) is not None:
        settling.question(order_id, payment_id)


@handles("payment.expired")
@handles("payment.failed")
def on_end(payment_id: int, subject: str, **_more: object) -> None:
    """The page is closed for good. An order whose own time is not over may ask for a new one."""
    if (order_id := order_of(subject)) is not None:
        settling.expire_if_over(order_id)


@handles("payment.refunded")
@handles("payment.taken_back")
def on_refund(payment_id: int, subject: str, **_more: object) -> None:
    if (order_id := order_of(subject) or deposits.of_payment(payment_id)) is not None:
        settling.refunded(order_id, payment_id)


@handles("hold.captured")
def on_deposit(payment_id: int, **_more: object) -> None:
    if (order_id := deposits.of_payment(payment_id)) is not None:
        deposits.taken(order_id)


@handles("hold.lost")
@handles("hold.released")
def on_deposit_gone(payment_id: int, **_more: object) -> None:
    if (order_id := deposits.of_payment(payment_id)) is not None:
        settling.ask_in_full(order_id)


@handles("token.issued")
def on_token(order_code: str, **_more: object) -> None:
    if (order_id := order_of(f"order:{order_code}")) is not None:
        settling.issue(order_id)


@handles("order.paid")
@handles("order.issued")
@handles("order.expired")
@handles("order.refunded")
@handles("listing.closed", mode=Mode.FIXED)
def end_listing(listing_id: int, **_more: object) -> None:
    """A fixed-price sale whose last unit is sold is closed; a closed one without anything open is completed."""
    sale = db.session.execute(_FIXED, {"listing": listing_id}).one_or_none()
    if sale is None:
        return
    try:
        if sale.state == ListingState.OPEN and sale.sold_out:
            close_sale(listing_id, why="sold out")
        elif sale.state == ListingState.CLOSED and not unsettled(listing_id):
            complete(listing_id)
    except WrongState:
        return  # another worker was first


@handles("listing.cancelled")
def on_cancelled(listing_id: int, **_more: object) -> None:
    cancelling.wind_up(listing_id)


@handles("listing.amended")
def tell_amended(listing_id: int, amendment_id: int) -> None:
    """Whoever is paying for one, or has paid."""
    with transaction():
        buyers = sa.select(Order.buyer_id).where(Order.listing_id == listing_id, Order.state.in_(LIVE)).distinct()
        amending.tell(amendment_id, db.session.scalars(buyers).all())


@handles("listing.cancelled")
def tell_owners(listing_id: int, **_more: object) -> None:
    """Who has the right in hand keeps it, and hears so."""
    with transaction():
        issued = sa.select(Order).where(Order.listing_id == listing_id, Order.state == OrderState.ISSUED)
        for order in db.session.scalars(issued.order_by(Order.id)).all():
            settling.send_to_buyer("sale_cancelled", order)


def unsettled(listing_id: int) -> int:
    """Orders of a listing that still wait for a payment, a token or a refund."""
    waiting = (
        OrderState.AWAITING_PAYMENT,
        OrderState.PROCESSING,
        OrderState.PAID,
        OrderState.REFUND_PENDING,
        OrderState.NEEDS_REVIEW,
    )
    query = sa.select(sa.func.count()).where(Order.listing_id == listing_id, Order.state.in_(waiting))
    return db.session.scalar(query) or 0
