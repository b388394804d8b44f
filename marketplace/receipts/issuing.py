"""Give a receipt: the first print takes the next number of the year, later ones are marked as such.

The numbers of a series follow each other without a gap: they are counted under the lock of the series' row, in the
transaction that writes the document, and the database has each stand on the one before.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from marketplace.journal.writing import note
from marketplace.kit.clock import jst, now
from marketplace.kit.dates import fiscal_year
from marketplace.kit.db import db, get, insert_once, lock, transaction
from marketplace.listings.models import Unit
from marketplace.orders.models import Order, OrderState
from marketplace.payments.refund_models import VOID, Refund, RefundState
from marketplace.payments.refunding import claimed
from marketplace.receipts import rules
from marketplace.receipts.models import Print, Receipt, Series
from marketplace.settings import settings

RECEIVED = (OrderState.PAID, OrderState.ISSUED)
BACK = (OrderState.REFUND_PENDING, OrderState.REFUNDED)


def print_out(order_id: int, addressee: str, copy: int, by: str, refund_id: int | None = None) -> int:
    """The `copy`th print (from 1) of the order's receipt, or of the return invoice of a refund; its id.

    The same copy for the same addressee is given once, however often it is asked for. PrintedMeanwhile where that copy
    is somebody else's or not the next; NothingReceived, GoingBack, NotGivenBack, TakenByTheBank, NoBudget.
    """
    with transaction() as session:
        order = lock(Order, order_id)
        receipt = find(order_id, refund_id)
        known = {each.n: each for each in receipt.prints} if receipt else {}
        if copy in known and known[copy].addressee == addressee:
            return known[copy].id
        if copy != len(known) + 1:
            raise rules.PrintedMeanwhile
        facts = of_refund(order, refund_id) if refund_id is not None else of_price(order)
        receipt = receipt or _numbered(order, facts)
        printed = Print(receipt_id=receipt.id, n=copy, addressee=addressee, at=now(), by=by)
        session.add(printed)
        session.flush()
        note(order.subject, "print_receipt", by=by, number=receipt.number, copy=copy)
        return printed.id


def find(order_id: int, refund_id: int | None = None) -> Receipt | None:
    return db.session.scalar(sa.select(Receipt).where(Receipt.order_id == order_id, Receipt.refund_id == refund_id))


def of_price(order: Order) -> dict[str, Any]:
    """What the receipt of an order says. NothingReceived, GoingBack."""
    if order.state in BACK and order.paid_at is not None:
        raise rules.GoingBack
    if order.state not in RECEIVED or order.paid_at is None or not order.yen:
        raise rules.NothingReceived
    if order.paid_by_payment_id is not None and claimed(order.paid_by_payment_id) >= order.rest_yen:
        raise rules.GoingBack  # by hand at Stripe: the order has not heard of it
    return {"yen": order.yen, "deposit_yen": order.deposit_yen, "moved_at": order.paid_at}


def of_refund(order: Order, refund_id: int) -> dict[str, Any]:
    """What the return invoice of a refund says. NotGivenBack, NeverGivenBack, TakenByTheBank;
    LookupError where it undoes no sale."""
    refund = next((each for each in refunds(order) if each.id == refund_id), None)
    if refund is None:
        raise LookupError(f"no refund {refund_id} of {order.code}")
    if refund.state == RefundState.BY_DISPUTE:
        raise rules.TakenByTheBank
    if refund.state in VOID:
        raise rules.NeverGivenBack
    if refund.state not in (RefundState.SUCCEEDED, RefundState.BY_BANK):
        raise rules.NotGivenBack
    return {"yen": refund.yen, "refund_id": refund.id, "moved_at": refund.created_at}


def refunds(order: Order) -> list[Refund]:
    """Money of a sale that went back, oldest first. What was paid twice or too late was never a sale."""
    if order.paid_at is None:
        return []
    parts = [n for n in (order.paid_by_payment_id, order.deposit_payment_id) if n is not None]
    of_sale = sa.select(Refund).where(Refund.payment_id.in_(parts), Refund.purpose == "payment")
    return list(db.session.scalars(of_sale.order_by(Refund.id)))


def _numbered(order: Order, facts: dict[str, Any]) -> Receipt:
    """A document with the next number of its series, in a transaction that holds the order."""
    listing, at = order.listing, now()
    n, year = _next(listing.budget, at)
    sold_at: datetime = order.paid_at or at
    budget = settings().budgets[listing.budget]
    receipt = Receipt(
        budget=listing.budget,
        fiscal_year=year,
        n=n,
        before=n - 1 or None,
        order_id=order.id,
        issued_at=at,
        sold_at=sold_at,
        title=f"{listing.right.title_ja}（{get(Unit, order.unit_id).serial}番）",
        tax=listing.tax,
        tax_yen=rules.included_tax(facts["yen"], listing.tax),
        issuer=settings().town_name,
        budget_name=budget.name,
        registration=budget.number_on(jst(sold_at).date()),
        **facts,
    )
    db.session.add(receipt)
    db.session.flush()
    return receipt


def _next(budget: str, at: datetime) -> tuple[int, int]:
    """(number, fiscal year), the series' row held. NoBudget."""
    if budget not in settings().budgets:
        raise rules.NoBudget
    key = {"budget": budget, "fiscal_year": fiscal_year(at)}
    insert_once(Series, {**key, "last": 0})
    series = lock(Series, (key["budget"], key["fiscal_year"]))
    series.last += 1
    return series.last, series.fiscal_year
