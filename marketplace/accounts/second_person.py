"""What one member of staff asks for and another one decides. The database says no to one person doing both."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.accounts.models import Account
from marketplace.kit.clock import now
from marketplace.kit.db import get
from marketplace.kit.refusals import Invalid, NotAllowed

LONGEST_WHY = 300


class SamePerson(NotAllowed):
    code = "same_person"
    message = "ご自分が出したものは、ご自分では承認できません。別の職員にお願いしてください。"


class OwnCase(NotAllowed):
    """Whoever works here may buy and bid like everybody; what the office has to say of it another person says."""

    code = "own_case"
    message = "ご自分の申し込みや注文のことは、ご自分では決められません。別の職員にお願いしてください。"


class NoReason(Invalid):
    code = "no_reason"
    message = "理由を書いてください。"


class TwoPersons:
    """Columns of a row that two persons make. `decided_by` is whoever approved it; none where it was taken back."""

    asked_by: Mapped[int] = mapped_column(sa.ForeignKey("accounts.id"))
    asked_at: Mapped[datetime]
    why: Mapped[str] = mapped_column(sa.String(LONGEST_WHY))
    decided_by: Mapped[int | None] = mapped_column(sa.ForeignKey("accounts.id"))
    decided_at: Mapped[datetime | None]

    def decide(self, actor_id: int) -> None:
        """Inside a transaction that holds the row. SamePerson for whoever asked."""
        if actor_id == self.asked_by:
            raise SamePerson
        self.decided_by, self.decided_at = actor_id, now()


def check_other(actor_id: int, account_id: int | None) -> None:
    """OwnCase, where it is about the very person who decides."""
    if actor_id == account_id:
        raise OwnCase


def two_persons() -> sa.CheckConstraint:
    """For __table_args__ of a row with TwoPersons."""
    return sa.CheckConstraint("decided_by IS NULL OR decided_by <> asked_by", name="by_two_persons")


def reason(why: str, field: str = "why") -> str:
    """As it is kept. NoReason."""
    text = why.strip()[:LONGEST_WHY]
    if not text:
        raise NoReason(field=field)
    return text


def acting(actor_id: int) -> str:
    """How the journal calls a member of staff: 'staff:ACC-…'."""
    return f"staff:{get(Account, actor_id).code}"
