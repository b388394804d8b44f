"""People: buyers, and the staff among them."""

from __future__ import annotations

import secrets
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.kit.codes import public_code
from marketplace.kit.db import Base, state_column
from marketplace.notices.mail import PAPER


class Account(Base):
    """A person known by a mail address. Made by the first sign-in; needs no password and no wallet."""

    __tablename__ = "accounts"
    __table_args__ = (sa.CheckConstraint("email = lower(email)", name="email_normalised"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True, default=lambda: public_code("ACC"))
    email: Mapped[str] = mapped_column(sa.String(254), unique=True)
    name: Mapped[str] = mapped_column(sa.String(80), default="")
    nickname: Mapped[str] = mapped_column(sa.String(40), default="")
    prefecture: Mapped[str] = mapped_column(sa.String(8), default="")
    phone: Mapped[str] = mapped_column(sa.String(20), default="")
    """A mobile number that was confirmed by SMS, or ""."""
    custody_id: Mapped[str] = mapped_column(sa.String(64), unique=True, default=lambda: secrets.token_hex(32))
    """32 random bytes (hex) that name this account's keyless custody address on chain; says nothing of the person."""
    created_at: Mapped[datetime]

    @property
    def on_paper(self) -> bool:
        """Somebody without mail, whom staff wrote down: their letters are printed."""
        return self.email.endswith(f"@{PAPER}")

    @property
    def called(self) -> str:
        """How the site greets the person."""
        return self.nickname or self.name or "お客"


class Role(StrEnum):
    DRAFTER = "drafter"
    APPROVER = "approver"
    TREASURY = "treasury"
    COUNTER = "counter"
    AUDITOR = "auditor"


class StaffRole(Base):
    __tablename__ = "staff_roles"

    __table_args__ = (sa.UniqueConstraint("account_id", "role", name="uq_staff_roles_once"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("accounts.id"))
    role: Mapped[Role] = state_column(Role, name="role")


class SignInCode(Base):
    """A six-digit code and a link, mailed together; either signs in once. Only their hashes are kept."""

    __tablename__ = "sign_in_codes"
    __table_args__ = (sa.Index("ix_sign_in_codes_email", "email", "id"), sa.CheckConstraint("tries >= 0", name="tries"))

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
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("accounts.id"))
    number: Mapped[str] = mapped_column(sa.String(20))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    used_at: Mapped[datetime | None]
