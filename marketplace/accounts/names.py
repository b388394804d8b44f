"""The names behind the codes of the journal, for the eyes of staff."""

from __future__ import annotations

import sqlalchemy as sa

from marketplace.accounts.models import Account, StaffRole
from marketplace.kit.db import db
from marketplace.kit.letters import spellings
from marketplace.kit.names import plain
from marketplace.kit.refusals import Invalid


class NameOfAnother(Invalid):
    code = "name_of_another"
    message = "同じ名前の職員がいます。所属や役職を添えて、見分けられるようにしてください。"


def names_of(actors: set[str]) -> dict[str, str]:
    """{'staff:ACC-…': name} of the members of staff among `actors`: the journal itself knows codes only."""
    codes = [actor.removeprefix("staff:") for actor in actors if actor.startswith("staff:")]
    people = db.session.scalars(sa.select(Account).where(Account.code.in_(codes)))
    return {f"staff:{person.code}": person.name or person.email for person in people}


def members() -> dict[str, str]:
    """{'staff:ACC-…': name} of everybody who is a member of staff now, by name."""
    people = db.session.scalars(sa.select(Account).where(Account.id.in_(sa.select(StaffRole.account_id))))
    named = {f"staff:{person.code}": person.name or person.email for person in people}
    return dict(sorted(named.items(), key=lambda pair: pair[1]))


def check_distinct(account_id: int, name: str) -> None:
    """NameOfAnother, where another member of staff is called so: on the desk a name says whose word it is."""
    works = Account.id.in_(sa.select(StaffRole.account_id))
    others = db.session.scalars(sa.select(Account.name).where(works, Account.id != account_id))
    if set(spellings(plain(name))) & set(filter(None, map(plain, others))):
        raise NameOfAnother(field="name")
