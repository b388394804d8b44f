"""Where the life of the demo town takes place: its office, its sales, its days."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache

import sqlalchemy as sa

from marketplace.demo import hands
from marketplace.kit.clock import JST, jst, midnight
from marketplace.kit.db import db, get, let_go
from marketplace.kit.holidays import DAY, open_day
from marketplace.listings.drafting import staff_name
from marketplace.listings.models import Listing
from marketplace.perks.models import Partner
from marketplace.tokens.models import Token, TokenState


@dataclass(frozen=True)
class Scene:
    """`office` is {role: account}, `sales` says the listing of 'LST-01', `settle` lets the chain catch up."""

    office: Mapping[str, int]
    sales: Callable[[str], int]
    settle: Callable[[], None]
    present: datetime

    def at(self, days: float, hour: float = 10) -> datetime:
        """An hour of a day in Japan, so many days from today."""
        return midnight(jst(self.present).date() + timedelta(days=int(days))) + timedelta(hours=hour)

    def last_office_hour(self, days: int) -> datetime:
        """Ten o'clock of the last day until then on which the town hall was open."""
        return datetime.combine(open_day(self.on(days), -DAY), time(10), JST)

    def in_open_days(self, count: int, hour: int = 10) -> datetime:
        """The same on the day after so many others on which the town hall is open: no two are one day."""
        day = self.on(0)
        for _ in range(count):
            day = open_day(day + timedelta(days=1))
        return datetime.combine(day, time(hour), JST)

    def on(self, days: int) -> date:
        return self.at(days).date()

    def by(self, role: str = "drafter") -> str:
        return staff_name(self.office[role])

    def right(self, sale: str) -> int:
        return get(Listing, self.sales(sale)).right_id

    def held(self, sale: str) -> list[Token]:
        """Tokens of a sale that the town keeps for somebody, by number."""
        rows = sa.select(Token).where(Token.right_id == self.right(sale), Token.state == TokenState.HELD)
        found = list(db.session.scalars(rows.where(Token.holder_id.is_not(None)).order_by(Token.token_id)))
        let_go()
        return found

    def holders(self, sale: str) -> list[int]:
        """Their accounts, each once."""
        return list(dict.fromkeys(token.holder_id for token in self.held(sale) if token.holder_id is not None))


@cache
def somebody(number: int) -> int:
    """The account of fictional person `number`."""
    return hands.buyer(number)


def partner(name: str) -> Partner:
    return db.session.scalars(sa.select(Partner).where(Partner.name == name)).one()
