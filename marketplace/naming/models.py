"""The naming of a place: names proposed, minutes of their screening, the agreement and its end; and where it stands."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.accounts.models import Account
from marketplace.kit.codes import public_code
from marketplace.kit.db import Base, state_column
from marketplace.kit.state import Machine
from marketplace.tokens.models import Token


class NamingState(StrEnum):
    INVITED = "invited"
    PROPOSED = "proposed"
    NONE_FIT = "none_fit"
    APPEALED = "appealed"
    CHOSEN = "chosen"
    AGREED = "agreed"
    IN_FORCE = "in_force"
    ENDED = "ended"
    LAPSED = "lapsed"
    REVOKED = "revoked"

    @property
    def ja(self) -> str:
        return STATE_JA[self]


STATE_JA = {
    NamingState.INVITED: "愛称の案を待っています",
    NamingState.PROPOSED: "審査中",
    NamingState.NONE_FIT: "どの案も認められませんでした",
    NamingState.APPEALED: "不服の申し出を審査中",
    NamingState.CHOSEN: "愛称が決まり、協定の同意を待っています",
    NamingState.AGREED: "協定の決裁を待っています",
    NamingState.IN_FORCE: "愛称を使っています",
    NamingState.ENDED: "期間が終わりました",
    NamingState.LAPSED: "期限までに案がありませんでした",
    NamingState.REVOKED: "取り消し",
}


class Place(Base):
    """A public place of the town: on the map, and among the names that a new one must not be mistaken for.

    `x` and `y` are thousandths of the width and the height of the schematic map, from its upper left corner.
    """

    __tablename__ = "public_places"
    __table_args__ = (
        sa.CheckConstraint("(x IS NULL) = (y IS NULL)", name="on_the_map_or_not"),
        sa.CheckConstraint("x IS NULL OR (x BETWEEN 0 AND 1000 AND y BETWEEN 0 AND 1000)", name="within_the_map"),
        sa.CheckConstraint("name <> ''", name="has_a_name"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True, default=lambda: public_code("PLC"))
    name: Mapped[str] = mapped_column(sa.String(60), unique=True)
    """Its official name: 「湧水公園」."""
    x: Mapped[int | None]
    y: Mapped[int | None]
    right_id: Mapped[int | None] = mapped_column(sa.ForeignKey("rights.id"), unique=True)
    """The naming right whose sign is to stand here, the last one sold; see Naming.place_id."""

    @property
    def subject(self) -> str:
        return f"place:{self.code}"


class Naming(Base):
    """One naming right's way from the invitation of its first buyer to the end of the term."""

    __tablename__ = "namings"
    __table_args__ = (
        sa.CheckConstraint("round >= 1", name="rounds_counted"),
        sa.CheckConstraint("(begins_on IS NULL) = (ends_on IS NULL)", name="a_term_has_two_ends"),
        sa.CheckConstraint("begins_on IS NULL OR begins_on <= ends_on", name="a_term_lasts_a_while"),
        sa.CheckConstraint(
            "state NOT IN ('chosen', 'agreed', 'in_force', 'ended') OR (name <> '' AND begins_on IS NOT NULL)",
            name="decided_with_name_and_term",
        ),
        sa.CheckConstraint("state NOT IN ('agreed', 'in_force', 'ended') OR agreed_at IS NOT NULL", name="both_agreed"),
        sa.CheckConstraint(
            "state NOT IN ('in_force', 'ended') OR (concluded_by IS NOT NULL AND concluded_at IS NOT NULL)",
            name="concluded_by_somebody",
        ),
        sa.CheckConstraint("state NOT IN ('in_force', 'ended') OR place_id IS NOT NULL", name="stands_somewhere"),
        sa.CheckConstraint("concluded_by IS NULL OR concluded_by <> chosen_by", name="two_persons"),
        sa.Index("ix_namings_state", "state", "id"),
        sa.Index("ix_namings_account", "account_id"),
    )
    MOVES: ClassVar[Machine[NamingState]] = Machine(
        {
            "name.propose": {
                NamingState.INVITED: NamingState.PROPOSED,
                NamingState.NONE_FIT: NamingState.PROPOSED,
            },
            "name.choose": {NamingState.PROPOSED: NamingState.CHOSEN, NamingState.APPEALED: NamingState.CHOSEN},
            "name.refuse": {NamingState.PROPOSED: NamingState.NONE_FIT, NamingState.APPEALED: NamingState.NONE_FIT},
            "name.appeal": {NamingState.NONE_FIT: NamingState.APPEALED},
            "name.take_back": {NamingState.PROPOSED: NamingState.INVITED, NamingState.APPEALED: NamingState.NONE_FIT},
            "name.lapse": {NamingState.INVITED: NamingState.LAPSED, NamingState.NONE_FIT: NamingState.LAPSED},
            "name.invite_again": {NamingState.LAPSED: NamingState.INVITED},
            "agreement.agree": {NamingState.CHOSEN: NamingState.AGREED},
            "agreement.send_back": {NamingState.AGREED: NamingState.CHOSEN},
            "agreement.conclude": {NamingState.AGREED: NamingState.IN_FORCE},
            "agreement.end": {NamingState.IN_FORCE: NamingState.ENDED},
            "agreement.revoke": {
                state: NamingState.REVOKED
                for state in NamingState
                if state not in (NamingState.ENDED, NamingState.REVOKED)
            },
        }
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True, default=lambda: public_code("NAM"))
    token_id: Mapped[int] = mapped_column(sa.ForeignKey("tokens.token_id"), unique=True)
    token: Mapped[Token] = relationship(lazy="joined", innerjoin=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("accounts.id"))
    """The first buyer: nobody else proposes, whoever holds the token."""
    account: Mapped[Account] = relationship(foreign_keys=[account_id])
    state: Mapped[NamingState] = state_column(NamingState)
    round: Mapped[int] = mapped_column(default=1)
    """1 for the first names, one more for each new proposal."""
    answer_by: Mapped[datetime]
    """Until when the first buyer may propose, in the states that wait for it."""
    invited_at: Mapped[datetime]

    name: Mapped[str] = mapped_column(sa.String(40), default="")
    reading: Mapped[str] = mapped_column(sa.String(80), default="")
    meaning: Mapped[str] = mapped_column(sa.String(300), default="")
    begins_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    """The last day of the term."""
    chosen_by: Mapped[int | None] = mapped_column(sa.ForeignKey("accounts.id"))
    agreed_at: Mapped[datetime | None]
    """When the first buyer agreed on the screen."""
    concluded_by: Mapped[int | None] = mapped_column(sa.ForeignKey("accounts.id"))
    concluded_at: Mapped[datetime | None]
    place_id: Mapped[int | None] = mapped_column(sa.ForeignKey("public_places.id"))
    """Where the agreement has the sign stand, since it was concluded: the place's next right changes nothing of it."""
    half_year_told_at: Mapped[datetime | None]
    month_told_at: Mapped[datetime | None]
    renewal: Mapped[str] = mapped_column(sa.String(300), default="")
    """What staff wrote down of the talk about going on; '' while there was none."""
    ended_at: Mapped[datetime | None]

    @property
    def subject(self) -> str:
        return f"naming:{self.code}"

    @property
    def path(self) -> str:
        """Its public page."""
        return f"/namings/{self.code}"


class Verdict(StrEnum):
    APPROVED = "approved"
    REFUSED = "refused"


class ProposedName(Base):
    """One of up to three names of one round."""

    __tablename__ = "proposed_names"
    __table_args__ = (
        sa.UniqueConstraint("naming_id", "round", "rank", name="uq_proposed_names_rank"),
        sa.UniqueConstraint("naming_id", "round", "name", name="uq_proposed_names_once"),
        sa.CheckConstraint("rank BETWEEN 1 AND 3", name="at_most_three"),
        sa.CheckConstraint("verdict IS NULL OR verdict <> 'refused' OR reason <> ''", name="refused_with_a_reason"),
        sa.Index(
            "uq_proposed_names_one_approved",
            "naming_id",
            unique=True,
            sqlite_where=sa.text("verdict = 'approved'"),
            postgresql_where=sa.text("verdict = 'approved'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    naming_id: Mapped[int] = mapped_column(sa.ForeignKey("namings.id"))
    round: Mapped[int]
    rank: Mapped[int]
    name: Mapped[str] = mapped_column(sa.String(40))
    reading: Mapped[str] = mapped_column(sa.String(80))
    meaning: Mapped[str] = mapped_column(sa.String(300))
    proposed_at: Mapped[datetime]
    checks: Mapped[list[Any]] = mapped_column(default=list)
    """Values of Check that the committee found to be in order."""
    verdict: Mapped[Verdict | None] = state_column(Verdict, name="verdict", nullable=True)
    reason: Mapped[str] = mapped_column(sa.String(500), default="")
    """Why it was refused; the first buyer reads it."""


class Screening(Base):
    """議事録: one meeting of the committee on the names of one round, the second one after an appeal."""

    __tablename__ = "screenings"
    __table_args__ = (sa.UniqueConstraint("naming_id", "round", "appeal", name="uq_screenings_once"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    naming_id: Mapped[int] = mapped_column(sa.ForeignKey("namings.id"))
    round: Mapped[int]
    appeal: Mapped[bool] = mapped_column(default=False)
    held_on: Mapped[date]
    members: Mapped[list[Any]] = mapped_column(default=list)
    """Names or offices of those who decided."""
    minutes: Mapped[str] = mapped_column(sa.Text)
    """For the office."""
    public_minutes: Mapped[str] = mapped_column(sa.Text)
    """The part that everybody reads."""
    results: Mapped[list[Any]] = mapped_column(default=list)
    """[{"name", "verdict", "reason"}] of this meeting, as it was decided then."""
    recorded_by: Mapped[int] = mapped_column(sa.ForeignKey("accounts.id"))
    recorded_at: Mapped[datetime]


class Appeal(Base):
    """不服の申し出: once for each round."""

    __tablename__ = "naming_appeals"
    __table_args__ = (sa.UniqueConstraint("naming_id", "round", name="uq_naming_appeals_once"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    naming_id: Mapped[int] = mapped_column(sa.ForeignKey("namings.id"))
    round: Mapped[int]
    text: Mapped[str] = mapped_column(sa.String(1000))
    made_at: Mapped[datetime]


class RevocationState(StrEnum):
    ASKED = "asked"
    CONFIRMED = "confirmed"
    WITHDRAWN = "withdrawn"


_ASKED = sa.text("state = 'asked'")


class Revocation(Base):
    """取り消し: one person asks, another confirms, and the token is revoked on chain with a hash of the decision."""

    __tablename__ = "naming_revocations"
    __table_args__ = (
        sa.Index(
            "uq_naming_revocations_one_open", "naming_id", unique=True, sqlite_where=_ASKED, postgresql_where=_ASKED
        ),
        sa.CheckConstraint("reason <> ''", name="says_why"),
        sa.CheckConstraint("(state = 'asked') = (decided_at IS NULL)", name="decided_at_the_end"),
        sa.CheckConstraint("state <> 'confirmed' OR decided_by <> asked_by", name="two_persons"),
    )
    MOVES: ClassVar[Machine[RevocationState]] = Machine(
        {
            "revocation.confirm": {RevocationState.ASKED: RevocationState.CONFIRMED},
            "revocation.withdraw": {RevocationState.ASKED: RevocationState.WITHDRAWN},
        }
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    naming_id: Mapped[int] = mapped_column(sa.ForeignKey("namings.id"))
    state: Mapped[RevocationState] = state_column(RevocationState)
    reason: Mapped[str] = mapped_column(sa.String(1000))
    """The written decision; the first buyer reads it."""
    salt: Mapped[str] = mapped_column(sa.String(64))
    """32 random bytes (hex) before the reason in its hash: nobody finds the words out by trying."""
    asked_by: Mapped[int] = mapped_column(sa.ForeignKey("accounts.id"))
    asked_at: Mapped[datetime]
    decided_by: Mapped[int | None] = mapped_column(sa.ForeignKey("accounts.id"))
    decided_at: Mapped[datetime | None]

    @property
    def subject(self) -> str:
        return f"revocation:{self.id}"


class ShownName(Base):
    """The name under which a holder lets themselves be shown; it counts while they hold the token."""

    __tablename__ = "naming_shown_names"
    __table_args__ = (sa.UniqueConstraint("token_id", "account_id", name="uq_naming_shown_names_holder"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    token_id: Mapped[int] = mapped_column(sa.ForeignKey("tokens.token_id"))
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("accounts.id"))
    name: Mapped[str] = mapped_column(sa.String(40))
    stopped: Mapped[str] = mapped_column(sa.String(300), default="")
    """Why the town shows no name of this holder any more; '' while it does."""
