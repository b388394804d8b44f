"""Deposits of bidders (入札保証金), in a ledger apart from revenue.

While a payer's bank only holds the sum, the town has no money, and the book has no line: the memorandum() counts it.
What is taken is cash in the town's custody, outside revenue and expenditure (歳入歳出外現金, 地方自治法 235条の4),
until it is applied to the price, is forfeited to the town because the winner made no contract (234条4項), or goes back.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from marketplace.fund.models import Account, Posting, PostingLine
from marketplace.fund.posting import hold_book, post
from marketplace.fund.rules import DISPUTE, NotEnough, NotPositive, stripe_lines
from marketplace.journal.writing import note
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, transaction
from marketplace.payments.models import IS_HELD, Hold, Payment
from marketplace.payments.syncing import booked


def take_in(payment_id: int) -> None:
    """The sum that was taken of a hold is in custody, once. Unavailable where Stripe has not booked it yet."""
    payment = booked(payment_id)
    yen = get(Hold, payment_id).captured_yen or 0
    lines = stripe_lines("charge", yen, payment.fee_yen or 0, "deposit")
    post(str(payment.balance_txn_id), "charge", lines, at=payment.booked_at or now(), subject=payment.subject)


def forfeit(payment_id: int, yen: int, why: str) -> bool:
    """`yen` in custody becomes the town's (収納). False where it has before. NotPositive, NotEnough; Unavailable."""
    return _out_of_custody("forfeit", payment_id, yen, why)


def apply(payment_id: int, yen: int, why: str) -> bool:
    """The same as a part of the price that the winner pays (充当)."""
    return _out_of_custody("apply", payment_id, yen, why)


def _out_of_custody(kind: str, payment_id: int, yen: int, why: str) -> bool:
    if yen <= 0:
        raise NotPositive(field="yen")
    take_in(payment_id)
    with transaction():
        hold_book()
        key = f"{kind}:{payment_id}"
        if db.session.scalar(sa.select(Posting.id).where(Posting.key == key)) is not None:
            return False
        subject = get(Payment, payment_id).subject
        if yen > in_custody(subject):
            raise NotEnough
        note(subject, f"deposit.{kind}", why=why, yen=yen)
        lines = [(Account.DEPOSITS, yen), (Account.COLLECTED, -yen)]
        return post(key, kind, lines, at=now(), subject=subject, memo=why)


def disputed(payment_id: int, gross: int) -> int:
    """Inside a transaction, which holds the book: of the `gross` yen of a dispute, negative where the payer's bank
    takes them, how many leave custody or, where the town won, come back into it."""
    subject = get(Payment, payment_id).subject
    hold_book()
    if gross > 0:
        return min(gross, _disputed_on(Account.DEPOSITS, subject))
    back_already = max(
        0, -_disputed_on(Account.DISPUTES, subject)
    )  # that the town won was told before what it was about
    return max(min(0, gross + back_already), -in_custody(subject))


def _disputed_on(account: Account, subject: str) -> int:
    """Yen that disputes have taken, on balance, on this account."""
    moved = sa.select(sa.func.sum(PostingLine.yen)).join(Posting, Posting.id == PostingLine.posting_id)
    moved = moved.where(Posting.subject == subject, Posting.kind == DISPUTE, PostingLine.account == account)
    return int(db.session.scalar(moved) or 0)


def in_custody(subject: str | None = None) -> int:
    """Yen that are in custody, of one subject or of all."""
    total = sa.select(sa.func.sum(PostingLine.yen)).where(PostingLine.account == Account.DEPOSITS)
    if subject is not None:
        total = total.join(Posting, Posting.id == PostingLine.posting_id).where(Posting.subject == subject)
    return -int(db.session.scalar(total) or 0)


def memorandum() -> dict[str, Any]:
    """What the book does not hold (備忘): {"held_count", "held_yen"}, sums set aside by the payers' banks."""
    held = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(Payment.yen), 0))
    count, yen = db.session.execute(held.where(IS_HELD)).one()
    return {"held_count": int(count), "held_yen": int(yen)}
