"""中止: a sale ends for good and all the money goes back. Once money has moved it takes two persons.

The sale is cancelled in one moment; then its orders are wound up one by one, by the handler and again by the sheet,
until none is left: whoever dies in between loses nothing.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass

import sqlalchemy as sa

from marketplace.journal.writing import move, note
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, let_go, lock, transaction
from marketplace.kit.refusals import NotAllowed, Rejected, Unavailable, WrongState
from marketplace.kit.sheets import sheet
from marketplace.listings import scheduling
from marketplace.listings.decisions import Cancellation, CancellationState
from marketplace.listings.drafting import staff_name
from marketplace.listings.models import Listing, ListingState
from marketplace.listings.suspending import HERE, public_reason
from marketplace.orders import expiring, settling
from marketplace.orders.models import Order, OrderState
from marketplace.tokens.issuing import OnItsWay

log = logging.getLogger(__name__)
MOVED = (
    *(OrderState.PROCESSING, OrderState.PAID, OrderState.ISSUED, OrderState.NEEDS_REVIEW),
    *(OrderState.REFUND_PENDING, OrderState.REFUNDED),
)
TO_WIND_UP = (OrderState.AWAITING_PAYMENT, OrderState.PAID)
"""What can be ended now. One that is processing waits for the bank: its money goes back when it comes."""
WHY = "sale cancelled"


class OneIsWaiting(WrongState):
    code = "cancellation_waiting"
    message = "この出品には、承認を待っている中止の手続きがあります。"


class SamePerson(NotAllowed):
    code = "same_person"
    message = "お金が動いた出品の中止は、2人で決めます。別の職員に承認をお願いしてください。"


def request(listing_id: int, actor_id: int, reason: str) -> int:
    """Ask for the cancellation of a sale, with the reason that the public will read; its id.

    NotAllowed for an auction, WrongState where the sale can't be cancelled any more, OneIsWaiting.
    """
    why, by = public_reason(reason), staff_name(actor_id)
    with transaction() as session:
        listing = lock(Listing, listing_id)
        if listing.mode not in HERE:
            raise NotAllowed
        listing.MOVES.next(listing.state, "cancel")
        if waiting(listing_id) is not None:
            raise OneIsWaiting
        row = Cancellation(
            listing_id=listing_id,
            state=CancellationState.REQUESTED,
            why=why,
            requested_by=actor_id,
            requested_at=now(),
        )
        session.add(row)
        session.flush()
        note(listing.subject, "ask_to_cancel", by=by, why=why)
        return row.id


def approve(cancellation_id: int, actor_id: int) -> None:
    """Carry it out ⇢ listing.cancelled. SamePerson for who asked, once money has moved."""
    by = staff_name(actor_id)
    with transaction():
        listing = lock(Listing, get(Cancellation, cancellation_id).listing_id)
        row = lock(Cancellation, cancellation_id)
        row.money_moved = money_moved(listing.id)
        if row.money_moved and row.requested_by == actor_id:
            raise SamePerson
        row.approved_by = actor_id if actor_id != row.requested_by else None
        row.decided_at = now()
        move(row, "approve", by=by)
        scheduling.cancel(listing.id, by, row.why)


def withdraw(cancellation_id: int, actor_id: int) -> None:
    """The sale goes on."""
    with transaction():
        row = lock(Cancellation, cancellation_id)
        row.decided_at = now()
        move(row, "withdraw", by=staff_name(actor_id))


def waiting(listing_id: int) -> Cancellation | None:
    asked = sa.select(Cancellation).where(Cancellation.listing_id == listing_id)
    return db.session.scalar(asked.where(Cancellation.state == CancellationState.REQUESTED))


def money_moved(listing_id: int) -> bool:
    """Has anybody paid for it, or is anybody's payment on its way?"""
    some = sa.select(Order.id).where(Order.listing_id == listing_id, Order.state.in_(MOVED))
    return db.session.scalar(some.limit(1)) is not None


@sheet(every=30, name="orders.wind_up_cancelled", asks="stripe")
def wind_up_cancelled() -> None:
    """What the handler did not finish: Stripe was away, or an order came in at the same moment."""
    listings = sa.select(Order.listing_id).join(Listing, Listing.id == Order.listing_id).distinct()
    listings = listings.where(Listing.state == ListingState.CANCELLED, Order.state.in_(TO_WIND_UP))
    found = list(db.session.scalars(listings))
    let_go()
    for listing_id in found:
        wind_up(listing_id)


def wind_up(listing_id: int) -> None:
    """End what is unpaid and give back what is paid of a cancelled sale, as far as is possible now. Twice is safe."""
    open_orders = sa.select(Order.id, Order.state).where(Order.listing_id == listing_id, Order.state.in_(TO_WIND_UP))
    rows = db.session.execute(open_orders.order_by(Order.id)).all()
    cancelled = get(Listing, listing_id).state == ListingState.CANCELLED
    let_go()
    for order_id, state in rows if cancelled else ():
        try:
            if state == OrderState.AWAITING_PAYMENT:
                expiring.end(order_id, WHY)
            else:
                with suppress(OnItsWay, WrongState):  # the chain has it: it will be in the buyer's hands
                    settling.refund(order_id, by="system", why=WHY)
        except Unavailable as trouble:
            log.warning("order %s of a cancelled sale waits: %s", order_id, trouble)
            return
        except Rejected as refusal:  # of its page Stripe knows nothing: that keeps nobody else's money here
            let_go()
            log.error("order %s of a cancelled sale cannot be ended: %s", order_id, refusal)


@dataclass(frozen=True, slots=True)
class Progress:
    """Orders of a cancelled sale by what became of them, and the yen that go back."""

    unpaid: int
    """Still to be ended."""
    ended: int
    doubtful: int
    """The bank or a member of staff has the next word."""
    issuing: int
    kept: int
    """In the buyer's hands before the sale ended: theirs."""
    coming_back: int
    back: int
    coming_back_yen: int
    back_yen: int

    @property
    def done(self) -> bool:
        return not (self.unpaid or self.doubtful or self.issuing or self.coming_back)


def progress(listing_id: int) -> Progress:
    """How far the winding up is; of a sale that goes on, what its end would mean."""
    figures = sa.select(Order.state, sa.func.count(), sa.func.sum(Order.yen)).where(Order.listing_id == listing_id)
    found = {state: (count, int(yen)) for state, count, yen in db.session.execute(figures.group_by(Order.state))}

    def count(*states: OrderState) -> int:
        return sum(found.get(state, (0, 0))[0] for state in states)

    return Progress(
        unpaid=count(OrderState.AWAITING_PAYMENT),
        ended=count(OrderState.EXPIRED, OrderState.CANCELLED),
        doubtful=count(OrderState.PROCESSING, OrderState.NEEDS_REVIEW),
        issuing=count(OrderState.PAID),
        kept=count(OrderState.ISSUED),
        coming_back=count(OrderState.REFUND_PENDING),
        back=count(OrderState.REFUNDED),
        coming_back_yen=found.get(OrderState.REFUND_PENDING, (0, 0))[1],
        back_yen=found.get(OrderState.REFUNDED, (0, 0))[1],
    )
