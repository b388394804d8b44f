"""What stands in each of the accounting lists: what the database has for it in a period, and rows made of some of that.

accounting.py says what their columns hold. Sums are whole yen, tax included.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from marketplace.fund.models import TITLES, Account, Posting, PostingLine
from marketplace.journal.reason_words import reason_in_words
from marketplace.kit.dates import fiscal_year
from marketplace.kit.db import db
from marketplace.kit.tables import Cell, Row
from marketplace.listings.models import MODE_JA, Listing
from marketplace.orders.models import Order, OrderState, Origin, code_of
from marketplace.payments.models import Payment
from marketplace.payments.refund_models import Refund, RefundState
from marketplace.receipts.models import Receipt
from marketplace.receipts.rules import included_tax
from marketplace.reports.deciders import deciders
from marketplace.reports.periods import Period
from marketplace.settings import settings

NO_SALE: tuple[Cell, ...] = ("", "", "", "")


def _year(year: int) -> str:
    """As text: a year is no sum, and wants no comma."""
    return str(year)


def _budget(listing: Listing) -> str:
    budget = settings().budgets.get(listing.budget)
    return budget.name if budget else listing.budget


def _of_sale(order: Order | None) -> tuple[Cell, ...]:
    if order is None:
        return NO_SALE
    return (_budget(order.listing), order.code, order.listing.code, order.listing.right.title_ja)


def due_at(order: Order) -> datetime | None:
    """When the town had a claim: of a draw or an auction the award, of a fixed price the payment (事後調定)."""
    return order.created_at if order.origin in (Origin.LOTTERY, Origin.AUCTION) else order.paid_at


def dues(period: Period) -> sa.Select[Order]:
    awarded = Order.origin.in_((Origin.LOTTERY, Origin.AUCTION)) & period.covers(Order.created_at)
    bought = Order.origin.not_in((Origin.LOTTERY, Origin.AUCTION)) & period.covers(Order.paid_at)
    query = sa.select(Order).options(joinedload(Order.listing)).where(Order.yen > 0, awarded | bought)
    return query.order_by(Order.id)


def due_rows(found: Sequence[tuple[Order]]) -> Iterator[Row]:
    for (order,) in found:
        at = due_at(order)
        assert at is not None
        lapsed = order.yen if order.paid_at is None and not _still_due(order) else 0
        paid = order.yen if order.paid_at is not None else 0
        yield (
            *(at, _year(fiscal_year(at)), *_of_sale(order), MODE_JA[order.listing.mode], order.listing.tax.ja),
            *(order.yen, included_tax(order.yen, order.listing.tax), lapsed, paid, order.yen - lapsed - paid),
            *(order.paid_at, order.state.ja),
        )


def _still_due(order: Order) -> bool:
    return order.is_open or order.state == OrderState.NEEDS_REVIEW


def receipts(period: Period) -> sa.Select[Posting, int]:
    """Of the book: what was credited to 収納, but for what only moves on from there."""
    return (
        sa.select(Posting, -PostingLine.yen)
        .join(PostingLine, PostingLine.posting_id == Posting.id)
        .where(PostingLine.account == Account.COLLECTED, PostingLine.yen < 0, period.covers(Posting.at))
        .where(Posting.kind != "recognise")  # one that was undone puts back what had come before
        .order_by(Posting.at, Posting.id)
    )


def receipt_rows(found: Sequence[tuple[Posting, int]]) -> Iterator[Row]:
    paid_for = _paid_for([posting for posting, _ in found])
    fees, payments = _fees([posting.id for posting, _ in found]), _payments([posting.key for posting, _ in found])
    numbers = _numbers(Receipt.order_id, {order.id for order in paid_for.values()}, Receipt.refund_id.is_(None))
    for posting, sum_ in found:
        order, yen, fee = paid_for.get(posting.id), int(sum_), fees.get(posting.id, 0)
        yield (
            *(posting.at, _year(posting.fiscal_year), *_of_sale(order)),
            _what_came(posting, order, payments.get(posting.key)),
            *(yen, fee, yen - fee, posting.key, numbers.get(order.id, "") if order else ""),
        )


def _paid_for(postings: list[Posting]) -> dict[int, Order]:
    """{posting: the order whose price came with it, or of which the deposit became a part}."""
    orders, found = _orders({posting.subject for posting in postings}), {}
    for posting in postings:
        order = orders.get(posting.subject)
        if order is None and (payment_id := _deposit_of(posting.key)) is not None:
            order = db.session.scalar(sa.select(Order).where(Order.deposit_payment_id == payment_id))
        if order is not None:
            found[posting.id] = order
    return found


def _numbers(of: Any, ids: set[int], *also: sa.ColumnElement[bool]) -> dict[int, str]:
    """{what each was given for: the number of the receipt}; `of` is the column that names it."""
    rows = db.session.execute(sa.select(of, Receipt).where(of.in_(ids), *also))
    return {each_id: receipt.number for each_id, receipt in rows}


def _what_came(posting: Posting, order: Order | None, payment: Payment | None) -> str:
    match posting.kind:
        case "apply":
            return "保証金の充当"
        case "forfeit":
            return "保証金の没収"
    if order is None or payment is None:
        return "確認が必要"
    return "代金" if order.paid_by_payment_id == payment.id else "二重払い（返金します）"


def _deposit_of(key: str) -> int | None:
    kind, _, number = key.partition(":")
    return int(number) if kind in ("apply", "forfeit") and number.isdecimal() else None


def _orders(subjects: set[str]) -> dict[str, Order]:
    codes = [code for code in map(code_of, subjects) if code]
    query = sa.select(Order).options(joinedload(Order.listing)).where(Order.code.in_(codes))
    return {order.subject: order for order in db.session.scalars(query)}


def _orders_of_deposits(refunds: Sequence[Refund]) -> dict[str, Order]:
    """Of refunds of deposits that had become a part of a price: the orders, by the deposits' subjects."""
    parts = {each.payment_id: each.payment.subject for each in refunds if each.purpose == "payment"}
    query = sa.select(Order).options(joinedload(Order.listing)).where(Order.deposit_payment_id.in_(list(parts)))
    return {parts[order.deposit_payment_id]: order for order in db.session.scalars(query) if order.deposit_payment_id}


def _payments(keys: list[str]) -> dict[str, Payment]:
    """{Stripe's balance transaction: the payment}."""
    return {
        str(payment.balance_txn_id): payment
        for payment in db.session.scalars(sa.select(Payment).where(Payment.balance_txn_id.in_(keys)))
    }


def _fees(posting_ids: list[int]) -> dict[int, int]:
    query = sa.select(PostingLine.posting_id, sa.func.sum(PostingLine.yen)).where(
        PostingLine.posting_id.in_(posting_ids), PostingLine.account == Account.FEES
    )
    return {posting_id: int(yen) for posting_id, yen in db.session.execute(query.group_by(PostingLine.posting_id))}


REFUND_JA = {
    RefundState.PROMISED: "手続き中",
    RefundState.SENT: "手続き中",
    RefundState.SUCCEEDED: "返金ずみ",
    RefundState.FAILED: "返金できず",
    RefundState.RETRIED: "やり直し",
    RefundState.LET_BE: "返さないことにした",
    RefundState.BY_BANK: "銀行から返金ずみ",
    RefundState.BY_DISPUTE: "異議により返金ずみ",
}


def refunds(period: Period) -> sa.Select[Refund]:
    query = sa.select(Refund).options(joinedload(Refund.payment)).where(period.covers(Refund.created_at))
    return query.order_by(Refund.id)


def refund_rows(found: Sequence[tuple[Refund]]) -> Iterator[Row]:
    refunds = [refund for (refund,) in found]
    orders = _orders({refund.payment.subject for refund in refunds}) | _orders_of_deposits(refunds)
    numbers = _numbers(Receipt.refund_id, {refund.id for refund in refunds})
    years, decided = _years(refunds), deciders(refunds, orders)
    for refund in refunds:
        yield (
            *(refund.created_at, _year(years[refund.id]), *_of_sale(orders.get(refund.payment.subject))),
            *("保証金" if refund.purpose == "deposit" else "代金", refund.yen, REFUND_JA[refund.state]),
            *(
                reason_in_words(refund.reason),
                refund.stripe_id or "",
                refund.balance_txn_id or "",
                numbers.get(refund.id, ""),
                decided[refund.id],
            ),
        )


def _years(refunds: Sequence[Refund]) -> dict[int, int]:
    """{refund: the fiscal year that the book takes it from}; of one that is not booked, that of its day."""
    keys = {key: refund for refund in refunds for key in (refund.balance_txn_id, f"bank_refund:{refund.id}") if key}
    booked = sa.select(Posting.key, Posting.fiscal_year).where(Posting.key.in_(keys))
    found = {keys[key].id: year for key, year in db.session.execute(booked)}
    return {refund.id: found.get(refund.id, fiscal_year(refund.created_at)) for refund in refunds}


def entries(period: Period) -> sa.Select[Posting, PostingLine]:
    return (
        sa.select(Posting, PostingLine)
        .join(PostingLine, PostingLine.posting_id == Posting.id)
        .where(period.covers(Posting.at))
        .order_by(Posting.at, Posting.id, PostingLine.n)
    )


def entry_rows(found: Sequence[tuple[Posting, PostingLine]]) -> Iterator[Row]:
    for posting, line in found:
        yield (
            *(posting.at, _year(posting.fiscal_year), str(posting.id), line.n, posting.kind, str(line.account)),
            *(TITLES[line.account], max(line.yen, 0), max(-line.yen, 0), posting.key, posting.subject, posting.memo),
        )
