"""An account here and one elsewhere are joined by the person who is in both; nothing that the provider says of a mail
address joins them."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.accounts.models import Account
from marketplace.accounts.session import roles_of
from marketplace.journal.writing import note
from marketplace.kit.clock import now
from marketplace.kit.db import Base, db, insert_once, lock, transaction
from marketplace.kit.refusals import NotAllowed, Refused
from marketplace.settings import settings


class JoinedElsewhere(Refused):
    code = "joined_elsewhere"
    message = "そのアカウントは、もうほかの登録とつながっています。先に、そちらの登録でつながりを外してください。"


class NotForStaff(NotAllowed):
    code = "not_for_staff"
    message = "職員の登録には、ほかのサービスでのログインは使えません。メールかパスキーでログインしてください。"


class OutsideIdentity(Base):
    """Somebody's account at a provider: one of each provider, and of one person."""

    __tablename__ = "outside_identities"
    __table_args__ = (
        sa.UniqueConstraint("issuer", "subject", name="uq_outside_identities_of_one_person"),
        sa.UniqueConstraint("account_id", "issuer", name="uq_outside_identities_one_of_each"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("accounts.id"))
    issuer: Mapped[str] = mapped_column(sa.String(200))
    subject: Mapped[str] = mapped_column(sa.String(255))
    joined_at: Mapped[datetime]


def who(subject: str) -> int | None:
    """The account that this one elsewhere is joined to; None for none. NotForStaff."""
    query = sa.select(OutsideIdentity.account_id).where(
        OutsideIdentity.issuer == settings().oidc_issuer, OutsideIdentity.subject == subject
    )
    found = db.session.scalar(query)
    if found is not None and roles_of(found):
        raise NotForStaff
    return found


def joined(account_id: int) -> OutsideIdentity | None:
    query = sa.select(OutsideIdentity).where(
        OutsideIdentity.account_id == account_id, OutsideIdentity.issuer == settings().oidc_issuer
    )
    return db.session.scalar(query)


def join(account_id: int, subject: str) -> None:
    """JoinedElsewhere, NotForStaff. Said again, it changes nothing."""
    with transaction():
        account = lock(Account, account_id)
        if roles_of(account_id):
            raise NotForStaff
        values = {"account_id": account_id, "issuer": settings().oidc_issuer, "subject": subject, "joined_at": now()}
        made = insert_once(OutsideIdentity, values)
        if made is None and who(subject) != account_id:
            raise JoinedElsewhere
        if made is not None:
            note(f"account:{account.code}", "join_outside", by=f"buyer:{account.code}")


def part(account_id: int) -> None:
    """Said again, it changes nothing."""
    with transaction() as session:
        account = lock(Account, account_id)
        gone = sa.delete(OutsideIdentity).where(OutsideIdentity.account_id == account_id).returning(OutsideIdentity.id)
        if session.scalars(gone).all():
            note(f"account:{account.code}", "part_outside", by=f"buyer:{account.code}")
