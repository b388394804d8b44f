"""What comes on which day: openings, closes, draws, deadlines, ends of terms, holidays. Of a person it says nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa

from marketplace.kit.clock import jst, midnight
from marketplace.kit.dates import clock, last
from marketplace.kit.db import db
from marketplace.listings.models import Listing, ListingState, Mode
from marketplace.lotteries.models import Lottery
from marketplace.orders.models import OPEN, Order, Origin
from marketplace.rights.models import Right
from marketplace.tokens import ending
from marketplace.tokens.models import Token, TokenState

COMING = (ListingState.APPROVED, ListingState.PUBLISHED, ListingState.OPEN, ListingState.CLOSED, ListingState.COMPLETED)
"""What nobody approved, and what was called off, is in no calendar."""
KINDS = {
    "publish": "公告",
    "open": "受付開始",
    "close": "受付終了",
    "unseal": "開札",
    "draw": "抽選",
    "pay": "支払い期限",
    "trade": "二次流通の開始",
    "term": "期間の終わり",
}
ENDS = ("close", "pay", "term")
"""What ends at 午前0時 ends at 24時 of the day before."""


INSTANT, DAY = timedelta(microseconds=1), timedelta(days=1)


@dataclass(frozen=True)
class Event:
    """One line of a day. `key` names it for ever; `href` is its page on the desk."""

    at: datetime
    kind: str
    title: str
    href: str
    key: str

    @property
    def word(self) -> str:
        return KINDS[self.kind]

    @property
    def said(self) -> tuple[date, str]:
        """Its day and hour."""
        local = jst(self.at)
        return last(self.at) if self.kind in ENDS else (local.date(), clock(local))


@dataclass(frozen=True)
class Day:
    """`closed` is why the office is closed; `other` marks the days of the months beside."""

    on: date
    events: list[Event]
    closed: str | None
    other: bool


def events(begin: datetime, end: datetime) -> list[Event]:
    """All from `begin` on, before `end`, in the order of time."""
    found = (event for source in SOURCES for event in source(begin, end))
    return sorted((e for e in found if begin <= e.at < end), key=lambda event: (event.at, event.key))


def of_day(on: date) -> list[Event]:
    """All of a day in Japan."""
    return of_days(events(midnight(on), midnight(on + timedelta(days=1)) + INSTANT)).get(on, [])


def weeks(year: int, month: int, closed: Callable[[date], str | None]) -> list[list[Day]]:
    """The month in weeks from Sunday, as a calendar hangs in a Japanese office."""
    first = date(year, month, 1)
    start = first - timedelta(days=(first.weekday() + 1) % 7)
    after = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
    count = -(-((after - start).days) // 7)
    by_day = of_days(events(midnight(start), midnight(start + timedelta(days=7 * count)) + INSTANT))
    days = [start + timedelta(days=n) for n in range(7 * count)]
    made = [Day(on, by_day.get(on, []), closed(on), on.month != month) for on in days]
    return [made[n : n + 7] for n in range(0, len(made), 7)]


def of_days(found: Iterable[Event]) -> dict[date, list[Event]]:
    days: dict[date, list[Event]] = {}
    for event in found:
        days.setdefault(event.said[0], []).append(event)
    return days


def sales(begin: datetime, end: datetime) -> Iterator[Event]:
    moments = {
        "publish": sa.func.coalesce(Listing.published_at, Listing.publish_at),
        "open": Listing.opens_at,
        "close": Listing.closes_at,
    }
    for kind, column in moments.items():
        query = sa.select(Listing).where(Listing.state.in_(COMING), column >= begin, column < end)
        for row in db.session.scalars(query):
            if kind == "close" and row.mode == Mode.SEALED:
                yield _of(row, row.closes_at, "unseal", f"/staff/auctions/{row.code}")
            where = f"/staff/listings/{row.code}/preview"
            yield _of(
                row,
                {"publish": row.published_at or row.publish_at, "open": row.opens_at}.get(kind, row.closes_at),
                kind,
                where,
            )


def draws(begin: datetime, end: datetime) -> Iterator[Event]:
    """By the lottery once it has begun: its hour may have moved since the approval."""
    moved = dict(db.session.execute(sa.select(Lottery.code, Lottery.draw_at)).all())
    query = sa.select(Listing).where(Listing.mode == Mode.LOTTERY, Listing.state.in_(COMING))
    for row in db.session.scalars(query):
        at = moved.get(row.code, row.draw_at)
        if at is not None and begin <= at < end:
            yield _of(row, at, "draw", f"/staff/lotteries/{row.code}")


def deadlines(begin: datetime, end: datetime) -> Iterator[Event]:
    """Until when winners must have paid: one line for a sale and minute, with their number."""
    unpaid = Order.state.in_(OPEN) & Order.origin.in_((Origin.LOTTERY, Origin.AUCTION))
    query = sa.select(Order.listing_id, Order.pay_by).where(unpaid, Order.pay_by >= begin, Order.pay_by < end)
    found: dict[tuple[int, str], list[datetime]] = {}
    for listing_id, pay_by in db.session.execute(query.order_by(Order.pay_by)):
        found.setdefault((listing_id, f"{pay_by:%Y%m%d%H%M}"), []).append(pay_by)
    rows = sa.select(Listing).where(Listing.id.in_({listing_id for listing_id, _ in found}))
    sold = {row.id: row for row in db.session.scalars(rows)}
    for (listing_id, minute), each in found.items():
        row = sold[listing_id]
        where = f"/staff/orders?state=awaiting_payment&listing={row.code}"
        # with its seconds: without them one just after midnight would be over at 24時 of the day before
        yield Event(each[0], "pay", f"{row.right.title_ja}（{len(each)}件）", where, f"pay-{row.code}-{minute}")


def trades(begin: datetime, end: datetime) -> Iterator[Event]:
    query = sa.select(Listing).join(Right, Right.id == Listing.right_id)
    query = query.where(Listing.state.in_(COMING), Right.tradable_from >= begin, Right.tradable_from < end)
    for row in db.session.scalars(query):
        yield _of(row, row.right.tradable_from, "trade", f"/staff/listings/{row.code}/preview")


def terms(begin: datetime, end: datetime) -> Iterator[Event]:
    """Rights for a term of months: from their issue on, of a naming right from the day that its agreement names."""
    lengths = db.session.scalars(sa.select(Right.term_months).where(Right.term_months.is_not(None)).distinct())
    issued = [_issued_for(months, begin, end) for months in lengths if months is not None]
    held = sa.select(Token).join(Right, Right.id == Token.right_id)
    held = held.where(Token.state == TokenState.HELD, Right.term_months.is_not(None), Token.minted_at.is_not(None))
    tokens = {
        token.token_id: token for token in db.session.scalars(held.where(sa.or_(Right.kind.in_(ending.ENDS), *issued)))
    }
    for token_id, ends in ending.ends_of(list(tokens.values())).items():
        token = tokens[token_id]
        yield Event(ends, "term", token.right.title_ja, f"/staff/subjects/{token.subject}", f"term-{token_id}")


def _issued_for(months: int, begin: datetime, end: datetime) -> sa.ColumnElement[bool]:
    """What was issued for so many months and may end between the two: not all that ever was has to be read."""
    first, last = begin - months * timedelta(days=31), end - months * timedelta(days=28)
    return sa.and_(Right.term_months == months, Token.minted_at.between(first - 2 * DAY, last + DAY))


SOURCES: Sequence[Callable[[datetime, datetime], Iterable[Event]]] = (sales, draws, deadlines, trades, terms)


def _of(row: Listing, at: datetime | None, kind: str, href: str) -> Event:
    assert at is not None
    return Event(at, kind, row.right.title_ja, href, f"{kind}-{row.code}")
