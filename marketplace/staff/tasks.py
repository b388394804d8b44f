"""One line of the desk's sheet of today, whoever writes it."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime, timedelta

from marketplace.kit.clock import jst


@dataclass(frozen=True)
class Task:
    """One line of the sheet. `send`: the button is a form that posts to `href`. `roles` have it; none named: all.

    `about` is the page of the thing, where the button does not lead there.
    """

    badge: str
    tone: str
    what: str
    more: str
    href: str
    button: str
    send: bool = False
    roles: tuple[str, ...] = ()
    about: str = ""

    def is_for(self, roles: Set[str]) -> bool:
        return not self.roles or not roles.isdisjoint(self.roles)


def day_of(moment: datetime) -> tuple[datetime, datetime]:
    """The first moment of that day in Japan, and of the next."""
    start = jst(moment).replace(hour=0, minute=0, second=0, microsecond=0)
    return start, start + timedelta(days=1)
