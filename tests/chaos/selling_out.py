"""Ten times as many people as units, all at the same moment; dice choose who comes when, who pays and who thinks again.

Whoever is refused because all units are held comes again, as long as there is something to have.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

import sqlalchemy as sa
from flask import Flask

from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db, get, transaction
from marketplace.kit.sheets import SHEETS, run_one
from marketplace.listings.models import Unit, UnitState
from marketplace.listings.rules import AllHeld, SoldOut
from marketplace.orders.expiring import cancel
from marketplace.orders.models import Order, OrderState
from marketplace.orders.paying import checkout
from marketplace.orders.placing import place
from marketplace.outbox import keeping
from marketplace.payments import asking
from marketplace.payments.models import Payment, PaymentState
from marketplace.payments.reconciling import reconcile
from marketplace.payments.stripe import till
from marketplace.payments.syncing import sync
from tests.chaos.state import unlike_stripe
from tests.local_stripe import LocalStripe
from tests.racing import at_once

PRICE = 1_000
HOLD = timedelta(minutes=40)
"""After which the units of those who left are free again."""
PAYS, LEAVES = 0.8, 0.1
"""Shares of those who got a unit, where not all are in earnest; the rest give it back."""


@dataclass
class Sold:
    """How it ended."""

    waves: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)
    """What nobody may meet: a lock, a timeout, an error of ours."""
    orders: Counter[str] = field(default_factory=Counter)
    units: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def is_right(self, units: int) -> bool:
        sold = (self.orders[OrderState.PAID], self.units) == (units, {UnitState.SOLD: units})
        return sold and not (self.failed or self.wrong)


def sell_out(
    app: Flask, stripe: LocalStripe, listing_id: int, people: list[int], threads: int, seed: int, earnest: bool = False
) -> Sold:
    """Waves of buyers until every unit is paid for, or nobody wants one. In the application's context."""
    found, dice, hand = Sold(), random.Random(seed), threading.Lock()
    waiting = list(people)
    while waiting and _left(listing_id):
        found.waves += 1
        dice.shuffle(waiting)
        mood = {who: 0.0 if earnest else dice.random() for who in waiting}
        again: list[int] = []

        def come(
            thread: int, queue: list[int] = waiting, mood: dict[int, float] = mood, again: list[int] = again
        ) -> None:
            for who in queue[thread::threads]:
                try:
                    _buy(stripe, who, listing_id, mood[who])
                except (AllHeld, SoldOut) as refusal:
                    with hand:
                        found.refused[type(refusal).__name__] += 1
                        again.append(who)

        found.failed += [repr(trouble) for trouble in at_once(app, threads, come) if trouble is not None]
        keeping.drain()
        with pretending(now() + HOLD):
            run_one(SHEETS["orders.expire_unpaid"])
            keeping.drain()
        waiting = again
    _count(found)
    return found


def _buy(stripe: LocalStripe, who: int, listing_id: int, mood: float) -> None:
    order_id = place(who, listing_id)
    if mood >= PAYS + LEAVES:
        cancel(order_id)
    elif mood < PAYS:
        page = checkout(order_id)
        assert place(who, listing_id) == order_id  # a second window
        stripe.pay(page)
        payment = asking.open_payment(get(Order, order_id).subject)
        assert payment is not None
        sync(payment.id)


def _left(listing_id: int) -> bool:
    free = sa.select(Unit.id).where(Unit.listing_id == listing_id, Unit.state != UnitState.SOLD).limit(1)
    left = db.session.scalar(free) is not None
    db.session.rollback()
    return left


def _count(found: Sold) -> None:
    with pretending(now() + timedelta(days=1)):
        reconcile()
        keeping.drain()
    found.orders = Counter(map(str, db.session.scalars(sa.select(Order.state))))
    found.units = Counter(map(str, db.session.scalars(sa.select(Unit.state))))
    found.wrong = unlike_stripe(till().transactions()) + _orphans()
    found.wrong += [f"late: {each.handler}" for each in keeping.late()]
    db.session.rollback()


def _orphans() -> list[str]:
    """Sold units and paid orders, one for one, each with the one payment that succeeded."""
    sold = Counter(db.session.scalars(sa.select(Unit.id).where(Unit.state == UnitState.SOLD)))
    paid = Counter(db.session.scalars(sa.select(Order.unit_id).where(Order.state == OrderState.PAID)))
    orders = Counter(db.session.scalars(sa.select(Order.paid_by_payment_id).where(Order.state == OrderState.PAID)))
    money = Counter(db.session.scalars(sa.select(Payment.id).where(Payment.state == PaymentState.SUCCEEDED)))
    pairs = (("units", sold, paid), ("money", orders, money))
    return [f"{name}: {left} and {right}" for name, left, right in pairs if left != right]


def naively(app: Flask, listing_id: int, people: int, threads: int) -> int:
    """To how many a shop sells that looks first and writes then. The control: where this one does not sell too much,
    there was no race at all."""

    def sell(thread: int) -> int:
        sold = 0
        for _ in range(thread, people, threads):
            free = db.session.scalar(
                sa.select(Unit.id).where(Unit.listing_id == listing_id, Unit.state == UnitState.FREE).limit(1)
            )
            db.session.rollback()
            if free is not None:
                with transaction() as session:
                    session.execute(sa.update(Unit).where(Unit.id == free).values(state=UnitState.SOLD))
                sold += 1
        return sold

    return sum(at_once(app, threads, sell))
