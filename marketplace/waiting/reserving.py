"""Staff order for somebody on the phone or at the counter whose turn it is."""

from __future__ import annotations

from marketplace.accounts.models import Account
from marketplace.journal.writing import note
from marketplace.kit.db import get, transaction
from marketplace.notices.sending import send
from marketplace.orders import placing
from marketplace.orders.models import Order
from marketplace.settings import settings
from marketplace.waiting.models import Place
from marketplace.waiting.refusals import NotCalled


def reserve(place_id: int, actor_id: int) -> int:
    """Hold a unit as the person would, and send them the link to pay; the order's id. A second click gives the same.

    NotCalled where it was forgotten who that was; what placing.place() refuses.
    """
    with transaction():
        place = get(Place, place_id)
        if place.account_id is None:
            raise NotCalled
        order = get(Order, placing.place(place.account_id, place.room.listing_id))
        note(order.subject, "waiting.reserve", by=f"staff:{get(Account, actor_id).code}", no=place.no)
        send(
            "pay_link",
            get(Account, place.account_id).email,
            key=f"pay-link:{order.code}",
            order=order,
            right=place.room.listing.right,
            deposit_yen=0,
            link=f"{settings().base_url}/orders/{order.code}/confirm",
        )
        return order.id
