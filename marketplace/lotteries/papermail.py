"""Letters to applicants without mail: written like any other, then printed and posted by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa

from marketplace.accounts.models import Account
from marketplace.journal.writing import note
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, lock, transaction
from marketplace.lotteries.applicants import Applicant
from marketplace.lotteries.models import Entry
from marketplace.notices.mail import PAPER
from marketplace.notices.models import Notice


class PaperLetter(NamedTuple):
    notice: Notice
    entry: Entry
    who: Applicant | None


def waiting(lottery_id: int) -> list[PaperLetter]:
    """Not yet printed, oldest first."""
    query = (
        sa.select(Notice, Entry, Applicant)
        .join(Account, Account.email == Notice.to_email)
        .join(Entry, Entry.account_id == Account.id)
        .outerjoin(Applicant, Applicant.entry_id == Entry.id)
        .where(Entry.lottery_id == lottery_id, Notice.to_email.endswith(f"@{PAPER}"), Notice.sent_at.is_(None))
    )
    return [PaperLetter(*row) for row in db.session.execute(query.order_by(Notice.id))]


def posted(notice_ids: Sequence[int], actor_id: int) -> int:
    """Staff have posted these; how many had not been before."""
    with transaction():
        by, count = f"staff:{get(Account, actor_id).code}", 0
        for notice_id in sorted(notice_ids):
            letter = lock(Notice, notice_id)
            if letter.sent_at is None and letter.to_email.endswith(f"@{PAPER}"):
                letter.sent_at = now()
                note(f"notice:{letter.id}", "post_letter", by=by)
                count += 1
        return count
