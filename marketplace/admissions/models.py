"""Who asked to take part in an auction, with what documents, and whom the town does not let in."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.accounts.models import Account
from marketplace.kit.codes import public_code
from marketplace.kit.db import NEVER_TWICE, Base, state_column
from marketplace.kit.state import Machine
from marketplace.listings.models import Listing


class ParticipationState(StrEnum):
    APPLIED = "applied"
    APPROVED = "approved"
    ADMITTED = "admitted"
    REFUSED = "refused"

    @property
    def ja(self) -> str:
        return STATE_JA[self]


STATE_JA = {
    ParticipationState.APPLIED: "仮申込（審査中）",
    ParticipationState.APPROVED: "審査ずみ（手続き待ち）",
    ParticipationState.ADMITTED: "参加できます",
    ParticipationState.REFUSED: "お断り",
}


class Party(StrEnum):
    """In whose name somebody takes part."""

    INDIVIDUAL = "individual"
    COMPANY = "company"

    @property
    def ja(self) -> str:
        return "個人" if self is Party.INDIVIDUAL else "会社・団体"


class Participation(Base):
    """One person's 参加申込 to one auction. What was sent can't be changed, as on every public sale."""

    __tablename__ = "participations"
    __table_args__ = (
        sa.UniqueConstraint("listing_id", "account_id", name="uq_participations_person"),
        sa.UniqueConstraint("listing_id", "no", name="uq_participations_no"),
        sa.CheckConstraint(
            "party = 'individual' OR (company <> '' AND representative <> '' AND corporate_no <> '')",
            name="company_named_whole",
        ),
        sa.CheckConstraint("state <> 'refused' OR reason <> ''", name="refused_with_a_reason"),
        sa.CheckConstraint(
            "state <> 'admitted' OR (no IS NOT NULL AND admitted_at IS NOT NULL)", name="admitted_by_no"
        ),
        sa.CheckConstraint(
            "state NOT IN ('approved', 'admitted') OR decided_by IS NOT NULL", name="decided_by_somebody"
        ),
        sa.CheckConstraint("released_at IS NULL OR forfeited_at IS NULL", name="released_or_forfeited"),
        sa.Index("ix_participations_state", "state", "id"),
        sa.Index("ix_participations_account", "account_id"),
    )
    MOVES: ClassVar[Machine[ParticipationState]] = Machine(
        {
            "approve": {ParticipationState.APPLIED: ParticipationState.APPROVED},
            "admit": {ParticipationState.APPROVED: ParticipationState.ADMITTED},
            # The card or the deposit is gone: it has to be done again before the next bid.
            "lapse": {ParticipationState.ADMITTED: ParticipationState.APPROVED},
            "refuse": {
                ParticipationState.APPLIED: ParticipationState.REFUSED,
                ParticipationState.APPROVED: ParticipationState.REFUSED,
                ParticipationState.ADMITTED: ParticipationState.REFUSED,
            },
            "apply_again": {ParticipationState.REFUSED: ParticipationState.APPLIED},
        }
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True, default=lambda: public_code("PRT"))
    listing_id: Mapped[int] = mapped_column(sa.ForeignKey("listings.id"))
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("accounts.id"))
    listing: Mapped[Listing] = relationship()
    account: Mapped[Account] = relationship(foreign_keys=[account_id])
    state: Mapped[ParticipationState] = state_column(ParticipationState)
    party: Mapped[Party] = state_column(Party, name="party")
    name: Mapped[str] = mapped_column(sa.String(80))
    """The person, or who answers for the company."""
    address: Mapped[str] = mapped_column(sa.String(200))
    phone: Mapped[str] = mapped_column(sa.String(20))
    company: Mapped[str] = mapped_column(sa.String(120), default="")
    representative: Mapped[str] = mapped_column(sa.String(80), default="")
    corporate_no: Mapped[str] = mapped_column(sa.String(13), default="")
    pledge_version: Mapped[str] = mapped_column(sa.String(16))
    pledge_hash: Mapped[str] = mapped_column(sa.String(64))
    """SHA-256 of the pledge that was on the screen."""
    applied_at: Mapped[datetime]
    decided_by: Mapped[int | None] = mapped_column(sa.ForeignKey("accounts.id"))
    decided_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(sa.Text, default="")
    """Why refused; the applicant reads it."""
    verified_at: Mapped[datetime | None]
    """The card is saved or the deposit is held."""
    no: Mapped[str | None] = mapped_column(sa.String(8))
    """The bidder's number, which the public sees."""
    admitted_at: Mapped[datetime | None]
    released_at: Mapped[datetime | None]
    """Nothing more is asked of them: a deposit goes back."""
    forfeited_at: Mapped[datetime | None]
    """They won and did not pay: a deposit is kept."""

    @property
    def subject(self) -> str:
        return f"participation:{self.code}"

    @property
    def called(self) -> str:
        """For the staff's lists."""
        return self.company or self.name


class Enclosure(Base):
    """A document that came with an application. Only staff read it; its bytes go when they are not needed any more."""

    __tablename__ = "enclosures"
    __table_args__ = (
        sa.UniqueConstraint("listing_id", "account_id", "sha256", name="uq_enclosures_once"),
        sa.CheckConstraint(
            "media_type IN ('application/pdf', 'image/jpeg', 'image/png')", name="enclosure_is_pdf_or_picture"
        ),
        sa.CheckConstraint("(blob_id IS NULL) = (deleted_at IS NOT NULL)", name="there_or_deleted"),
        sa.Index("ix_enclosures_participation", "participation_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    listing_id: Mapped[int] = mapped_column(sa.ForeignKey("listings.id"))
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("accounts.id"))
    participation_id: Mapped[int | None] = mapped_column(sa.ForeignKey("participations.id"))
    """None while the application is being filled in."""
    media_type: Mapped[str] = mapped_column(sa.String(40))
    sha256: Mapped[str] = mapped_column(sa.String(64))
    size: Mapped[int]
    blob_id: Mapped[int | None] = mapped_column(sa.ForeignKey("blobs.id"), unique=True)
    received_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]

    @property
    def kind(self) -> str:
        return "PDF" if self.media_type == "application/pdf" else "写真"


class Ground(StrEnum):
    """Why somebody is kept out."""

    ORGANISED_CRIME = "organised_crime"
    DEFAULTED = "defaulted"
    OTHER = "other"

    @property
    def ja(self) -> str:
        return GROUND_JA[self]


GROUND_JA = {
    Ground.ORGANISED_CRIME: "暴力団排除条例による",
    Ground.DEFAULTED: "落札して支払わなかった",
    Ground.OTHER: "そのほか",
}


class Exclusion(Base):
    """Somebody who may not take part: by account, by corporate number, or by a name that staff then compare."""

    __tablename__ = "exclusions"
    __table_args__ = (
        sa.CheckConstraint("account_id IS NOT NULL OR corporate_no <> '' OR name <> ''", name="somebody_is_meant"),
        sa.CheckConstraint("(lifted_at IS NULL) = (lifted_by IS NULL)", name="lifted_by_somebody"),
        NEVER_TWICE,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True, default=lambda: public_code("EXC"))
    ground: Mapped[Ground] = state_column(Ground, name="ground")
    account_id: Mapped[int | None] = mapped_column(sa.ForeignKey("accounts.id"))
    account: Mapped[Account | None] = relationship(foreign_keys=[account_id])
    corporate_no: Mapped[str] = mapped_column(sa.String(13), default="")
    name: Mapped[str] = mapped_column(sa.String(120), default="")
    """Without spaces and in one width, see rules.compared()."""
    why: Mapped[str] = mapped_column(sa.Text)
    until: Mapped[datetime | None]
    """None: until it is lifted."""
    added_by: Mapped[int] = mapped_column(sa.ForeignKey("accounts.id"))
    added_at: Mapped[datetime]
    lifted_by: Mapped[int | None] = mapped_column(sa.ForeignKey("accounts.id"))
    lifted_at: Mapped[datetime | None]

    @property
    def subject(self) -> str:
        return f"exclusion:{self.code}"
