"""Go and pay: the terms of the payment are written down first, then Stripe is asked for its page."""

from __future__ import annotations

from marketplace.accounts.models import Account
from marketplace.kit.clock import now
from marketplace.kit.db import get, lock, transaction
from marketplace.kit.refusals import Refused, WrongState
from marketplace.listings.models import Listing, ListingState
from marketplace.listings.rules import SaleClosed
from marketplace.orders import deposits
from marketplace.orders.models import Order, OrderState
from marketplace.payments import asking
from marketplace.payments.rules import session_end
from marketplace.settings import settings


class TimeIsUp(SaleClosed):
    code = "time_is_up"
    message = "お支払いの期限が過ぎたため、この注文は終わりました。お代はいただいていません。"


class SaleCancelled(SaleClosed):
    code = "sale_cancelled"
    message = "この販売は中止になりました。お代はいただきません。理由は権利のページをごらんください。"


class AlreadyPaid(Refused):
    code = "already_paid"
    message = "お支払いは届いています。まもなくこの注文に反映されますので、もう一度お支払いになる必要はありません。"


def checkout(order_id: int) -> str:
    """The address of Stripe's page for this order: the open one, or a new one.

    TimeIsUp, SaleCancelled, BeingTaken, AlreadyPaid where the money is there and the order has not heard of it yet;
    Unavailable.
    """
    with transaction():
        order = lock(Order, order_id)
        if order.state != OrderState.AWAITING_PAYMENT:
            raise WrongState
        if order.pay_by <= now():
            raise TimeIsUp
        listing = get(Listing, order.listing_id)
        if listing.state == ListingState.CANCELLED:
            raise SaleCancelled
        under_way, paid, last = asking.attempts_of(order.subject)
        if paid is not None:
            raise AlreadyPaid
        if under_way is not None:
            payment_id = under_way.id
        else:
            deposits.look(order)
            if deposits.being_taken(order):
                raise deposits.BeingTaken
            page = f"{settings().base_url}/orders/{order.code}"
            payment_id = asking.ask(
                subject=order.subject,
                yen=order.rest_yen,
                description=listing.right.title_ja,
                email=get(Account, order.buyer_id).email,
                success_url=f"{page}/done",
                cancel_url=f"{page}/confirm",
                expires_at=session_end(order.pay_by),
                last=last,
            )
    return asking.checkout_url(payment_id)
