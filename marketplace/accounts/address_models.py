"""A mail address that takes the place of an account's: by its person, or by the office for who lost the old one."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.accounts.models import Account
from marketplace.accounts.second_person import LONGEST_WHY
from marketplace.kit.db import NEVER_TWICE, Base, db, state_column
from marketplace.kit.state import Machine


class AddressChangeState(StrEnum):
    ASKED = "asked"
    SENT = "sent"
    """Two colleagues have vouched, and the new address has a link."""
    DONE = "done"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


OPEN = (AddressChangeState.ASKED, AddressChangeState.SENT)
_OPEN = sa.text("state IN ('asked', 'sent')")


class AddressChange(Base):
    """Asked by its person it needs a code from both mailboxes; by the office two persons, time, and the new mailbox."""

    __tablename__ = "address_changes"
    __table_args__ = (
        sa.Index("uq_address_changes_one_open", "account_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        sa.Index("ix_address_changes_account", "account_id", "id"),
        sa.Index("ix_address_changes_old_email", "old_email"),
        sa.Index("ix_address_changes_state", "state", "id"),
        sa.CheckConstraint("new_email <> old_email", name="to_another"),
        sa.CheckConstraint("tries >= 0", name="tries"),
        sa.CheckConstraint("confirmed_by <> asked_by AND confirmed_by <> account_id", name="two_persons"),
        sa.CheckConstraint(
            "asked_by = account_id OR state NOT IN ('sent', 'done') OR confirmed_by IS NOT NULL",
            name="confirmed_first",
        ),
        sa.CheckConstraint("asked_by = account_id OR why <> ''", name="the_office_says_why"),
        sa.CheckConstraint("state <> 'sent' OR (link_hash IS NOT NULL AND opens_at IS NOT NULL)", name="sent_a_link"),
        sa.CheckConstraint("(state = 'done') = (done_at IS NOT NULL)", name="done_at_the_end"),
        NEVER_TWICE,
    )
    MOVES: ClassVar[Machine[AddressChangeState]] = Machine(
        {
            "confirm_address": {AddressChangeState.ASKED: AddressChangeState.SENT},
            "change_address": {
                AddressChangeState.ASKED: AddressChangeState.DONE,
                AddressChangeState.SENT: AddressChangeState.DONE,
            },
            "withdraw_address": {
                AddressChangeState.ASKED: AddressChangeState.WITHDRAWN,
                AddressChangeState.SENT: AddressChangeState.WITHDRAWN,
            },
            "expire_address": {
                AddressChangeState.ASKED: AddressChangeState.EXPIRED,
                AddressChangeState.SENT: AddressChangeState.EXPIRED,
            },
        }
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("accounts.id"))
    account: Mapped[Account] = relationship(foreign_keys=account_id)
    state: Mapped[AddressChangeState] = state_column(AddressChangeState)
    old_email: Mapped[str] = mapped_column(sa.String(254))
    new_email: Mapped[str] = mapped_column(sa.String(254))
    asked_by: Mapped[int] = mapped_column(sa.ForeignKey("accounts.id"))
    """The account itself, or whoever of the office was told of the lost mailbox."""
    asked_at: Mapped[datetime]
    why: Mapped[str] = mapped_column(sa.String(LONGEST_WHY), default="")
    """How the office made sure of the person."""
    confirmed_by: Mapped[int | None] = mapped_column(sa.ForeignKey("accounts.id"))
    link_hash: Mapped[str | None] = mapped_column(sa.String(64), unique=True)
    opens_at: Mapped[datetime | None]
    """From when on the link changes something: until then whoever reads the old mailbox can object."""
    expires_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[datetime | None]

    @property
    def subject(self) -> str:
        return f"address-change:{self.id}"

    @property
    def by_office(self) -> bool:
        return self.asked_by != self.account_id


_DONE = AddressChange.state == AddressChangeState.DONE


def open_change(account_id: int) -> AddressChange | None:
    """The change that still waits, whether or not its time is over."""
    return db.session.scalar(
        sa.select(AddressChange).where(AddressChange.account_id == account_id, AddressChange.state.in_(OPEN))
    )


def addresses_of(accounts: Collection[int]) -> sa.Select[str]:
    """Those that were theirs and those that are, as a query to be put into another."""
    left = sa.select(AddressChange.old_email).where(AddressChange.account_id.in_(accounts), _DONE)
    here = sa.select(Account.email).where(Account.id.in_(accounts))
    return sa.select(sa.union(here, left).subquery().c[0])


def left(address: str) -> sa.Select[int]:
    """The accounts that had this address once, as a query to be put into another: a person on the telephone may know no
    other one."""
    return sa.select(AddressChange.account_id).where(AddressChange.old_email == address, _DONE)


def theirs(
    account: Account, address: sa.SQLColumnExpression[str], at: sa.SQLColumnExpression[datetime]
) -> sa.ColumnElement[bool]:
    """For rows that know a mail address and a moment: which belong to this person. A mailbox that somebody left may be
    another's afterwards."""
    left = db.session.execute(
        sa.select(AddressChange.old_email, AddressChange.done_at).where(AddressChange.account_id == account.id, _DONE)
    )
    found = []
    for email, until in ((account.email, None), *left.all()):
        before = sa.select(sa.func.max(AddressChange.done_at, type_=AddressChange.done_at.type)).where(
            AddressChange.old_email == email, AddressChange.account_id != account.id, _DONE
        )
        since = db.session.scalar(before if until is None else before.where(AddressChange.done_at < until))
        found.append(sa.and_(address == email, *([at <= until] if until else []), *([at > since] if since else [])))
    return sa.or_(*found)
