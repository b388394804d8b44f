"""Read Stripe's own book: the lines of its balance, and what it paid out to the town's bank.

https://docs.stripe.com/reports/balance-transaction-types, https://docs.stripe.com/payouts
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa

from marketplace.accounts.models import Account
from marketplace.journal.writing import note
from marketplace.kit.clock import jst, now
from marketplace.kit.db import db, get, insert_once, let_go, lock, transaction
from marketplace.kit.refusals import Invalid
from marketplace.outbox.promising import say
from marketplace.payments.finding import payment_behind
from marketplace.payments.stripe import Transaction, Transfer, till
from marketplace.payments.stripe_models import BalanceLine, Cursor, Payout

OVERLAP = 60 * 60
"""Seconds that are read again each time: lists at Stripe are not in the order in which things become visible."""
FORTNIGHT = 14 * 24 * 60 * 60
"""A payout may fail days after it was made, and its lines are complete only some hours after it."""
OWN = "payout"
"""The kind of the line that is a payout itself."""
SENT_BACK = ("refund", "payment_refund")
CAME_BACK = ("refund_failure", "payment_failure_refund")
RETURNS = (*SENT_BACK, *CAME_BACK)
"""Kinds of what goes back to payers, or comes back from their banks."""


class NotYetPaid(Invalid):
    code = "payout_not_paid"
    message = "この入金は、決済会社が送金を取りやめたものです。口座の明細と結びつけることはできません。"


def read_balance() -> int:
    """Keep and say each line of Stripe's balance ⇢ balance.moved{txn_id, kind, gross, fee, at, …}, once. The number.

    Charges and refunds have their own facts; this brings the rest too: disputes, payouts, refunds that came back.
    """
    since, newest, found = read_since("balance"), 0, 0
    for line in till().transactions(since):
        newest, found = max(newest, line.at), found + 1
        if not _is_kept(line):  # it was said when it was kept
            payment_id = payment_behind(line.reference, line.intent_id)
            with transaction():
                keep_line(line, payment_id)
    move_cursor("balance", newest)
    return found


def _is_kept(line: Transaction) -> bool:
    kept = db.session.scalar(sa.select(BalanceLine.id).where(BalanceLine.id == line.id)) is not None
    let_go()
    return kept


def keep_line(line: Transaction, payment_id: int | None, payout_id: str | None = None) -> bool:
    """Inside a transaction: the line as Stripe has it, once, and which payout carried it, as soon as that is known.
    Whether anything of it is new."""
    values = {
        "id": line.id,
        "kind": line.kind,
        "gross_yen": line.gross,
        "fee_yen": line.fee,
        "at": datetime.fromtimestamp(line.at, UTC),
        "source": line.source,
        "payment_id": payment_id,
        "payout_id": payout_id,
    }
    new = insert_once(BalanceLine, values) is not None
    if not new and payout_id is not None:
        kept = lock(BalanceLine, line.id)
        new, kept.payout_id = kept.payout_id != payout_id, payout_id
    body: dict[str, Any] = {"kind": line.kind, "gross": line.gross, "fee": line.fee, "at": line.at}
    say(
        "balance.moved",
        key=line.id,
        txn_id=line.id,
        source=line.source,
        purpose=line.purpose,
        payment_id=payment_id,
        **body,
    )
    return new


def read_payouts() -> int:
    """Keep every payout with its lines; those of the last fortnight are read again. The number read."""
    since, newest, found = read_since("payouts", FORTNIGHT), 0, 0
    for seen in till().transfers(since):
        newest, found = max(newest, seen.at), found + 1
        keep_payout(seen)
    move_cursor("payouts", newest)
    return found


def keep_payout(seen: Transfer) -> None:
    """Its state, and the lines that it carried; in the journal where anything of it is new."""
    row = db.session.get(Payout, seen.id)
    known = row is not None and row.status == seen.status and carried(row) == row.yen
    let_go()
    if known:
        return
    lines = list(till().transactions(payout_id=seen.id)) if seen.automatic else []
    strangers = [line for line in lines if not _is_kept(line)]
    payments = {line.id: payment_behind(line.reference, line.intent_id) for line in strangers}
    with transaction():
        first = {
            "id": seen.id,
            "yen": seen.yen,
            "status": seen.status,
            "created_at": datetime.fromtimestamp(seen.at, UTC),
            "arrives_on": jst(datetime.fromtimestamp(seen.arrives, UTC)).date(),
            "failure": seen.failure,
            "bank_note": "",
        }
        new = insert_once(Payout, first) is not None
        payout = lock(Payout, seen.id)
        before = payout.status
        if not payout.failed:  # a failure is the last word, whichever look comes later
            payout.status, payout.failure = seen.status, seen.failure
        told = [keep_line(line, payments.get(line.id), seen.id) for line in lines]
        if new or payout.status != before or any(told):
            note(payout.subject, "payout.read", status=payout.status, yen=payout.yen)


def carried(payout: Payout) -> int:
    """Yen of the lines that we know to be in the payout, but for its own; what came back of a failed one among them."""
    return carried_by_each(payout.id).get(payout.id, 0)


def carried_by_each(*payout_ids: str) -> dict[str, int]:
    """The same of these payouts, of all where none is named; one of which no line is known is absent."""
    net = sa.func.sum(BalanceLine.gross_yen - BalanceLine.fee_yen)
    inside = sa.select(BalanceLine.payout_id, net).where(BalanceLine.payout_id.is_not(None), BalanceLine.kind != OWN)
    if payout_ids:
        inside = inside.where(BalanceLine.payout_id.in_(payout_ids))
    found = db.session.execute(inside.group_by(BalanceLine.payout_id))
    return {payout_id: int(yen) for payout_id, yen in found if payout_id is not None}


def confirm(payout_id: str, actor_id: int, yen: int, on: date, remark: str = "") -> None:
    """The treasury found this payout on the bank's statement, as `yen` on that day. Again: what was typed is mended.

    Another sum than Stripe's is kept all the same: it is a difference, and the page says what to do. Invalid.
    """
    if on > jst(now()).date():
        raise Invalid("まだ来ていない日は選べません。", field="on")
    with transaction():
        payout = lock(Payout, payout_id)
        if payout.failed:
            raise NotYetPaid
        payout.bank_yen, payout.bank_on, payout.bank_note = yen, on, remark.strip()[:200]
        payout.confirmed_by, payout.confirmed_at = actor_id, now()
        note(payout.subject, "payout.confirm", by=f"staff:{get(Account, actor_id).code}", yen=yen, on=on.isoformat())


def read_since(name: str, overlap: int = OVERLAP) -> int:
    """Stripe's seconds, not ours: their clock may differ from this machine's."""
    read = db.session.get(Cursor, name)
    since = max(0, read.seconds - overlap) if read else 0
    let_go()
    return since


def was_read(name: str) -> bool:
    """Has the list been read to its end before?"""
    found = db.session.get(Cursor, name) is not None
    let_go()
    return found


def move_cursor(name: str, seconds: int) -> None:
    """Only after everything before it has been kept, and never back."""
    with transaction():
        insert_once(Cursor, {"name": name, "seconds": 0})
        cursor = lock(Cursor, name)
        cursor.seconds = max(cursor.seconds, seconds)
