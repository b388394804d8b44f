"""Disputes: what the payer's bank says, and what we answer, once. https://docs.stripe.com/disputes"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from marketplace.accounts.models import Account
from marketplace.journal.writing import note
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, insert_once, let_go, lock, transaction
from marketplace.kit.refusals import Refused, Rejected
from marketplace.outbox.promising import say
from marketplace.payments.models import Payment
from marketplace.payments.stripe import Objection, till
from marketplace.payments.stripe_models import DECIDED, GONE, KEPT, Dispute

ASKING = "warning_"
"""How the status begins of what only asks. Where the bank is not content with the answer, the same dispute takes the
money, and is answered once more, until another day: https://docs.stripe.com/disputes/how-disputes-work"""


class DisputeOver(Refused):
    code = "dispute_over"
    message = "この異議は、もう決着しています。資料を出すことはできません。"


class AnsweredAlready(Refused):
    code = "dispute_answered"
    message = "資料は、もう提出しています。カード会社が見るのは、はじめに出した1回だけです。"


class NotTaken(Refused):
    code = "evidence_not_taken"
    message = "決済会社が資料を受け取りませんでした。決済会社の管理画面から、取り出した資料を出してください。"


class DisputedNow(Refused):
    """https://docs.stripe.com/disputes/how-disputes-work: the sum is debited when the dispute opens. What only asks
    (warning_…) has taken nothing yet, but no bank knows of a transfer, and may take the sum all the same."""

    code = "disputed_now"
    message = (
        "このお支払いには、カード会社から異議が出ています。代金はカード会社が町から引くため、銀行からも返すと、"
        "二重に返すことになります。「カードの異議」の決着をお待ちください。"
    )


class TakenBack(Refused):
    code = "taken_back"
    message = (
        "このお支払いの代金は、カード会社の異議で町から引かれ、もう払った方に戻っています。"
        "銀行からも返すと、二重に返すことになります。"
    )


class CardClosed(Refused):
    code = "card_closed"
    message = (
        "異議が決着するまで、決済会社はカードへの返金を受け付けません。払った方にお金が戻ると決まれば、"
        "この返金はひとりでに終わります。町に戻ると決まれば、ここからまた返せます。"
    )


def look(payment_id: int, dispute_id: str) -> None:
    """Keep what the dispute has come to ⇢ payment.disputed{payment_id, subject, dispute_id, status}, once for each."""
    keep(payment_id, till().dispute(dispute_id))


def look_again(dispute_id: str) -> None:
    """The same of one that we know."""
    payment_id = get(Dispute, dispute_id).payment_id
    let_go()
    look(payment_id, dispute_id)


def undecided() -> list[str]:
    """Ids of those that are open, the oldest first."""
    open_ = sa.select(Dispute.id).where(Dispute.status.not_in(DECIDED)).order_by(Dispute.opened_at, Dispute.id)
    ids = list(db.session.scalars(open_))
    let_go()
    return ids


def is_known(seen: Objection) -> bool:
    """A look that takes no lock."""
    known = db.session.scalar(sa.select(Dispute.status).where(Dispute.id == seen.id))
    let_go()
    return known == seen.status


def keep(payment_id: int, seen: Objection) -> None:
    with transaction():
        payment = lock(Payment, payment_id)
        first: dict[str, Any] = {
            "id": seen.id,
            "payment_id": payment_id,
            "yen": seen.yen,
            "reason": seen.reason,
            "status": seen.status,
            "opened_at": datetime.fromtimestamp(seen.at, UTC),
            "due_by": datetime.fromtimestamp(seen.due_by, UTC) if seen.due_by else None,
        }
        made = insert_once(Dispute, first) is not None
        dispute = lock(Dispute, seen.id)
        if not made and not _is_news(dispute.status, seen.status):
            return
        if (
            dispute.status.startswith(ASKING) and seen.status == "needs_response"
        ):  # what answered the question is used up
            dispute.submitted_at = dispute.submitted_by = None
        dispute.status, dispute.yen, dispute.due_by = seen.status, seen.yen, first["due_by"]
        payment.dispute = _gravest(payment_id, seen)
        note(payment.subject, "payment.dispute", why=seen.status, dispute=seen.id)
        say(
            "payment.disputed",
            key=f"{seen.id}:{seen.status}",
            payment_id=payment_id,
            subject=payment.subject,
            dispute_id=seen.id,
            status=seen.status,
        )


def _is_news(known: str, seen: str) -> bool:
    """False where it is known, or an older look than the last word.

    A payer may withdraw even a dispute that the town has lost, and then it is won:
    https://support.stripe.com/questions/lost-dispute-faq
    """
    if known in GONE:
        return seen in KEPT
    return known != seen and known not in DECIDED


def _gravest(payment_id: int, seen: Objection) -> str:
    """Of a payment with several disputes the word of one that is open or took the money, if there is one."""
    others = sa.select(Dispute.status).where(Dispute.payment_id == payment_id, Dispute.id != seen.id)
    grave = [] if seen.status not in KEPT else db.session.scalars(others.where(Dispute.status.not_in(KEPT))).all()
    return grave[0] if grave else seen.status


def answer(dispute_id: str, actor_id: int, evidence: Mapping[str, str], paper: bytes) -> None:
    """Submit our side. A bank reads the first answer only, so a second one is refused, whoever presses again: one to
    its question, where it asked first, and one to the dispute.

    Dying after Stripe has it is harmless: the next press sends it under the same key and writes it down.

    Raises:
        DisputeOver, AnsweredAlready, NotTaken; Unavailable.
    """
    dispute = get(Dispute, dispute_id)
    over, done, payment_id = not dispute.is_open, dispute.submitted_at is not None, dispute.payment_id
    what = "question" if dispute.status.startswith(ASKING) else "evidence"
    let_go()
    if over:
        raise DisputeOver
    if done:
        raise AnsweredAlready
    try:
        seen = till().answer(dispute_id, evidence, paper, f"dispute:{dispute_id}:{what}")
    except Rejected as no:  # decided by now, or it was answered before and we died before writing that down
        seen = till().dispute(dispute_id)
        if not seen.status.endswith("under_review"):
            keep(payment_id, seen)
            raise DisputeOver if seen.status in DECIDED else NotTaken from no
    with transaction():
        dispute = lock(Dispute, dispute_id)
        if dispute.submitted_at is None:
            dispute.submitted_at, dispute.submitted_by = now(), actor_id
            by = f"staff:{get(Account, actor_id).code}"
            note(dispute.payment.subject, "dispute.answer", by=by, dispute=dispute_id)
    keep(payment_id, seen)
