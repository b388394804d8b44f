"""Settle an order: money has come, the token has come, or the money goes back.

Every way that news of a payment arrives (webhook, success page, reconciler) ends in the same function; the order's
lock and its table of moves make the second time nothing.
"""

from __future__ import annotations

import sqlalchemy as sa

from marketplace.accounts.models import Account
from marketplace.fund.assessing import drop
from marketplace.journal.writing import SYSTEM, move
from marketplace.kit.clock import now
from marketplace.kit.db import get, lock, transaction
from marketplace.kit.refusals import Refused, WrongState
from marketplace.listings.models import Listing, ListingState
from marketplace.listings.taking import give_back, retake_unit, sell, take_unit, unsell
from marketplace.notices.sending import send
from marketplace.orders import deposits
from marketplace.orders.models import OPEN, Order, OrderState, code_of
from marketplace.outbox.promising import say
from marketplace.payments import asking, refunding
from marketplace.payments.models import Payment, PaymentState
from marketplace.payments.refund_models import Refund
from marketplace.payments.refunding import promise_rest
from marketplace.settings import settings
from marketplace.tokens.issuing import promise_token, take_back


class NeedsTwo(Refused):
    code = "refund_needs_two"
    message = "発行のすんだ権利の返金は、1人が申し出て、別の1人が承認します。"


class NotTaken(Refused):
    code = "not_taken"
    message = "カード会社の金額が、町の頼んだものと違います。Stripeの管理画面で確かめて、全額を返してください。"


def pay(order_id: int, payment_id: int, yen: int) -> None:
    """`yen` has been paid: the unit is sold, the token promised ⇢ order.paid.

    Money for a sale that was cancelled meanwhile goes back. Money that comes after the hold ended buys the unit if
    there still is one, else it goes back. A second payment for one order goes back.
    """
    with transaction():
        order = lock(Order, order_id)
        if order.state in (OrderState.PAID, OrderState.ISSUED, OrderState.REFUND_PENDING, OrderState.REFUNDED):
            give_second_payment_back(order, payment_id)
            return
        if yen == order.yen and order.deposit_end is None:
            order.deposit_yen = 0  # paid in full all the same: the deposit goes back
        if yen != order.rest_yen:
            question(order_id, payment_id, why=f"paid {yen}, owed {order.rest_yen}")
            return
        listing = get(Listing, order.listing_id)
        cancelled = listing.state == ListingState.CANCELLED
        if cancelled and order.state in OPEN:
            move(order, "expire", why="sale cancelled")
            give_back(order.unit_id)
        too_late = order.state not in OPEN and (cancelled or not _have_unit_again(order))
        serial = None if too_late else sell(order.unit_id)
        paid_at = get(Payment, payment_id).booked_at or now()  # the day of the book
        order.paid_by_payment_id = payment_id
        if serial is None:
            late = "the sale was cancelled" if cancelled else "the last unit was gone"
            move(order, "refund", why=f"paid after {late}")
            promise_rest(payment_id, late, key=f"{order.code}:late")
            deposits.look(order)
            send_to_buyer("refund_coming", order)
            refunded(order.id, payment_id)  # where all of it went back by hand before
            return
        order.paid_at = paid_at
        move(order, "pay", payment=payment_id)
        deposits.look(order)
        promise_token(
            right_id=listing.right_id,
            serial=serial,
            listing_code=listing.code,
            order_code=order.code,
            account_id=order.buyer_id,
            max_supply=listing.quantity,
        )
        send_to_buyer("paid", order)
        tell("order.paid", order)


def give_second_payment_back(order: Order, payment_id: int) -> None:
    """The same payment heard twice is nothing; another one for the same order is returned."""
    if order.paid_by_payment_id != payment_id:
        promise_rest(payment_id, "paid twice", key=f"{order.code}:twice:{payment_id}")


def question(order_id: int, payment_id: int, why: str = "the payment is in doubt") -> None:
    """Stripe says something that people have to look at: nothing is issued and nothing released until they did.

    We ask for a sum of our own and allow no discount, so this takes a change at Stripe, or a deposit and a payment that
    crossed. What came is given back by refund().
    """
    with transaction():
        order = lock(Order, order_id)
        if order.state in OPEN:
            move(order, "question", why=why, payment=payment_id)


def process(order_id: int) -> None:
    """The buyer has done their part (a konbini slip, a bank transfer); the money is on its way, unless its end was
    heard before."""
    with transaction():
        order = lock(Order, order_id)
        if order.state == OrderState.AWAITING_PAYMENT and asking.open_payment(order.subject) is not None:
            move(order, "process")


def expire(order_id: int, why: str = "not paid in time") -> None:
    """Stripe has said that nothing can be paid any more: the unit is free again ⇢ order.expired."""
    with transaction():
        order = lock(Order, order_id)
        if order.state not in OPEN:
            return
        move(order, "expire", why=why)
        drop(order.subject, why)
        give_back(order.unit_id)
        cancelled = get(Listing, order.listing_id).state == ListingState.CANCELLED
        send_to_buyer("sale_cancelled" if cancelled else "expired", order)
        tell("order.expired", order)


def expire_if_unpaid(order_id: int, why: str = "not paid in time") -> None:
    """The same, unless a page is open still, or the money is there and the order has not heard of it yet."""
    with transaction():
        order = lock(Order, order_id)
        if asking.payments_of(order.subject) == (None, None):
            expire(order_id, why)


def expire_if_over(order_id: int) -> None:
    """A payment page is closed for good; whoever has time left may open another one, and a deposit may count now."""
    with transaction():
        order = lock(Order, order_id)  # "payment.processing" may be heard just now
        cancelled = get(Listing, order.listing_id).state == ListingState.CANCELLED
        if order.pay_by <= now() or cancelled:
            expire_if_unpaid(order_id, "sale cancelled" if cancelled else "not paid in time")
        elif order.state == OrderState.PROCESSING or order.deposit_payment_id is not None:
            if order.state == OrderState.PROCESSING and asking.open_payment(order.subject) is None:
                move(order, "wait_again")
            deposits.look(order)


def ask_in_full(order_id: int) -> None:
    """The deposit that was to count could not be taken: who still has to pay hears that it is the full price."""
    with transaction():
        order = lock(Order, order_id)
        if order.state == OrderState.AWAITING_PAYMENT:
            send_to_buyer("deposit_not_counted", order)


def issue(order_id: int) -> None:
    """The token is in the buyer's custody on chain ⇢ order.issued."""
    with transaction():
        order = lock(Order, order_id)
        if order.state != OrderState.PAID:
            return
        order.issued_at = now()
        move(order, "issue")
        send_to_buyer("issued", order)
        tell("order.issued", order)


def refund(order_id: int, by: str, why: str) -> None:
    """Staff give the money of a paid order back, because it can't be fulfilled. Only before the token is issued."""
    with transaction():
        order = lock(Order, order_id)
        if order.state == OrderState.ISSUED:
            raise NeedsTwo
        if order.state == OrderState.NEEDS_REVIEW:
            _end_the_doubt(order, why)
        take_back(order.code)
        move(order, "refund", by=by, why=why)
        give_back_price(order, why)
        send_to_buyer("refund_coming", order)
        refunded(order.id, order.paid_by_payment_id)  # where all of it went back by hand before


def _end_the_doubt(order: Order, why: str) -> None:
    """Another sum came than was owed, and all of it is to go back: nobody pays for the unit any more."""
    came = asking.payments_of(order.subject)[1]
    if came is None:
        raise NotTaken
    order.paid_by_payment_id = came.id
    drop(order.subject, why)
    give_back(order.unit_id)


def give_back_price(order: Order, why: str) -> None:
    """Inside a transaction that holds the order: its money goes back, but for what went back by hand at Stripe."""
    assert order.paid_by_payment_id is not None
    promise_rest(order.paid_by_payment_id, why, key=f"{order.code}:refund")
    deposits.refund(order, why)


def let_be(refund_id: int, by: str, why: str) -> None:
    """What somebody gave back by hand came back, or was called off, and the payer need not have it: the right goes on.
    WrongState where the town gives the order's money back: then it is owed."""
    payment = get(Refund, refund_id).payment
    code, payment_id = code_of(payment.subject), payment.id
    of_it = sa.or_(Order.code == code, Order.deposit_payment_id == payment_id)
    with transaction() as session:
        order = lock(Order, session.scalars(sa.select(Order.id).where(of_it)).one())
        if order.state in (OrderState.REFUND_PENDING, OrderState.REFUNDED):
            raise WrongState
        refunding.let_be(refund_id, by, why)


def refunded(order_id: int, payment_id: int | None) -> None:
    """The money is on its way back, or with its payer; a unit that was sold is free again."""
    with transaction():
        order = lock(Order, order_id)
        parts = (order.paid_by_payment_id, order.deposit_payment_id)
        if order.state != OrderState.REFUND_PENDING or payment_id not in parts:
            return  # a second payment that went back changes nothing
        if deposits.all_back(order):  # else another part is on its way still
            end_of_refund(order)


def end_of_refund(order: Order) -> None:
    """Inside a transaction that holds the order: its payer has all of it again ⇢ order.refunded."""
    if order.paid_at is None:
        tell("order.expired", order)  # of a payment in doubt; who was late has said so before
    elif order.issued_at is None:  # a number that was issued is never issued again
        unsell(order.unit_id)
    move(order, "refunded", by=SYSTEM)
    send_to_buyer("taken_back" if deposits.taken_back(order) else "refunded", order)
    tell("order.refunded", order)


def tell(topic: str, order: Order) -> None:
    """⇢ `topic`, once for each order."""
    say(
        topic,
        key=order.code,
        order_id=order.id,
        listing_id=order.listing_id,
        buyer_id=order.buyer_id,
        origin=str(order.origin),
    )


def send_to_buyer(template: str, order: Order) -> None:
    buyer = get(Account, order.buyer_id)
    send(
        template,
        buyer.email,
        key=f"{template}:{order.code}",
        language=buyer.language,
        order=order,
        right=get(Listing, order.listing_id).right,
        back_yen=back_yen(order),
        link=f"{settings().base_url}/orders/{order.code}",
    )


def back_yen(order: Order) -> int | None:
    """What goes back where the money goes back: of a payment in doubt what came, and not what was owed; None where
    Stripe alone knows how much that was (given_back.py)."""
    if order.paid_at is not None or order.paid_by_payment_id is None:
        return order.back_yen
    payment = get(Payment, order.paid_by_payment_id)
    return None if payment.state == PaymentState.NEEDS_REVIEW else payment.yen


def _have_unit_again(order: Order) -> bool:
    """The unit that was held, else any free one."""
    if retake_unit(order.unit_id):
        return True
    other = take_unit(order.listing_id)
    if other is None:
        return False
    order.unit_id = other.id
    return True
