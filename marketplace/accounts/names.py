"""What members of staff are called in the office, for the eyes of staff: the journal itself knows codes only.

The office writes it down and the office changes it. What somebody calls themselves is another thing: else whoever left
could say afterwards that a colleague had decided, or that nobody had.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.accounts.models import Account, ChangeState, RoleChange, StaffRole
from marketplace.kit.clock import now
from marketplace.kit.db import Base, db, one_by_one
from marketplace.kit.letters import spellings
from marketplace.kit.names import plain
from marketplace.kit.refusals import Invalid


class NameOfAnother(Invalid):
    code = "name_of_another"
    message = "同じ名前の職員がいます。所属や役職を添えて、見分けられるようにしてください。"


class StaffName(Base):
    """From then on the office calls somebody so. A new name is another row; it stays when the account is deleted."""

    __tablename__ = "staff_names"
    __table_args__ = (
        sa.Index("ix_staff_names_account", "account_id", "id"),
        sa.CheckConstraint("name <> ''", name="is_a_name"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("accounts.id"))
    name: Mapped[str] = mapped_column(sa.String(80))
    given_at: Mapped[datetime]


def call(account_id: int, name: str) -> bool:
    """Inside a transaction that holds the account: the office calls them so from now on. False where it does already.

    NameOfAnother, where another member of staff is called so, or somebody whose first role waits for a second person:
    on the desk a name says whose word it is.
    """
    one_by_one("staff names")  # two at once would each see that nobody is called so
    coming = sa.select(RoleChange.account_id).where(RoleChange.state == ChangeState.PROPOSED)
    office = sa.union(sa.select(StaffRole.account_id), coming)
    people = db.session.scalars(sa.select(Account).where(Account.id.in_(office)))
    others = called(other for other in people if other.id != account_id).values()
    if set(spellings(plain(name))) & set(map(plain, others)):
        raise NameOfAnother(field="name")
    before = names_given(account_id)
    if before and before[-1].name == name:
        return False
    db.session.add(StaffName(account_id=account_id, name=name, given_at=now()))
    db.session.flush()
    return True


def names_given(account_id: int) -> list[StaffName]:
    """The first one first."""
    return list(
        db.session.scalars(sa.select(StaffName).where(StaffName.account_id == account_id).order_by(StaffName.id))
    )


def called(people: Iterable[Account]) -> dict[int, str]:
    """{account id: what the office calls them}; where it has not said so, what they call themselves, or the address."""
    found = {person.id: person.name or person.email for person in people}
    rows = sa.select(StaffName.account_id, StaffName.name).where(StaffName.account_id.in_(found)).order_by(StaffName.id)
    return found | {row.account_id: row.name for row in db.session.execute(rows)}


def names_of(actors: Collection[str]) -> dict[str, str]:
    """{'staff:ACC-…': name} of the members of staff among `actors`."""
    codes = [actor.removeprefix("staff:") for actor in actors if actor.startswith("staff:")]
    return _by_code(Account.code.in_(codes))


def members() -> dict[str, str]:
    """{'staff:ACC-…': name} of everybody who is a member of staff now, by name."""
    named = _by_code(Account.id.in_(sa.select(StaffRole.account_id)))
    return dict(sorted(named.items(), key=lambda pair: pair[1]))


def _by_code(which: sa.ColumnElement[bool]) -> dict[str, str]:
    people = list(db.session.scalars(sa.select(Account).where(which)))
    names = called(people)
    return {f"staff:{person.code}": names[person.id] for person in people}
