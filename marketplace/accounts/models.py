"""People: buyers, and the staff among them."""

from __future__ import annotations

import secrets
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.kit.codes import public_code
from marketplace.kit.db import NEVER_TWICE, Base, state_column
from marketplace.kit.languages import Language, _, language
from marketplace.kit.state import Machine
from marketplace.notices.mail import PAPER

GONE = "gone.invalid"
"""The domain of accounts that were deleted (RFC 2606: nobody can have it)."""


class Account(Base):
    """A person known by a mail address. Made by the first sign-in; needs no password and no wallet."""

    __tablename__ = "accounts"
    __table_args__ = (
        sa.CheckConstraint("email = lower(email)", name="email_normalised"),
        sa.CheckConstraint("closed_at IS NULL OR (name = '' AND phone = '')", name="closed_is_empty"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True, default=lambda: public_code("ACC"))
    email: Mapped[str] = mapped_column(sa.String(254), unique=True)
    name: Mapped[str] = mapped_column(sa.String(80), default="")
    nickname: Mapped[str] = mapped_column(sa.String(40), default="")
    prefecture: Mapped[str] = mapped_column(sa.String(8), default="")
    phone: Mapped[str] = mapped_column(sa.String(20), default="")
    """A mobile number that was confirmed by SMS, or ""."""
    language: Mapped[Language] = state_column(Language, name="language", default=language)
    """What letters to this person are written in; at first what is spoken where the account is made."""
    custody_id: Mapped[str] = mapped_column(sa.String(64), unique=True, default=lambda: secrets.token_hex(32))
    """32 random bytes (hex) that name this account's keyless custody address on chain; says nothing of the person."""
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    """When the person had it deleted: from then on nothing here says who that was."""

    @property
    def on_paper(self) -> bool:
        """Somebody without mail, whom staff wrote down: their letters are printed."""
        return self.email.endswith(f"@{PAPER}")

    @property
    def called(self) -> str:
        """How the site greets the person."""
        return self.nickname or self.name or _("お客")


class Role(StrEnum):
    DRAFTER = "drafter"
    APPROVER = "approver"
    TREASURY = "treasury"
    COUNTER = "counter"
    AUDITOR = "auditor"
    ADMIN = "admin"

    @property
    def ja(self) -> str:
        return ROLE_JA[self][0]

    @property
    def may(self) -> str:
        return ROLE_JA[self][1]


ROLE_JA = {
    Role.DRAFTER: ("起案", "出品を書き、承認に出す。抽選と入札を進める"),
    Role.APPROVER: ("承認", "ほかの人が書いたものを確かめて承認する（決裁）"),
    Role.TREASURY: ("会計", "注文とお金を見て、返金する"),
    Role.COUNTER: ("窓口", "窓口や電話での申し込みを受ける"),
    Role.AUDITOR: ("監査", "すべての職員用の画面を見る。何も変えられない"),
    Role.ADMIN: ("管理", "職員を登録し、権限を渡す"),
}
"""What a role is called, and what it is for."""

WEIGHTY = frozenset({Role.APPROVER, Role.TREASURY, Role.ADMIN})
"""Roles over money and decisions: a second person confirms before anybody has one."""


class StaffRole(Base):
    __tablename__ = "staff_roles"

    __table_args__ = (sa.UniqueConstraint("account_id", "role", name="uq_staff_roles_once"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("accounts.id"))
    role: Mapped[Role] = state_column(Role, name="role")


class ChangeState(StrEnum):
    PROPOSED = "proposed"
    GIVEN = "given"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


def _one(name: str, *columns: str, where: str) -> sa.Index:
    """At most one row like this, of those for which `where` holds."""
    some = sa.text(where)
    return sa.Index(name, *columns, unique=True, sqlite_where=some, postgresql_where=some)


class RoleChange(Base):
    """A weighty role that one person wants to give, until another has confirmed or refused it."""

    __tablename__ = "role_changes"
    __table_args__ = (
        _one("uq_role_changes_one_open", "account_id", "role", where="state = 'proposed'"),
        sa.CheckConstraint("(state = 'proposed') = (decided_at IS NULL)", name="decided_at_the_end"),
        sa.CheckConstraint(
            "state <> 'given' OR (decided_by <> proposed_by AND decided_by <> account_id)", name="two_persons"
        ),
    )
    MOVES: ClassVar[Machine[ChangeState]] = Machine(
        {
            "confirm_role": {ChangeState.PROPOSED: ChangeState.GIVEN},
            "refuse_role": {ChangeState.PROPOSED: ChangeState.REFUSED},
            "withdraw_role": {ChangeState.PROPOSED: ChangeState.WITHDRAWN},
        }
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("accounts.id"))
    account: Mapped[Account] = relationship(foreign_keys=account_id)
    role: Mapped[Role] = state_column(Role, name="role")
    state: Mapped[ChangeState] = state_column(ChangeState)
    proposed_by: Mapped[int] = mapped_column(sa.ForeignKey("accounts.id"))
    proposed_at: Mapped[datetime]
    decided_by: Mapped[int | None] = mapped_column(sa.ForeignKey("accounts.id"))
    decided_at: Mapped[datetime | None]

    @property
    def subject(self) -> str:
        return f"role-change:{self.id}"


class Way(StrEnum):
    """How somebody proved who they are."""

    CODE = "code"
    PASSKEY = "passkey"
    OUTSIDE = "outside"
    """An account elsewhere. It opens nothing at the desk."""
    RECOVERY = "recovery"
    """A link that two colleagues had sent: it lets in to register a new passkey, and nowhere else at the desk."""


class SignIn(Base):
    """A browser that is signed in. What its cookie says counts only while this row is here; to end it is to delete it.

    Of the browser only its kind is kept, and of the last visit only the hour.
    """

    __tablename__ = "sign_ins"
    __table_args__ = (
        sa.Index("ix_sign_ins_account", "account_id", "id"),
        sa.Index("ix_sign_ins_began", "began_at"),
        NEVER_TWICE,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    """SHA-256 of the 24 random bytes in the cookie: who reads the table can't make a cookie of it."""
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("accounts.id"))
    way: Mapped[Way] = state_column(Way, name="way")
    device: Mapped[str] = mapped_column(sa.String(40), default="")
    began_at: Mapped[datetime]
    seen_at: Mapped[datetime]


class SignInCode(Base):
    """A six-digit code and a link, mailed together; either signs in once. Only their hashes are kept."""

    __tablename__ = "sign_in_codes"
    __table_args__ = (
        sa.Index("ix_sign_in_codes_email", "email", "id"),
        sa.CheckConstraint("tries >= 0", name="tries"),
        NEVER_TWICE,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(sa.String(254))
    code_hash: Mapped[str] = mapped_column(sa.String(64))
    link_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    next_path: Mapped[str] = mapped_column(sa.String(300), default="/")
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    used_at: Mapped[datetime | None]


class PhoneCode(Base):
    """A mobile number that somebody wants to confirm. The six digits follow from the row: none are kept."""

    __tablename__ = "phone_codes"
    __table_args__ = (
        sa.Index("ix_phone_codes_account", "account_id", "id"),
        sa.Index("ix_phone_codes_number", "number", "created_at"),
        sa.CheckConstraint("tries >= 0", name="tries"),
        NEVER_TWICE,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("accounts.id"))
    number: Mapped[str] = mapped_column(sa.String(20))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    used_at: Mapped[datetime | None]


class Passkey(Base):
    """A WebAuthn credential: what its owner's device keeps the secret half of. https://www.w3.org/TR/webauthn-3/"""

    __tablename__ = "passkeys"
    __table_args__ = (sa.CheckConstraint("sign_count >= 0", name="sign_count"), NEVER_TWICE)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("accounts.id"), index=True)
    credential_id: Mapped[str] = mapped_column(sa.String(1400), unique=True)
    """base64url, of at most 1023 bytes (§4, Credential ID)."""
    public_key: Mapped[bytes] = mapped_column(sa.LargeBinary)
    """COSE_Key, as the authenticator gave it."""
    sign_count: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    name: Mapped[str] = mapped_column(sa.String(40))
    registered_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class PasskeyChallenge(Base):
    """What a device is asked to sign, once. Without an account it is for a sign-in, else to register one of its own."""

    __tablename__ = "passkey_challenges"
    __table_args__ = (sa.Index("ix_passkey_challenges_expires", "expires_at"),)

    challenge: Mapped[str] = mapped_column(sa.String(90), primary_key=True)
    account_id: Mapped[int | None] = mapped_column(sa.ForeignKey("accounts.id"))
    expires_at: Mapped[datetime]


class RecoveryState(StrEnum):
    ASKED = "asked"
    SENT = "sent"
    USED = "used"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class Recovery(Base):
    """The way back for a member of staff whose passkeys are lost: two colleagues vouch, then a link is mailed."""

    __tablename__ = "recoveries"
    __table_args__ = (
        _one("uq_recoveries_one_open", "account_id", where="state IN ('asked', 'sent')"),
        sa.CheckConstraint("asked_by <> account_id AND confirmed_by <> account_id", name="not_for_oneself"),
        sa.CheckConstraint("confirmed_by <> asked_by", name="two_persons"),
        sa.CheckConstraint("state NOT IN ('sent', 'used') OR confirmed_by IS NOT NULL", name="confirmed_first"),
        sa.CheckConstraint("state <> 'sent' OR link_hash IS NOT NULL", name="sent_with_a_link"),
    )
    MOVES: ClassVar[Machine[RecoveryState]] = Machine(
        {
            "confirm_recovery": {RecoveryState.ASKED: RecoveryState.SENT},
            "use_recovery": {RecoveryState.SENT: RecoveryState.USED},
            "withdraw_recovery": {
                RecoveryState.ASKED: RecoveryState.WITHDRAWN,
                RecoveryState.SENT: RecoveryState.WITHDRAWN,
            },
            "expire_recovery": {
                RecoveryState.ASKED: RecoveryState.EXPIRED,
                RecoveryState.SENT: RecoveryState.EXPIRED,
            },
        }
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("accounts.id"))
    account: Mapped[Account] = relationship(foreign_keys=account_id)
    state: Mapped[RecoveryState] = state_column(RecoveryState)
    asked_by: Mapped[int] = mapped_column(sa.ForeignKey("accounts.id"))
    asked_at: Mapped[datetime]
    confirmed_by: Mapped[int | None] = mapped_column(sa.ForeignKey("accounts.id"))
    link_hash: Mapped[str | None] = mapped_column(sa.String(64), unique=True)
    expires_at: Mapped[datetime]

    @property
    def subject(self) -> str:
        return f"recovery:{self.id}"
