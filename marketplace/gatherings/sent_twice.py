"""A form that is sent twice, by two presses or by going back, means one draft."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import sqlalchemy as sa

from marketplace.gatherings.letters import Circular
from marketplace.gatherings.models import Gathering
from marketplace.gatherings.votes import Poll
from marketplace.kit.db import db, one_by_one

Draft = TypeVar("Draft", Circular, Gathering, Poll)


def drafts_of(entity: type[Draft], said: Mapping[str, Any]) -> list[Draft]:
    """Those that say exactly this; inside the transaction that would write another one. `said` has state and title."""
    one_by_one(entity.__tablename__)
    named = db.session.scalars(sa.select(entity).filter_by(state=said["state"], title=said["title"]))
    return [row for row in named if all(getattr(row, name) == value for name, value in said.items())]
