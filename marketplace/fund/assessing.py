"""調定: the sum that somebody was told to pay, and the fiscal year that follows from the day of that."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from marketplace.fund.models import Account, Assessment, Posting, PostingLine
from marketplace.fund.years import year_of_income, year_of_return
from marketplace.journal.writing import note
from marketplace.kit.clock import now
from marketplace.kit.dates import fiscal_year
from marketplace.kit.db import db, insert_once, lock, writing

_OF = sa.select(Assessment.id).where(Assessment.subject == sa.bindparam("subject"))


def assess(subject: str, yen: int, at: datetime) -> None:
    """Inside a transaction: `subject` ("order:ORD-…") is told to pay `yen`, at that moment, which the lists for the
    accounts have, too. Told again, it changes nothing."""
    assert writing(), "assess() belongs inside transaction()"
    values = {"subject": subject, "yen": yen, "assessed_at": at, "fiscal_year": fiscal_year(at)}
    if insert_once(Assessment, values) is not None:
        note(subject, "fund.assess", yen=yen, year=values["fiscal_year"])


def drop(subject: str, why: str) -> None:
    """Inside a transaction: nothing is owed any more; of what is not assessed, nothing to do."""
    assert writing(), "drop() belongs inside transaction()"
    assessment = _of(subject)
    if assessment is not None and assessment.dropped_at is None:
        assessment.dropped_at = now()
        note(subject, "fund.drop", why=why, yen=assessment.yen)


def year_of(subject: str, collected: datetime) -> int:
    """Inside a transaction: the fiscal year of the income, which the assessment follows where it was paid too late."""
    assert writing(), "year_of() belongs inside transaction()"
    assessment = _of(subject)
    if assessment is None:
        return year_of_income(None, collected)
    assessment.dropped_at = None  # the money came all the same
    assessment.fiscal_year = year_of_income(assessment.assessed_at, collected)
    return assessment.fiscal_year


def year_of_refund(subject: str, returned: datetime) -> int:
    """The fiscal year that what goes back is taken from."""
    income = (
        sa.select(Posting.fiscal_year)
        .join(PostingLine, PostingLine.posting_id == Posting.id)
        .where(Posting.subject == subject, PostingLine.account == Account.COLLECTED, PostingLine.yen < 0)
    )
    found = db.session.scalar(income.order_by(Posting.id).limit(1)) if subject else None
    return fiscal_year(returned) if found is None else year_of_return(found, returned)


def _of(subject: str) -> Assessment | None:
    found = db.session.scalar(_OF, {"subject": subject})
    return lock(Assessment, found) if found is not None else None
