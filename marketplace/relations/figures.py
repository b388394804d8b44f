"""The relation in figures, by month, by prefecture and by edition: exact, as the office sees them.

A visitor is an account with a stamp; one who returns had a stamp on an earlier day. Holders of a month are those at its
end, by the chain's movements: addresses, since somebody may hold in a wallet. Uses that were taken back do not count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa

from marketplace.accounts.models import Account
from marketplace.accounts.rules import PREFECTURES
from marketplace.chain.register import contracts
from marketplace.gatherings.models import Gathering, GatheringState, Rsvp, RsvpState
from marketplace.gatherings.visits import PastMonth, Visit
from marketplace.holders.owned import people, people_by_right
from marketplace.kit import shown
from marketplace.kit.clock import JST, jst, midnight, now
from marketplace.kit.db import db
from marketplace.perks.models import UNDONE, Act, Use
from marketplace.rights.apart import titles
from marketplace.rights.models import Right
from marketplace.tokens.models import NOBODY, Token, TokenState, Transfer

UNKNOWN = "お答えなし"
MONTHS = 12


@dataclass(frozen=True)
class Month:
    """`first` is its first day. `visits` counts stamps, `visitors` people, `returning` those among them who had come
    before."""

    first: date
    holders: int
    visits: int
    visitors: int
    returning: int
    uses: int
    events: int
    attended: int

    @property
    def label(self) -> str:
        return shown.month(self.first.year, self.first.month)

    @property
    def code(self) -> str:
        return f"{self.first:%Y-%m}"


@dataclass(frozen=True)
class Group:
    """Of one prefecture or one edition, over all months shown."""

    label: str
    holders: int
    visitors: int
    attended: int


@dataclass(frozen=True)
class Edition(Group):
    uses: int
    code: str
    """The right's: a label grows when another right of its name comes, a code never changes."""


@dataclass(frozen=True)
class Year:
    """Of the months until today, the first day of the oldest on."""

    months: list[Month]
    prefectures: list[Group]
    editions: list[Edition]


def months_until(today: date, count: int = MONTHS) -> list[date]:
    """The first days of that many months, this one last."""
    at = today.year * 12 + today.month - 1
    return [date(each // 12, each % 12 + 1, 1) for each in range(at - count + 1, at + 1)]


def year_until(today: date) -> Year:
    firsts = months_until(today)
    return Year(by_month(firsts), by_prefecture(firsts[0]), by_edition(firsts[0]))


def by_month(firsts: list[date]) -> list[Month]:
    """In order."""
    holders, visits = _holders(firsts), _visits(firsts)
    uses, events, attended = _uses(firsts), _events(firsts), _attended(firsts)
    return [
        Month(first, holders[first], *visits[first], uses[first], events[first], attended[first]) for first in firsts
    ]


def by_prefecture(since: date) -> list[Group]:
    """Of those who said where they live, in the usual order; last, those who did not."""
    homes = dict(db.session.execute(sa.select(Account.id, Account.prefecture)).all())
    where = [*PREFECTURES, UNKNOWN]
    holders = Counter(homes[account_id] or UNKNOWN for account_id in people())
    came = sa.select(Visit.account_id).where(Visit.day >= since).distinct()
    visitors = Counter(homes[account_id] or UNKNOWN for account_id in db.session.scalars(came))
    attended = Counter(homes[account_id] or UNKNOWN for account_id in _took_part(since))
    rows = [Group(each, holders[each], visitors[each], attended[each]) for each in where]
    return [row for row in rows if row.holders or row.visitors or row.attended]


def by_edition(since: date) -> list[Edition]:
    """Of each right of which there is a token; somebody who holds several counts in each."""
    issued = sa.select(Token.right_id).where(Token.state == TokenState.HELD).distinct()
    rights = list(db.session.scalars(sa.select(Right).where(Right.id.in_(issued)).order_by(Right.id)))
    visitors: dict[int, set[int]] = {}
    for account_id, right_ids in db.session.execute(
        sa.select(Visit.account_id, Visit.right_ids).where(Visit.day >= since)
    ):
        for right_id in right_ids:
            visitors.setdefault(right_id, set()).add(account_id)
    used = sa.select(Token.right_id, sa.func.count()).join(Use, Use.token_id == Token.token_id)
    used = used.where(*_standing(), Use.used_at >= midnight(since)).group_by(Token.right_id)
    uses = {right_id: count for right_id, count in db.session.execute(used)}  # noqa: C416 -- a Row is no pair to mypy
    took_part = _took_part(since)
    found, everybody, called = [], people_by_right([right.id for right in rights]), titles(rights)
    for right in rights:
        holders = everybody.get(right.id, set())
        came = len(visitors.get(right.id, ()))
        numbers = len(holders), came, len(holders & took_part), uses.get(right.id, 0)
        found.append(Edition(called[right.id], *numbers, right.code))
    return found


def _took_part(since: date) -> set[int]:
    """Who came to an event themselves. Of the companions whom they sent nobody knows where they live or what they
    hold."""
    themselves = sa.select(Rsvp.account_id).where(Rsvp.companion == 0, Rsvp.attended_at >= midnight(since))
    return set(db.session.scalars(themselves))


def _holders(firsts: list[date]) -> dict[date, int]:
    """How many addresses held something when each month was over."""
    moves = sa.select(Transfer.token_id, Transfer.to_address, Transfer.at)
    rows = list(db.session.execute(moves.order_by(Transfer.block_number, Transfer.log_index)))
    nobody = {NOBODY, *contracts().values()}
    where: dict[int, str] = {}
    found: dict[date, int] = {}
    at = 0
    for first in firsts:
        while at < len(rows) and rows[at].at < _next(first):
            where[rows[at].token_id] = rows[at].to_address
            at += 1
        found[first] = len(set(where.values()) - nobody)
    return found


def _visits(firsts: list[date]) -> dict[date, tuple[int, int, int]]:
    """(stamps, people, those among them who had come before)."""
    stamps: Counter[date] = Counter()
    came: dict[date, set[int]] = {first: set() for first in firsts}
    again: dict[date, set[int]] = {first: set() for first in firsts}
    visits = sa.select(Visit.account_id, Visit.day, Visit.again).where(Visit.day >= firsts[0])
    for account_id, on, returns in db.session.execute(visits):
        if (first := on.replace(day=1)) in came:
            stamps[first] += 1
            came[first].add(account_id)
            if returns:
                again[first].add(account_id)
    found = {first: (stamps[first], len(came[first]), len(again[first])) for first in firsts}
    past = sa.select(PastMonth).where(PastMonth.first.in_(firsts), PastMonth.visits > 0)
    return found | {row.first: (row.visits, row.visitors, row.came_again) for row in db.session.scalars(past)}


def _uses(firsts: list[date]) -> Counter[date]:
    return _per_month(
        db.session.scalars(sa.select(Use.used_at).where(*_standing(), Use.used_at >= midnight(firsts[0])))
    )


def _standing() -> tuple[sa.ColumnElement[bool], ...]:
    """Uses that nobody took back."""
    return (Use.act == Act.USE, Use.id.not_in(UNDONE))


def _events(firsts: list[date]) -> Counter[date]:
    """Events that took place."""
    held = sa.select(Gathering.begins_at).where(Gathering.state == GatheringState.OPEN, Gathering.begins_at <= now())
    return _per_month(db.session.scalars(held.where(Gathering.begins_at >= midnight(firsts[0]))))


def _attended(firsts: list[date]) -> Counter[date]:
    stamped = sa.select(Rsvp.attended_at).where(Rsvp.state == RsvpState.ATTENDED)
    moments = db.session.scalars(stamped.where(Rsvp.attended_at >= midnight(firsts[0])))
    found = _per_month(moment for moment in moments if moment is not None)
    for row in db.session.scalars(sa.select(PastMonth).where(PastMonth.first.in_(firsts))):
        found[row.first] += row.attended
    return found


def _per_month(moments: Iterable[datetime]) -> Counter[date]:
    return Counter(jst(moment).date().replace(day=1) for moment in moments)


def _next(first: date) -> datetime:
    """The first moment of the month after."""
    year, month = divmod(first.year * 12 + first.month, 12)
    return datetime(year, month + 1, 1, tzinfo=JST)
