"""Since when somebody may do what, and who gave it to them: the journal knows."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from marketplace.accounts.models import Account, Role
from marketplace.accounts.names import names_of
from marketplace.journal.models import Entry
from marketplace.kit.db import db


class Given(NamedTuple):
    at: datetime
    by: str
    """The name of who gave it, or confirmed it; "" where nobody at the desk did."""


def given(people: Collection[Account]) -> dict[tuple[int, Role], Given]:
    """{(account id, role): when it was given last}."""
    whose = {f"account:{person.code}": person.id for person in people}
    lines = sa.select(Entry.subject, Entry.details, Entry.at, Entry.by).where(Entry.subject.in_(whose))
    rows = db.session.execute(lines.where(Entry.event == "give_role").order_by(Entry.id)).all()
    names = names_of({row.by for row in rows})
    return {(whose[row.subject], Role(row.details["role"])): Given(row.at, names.get(row.by, "")) for row in rows}
