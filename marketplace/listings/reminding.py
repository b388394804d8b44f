"""開始のお知らせ: letters a day and an hour before a sale opens, to those who asked for them."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.accounts.models import Account
from marketplace.kit.clock import now
from marketplace.kit.db import Base, db, get, insert_once, lock, state_column, transaction
from marketplace.kit.refusals import WrongState
from marketplace.kit.sheets import sheet
from marketplace.listings import amending
from marketplace.listings.models import Listing, ListingState
from marketplace.notices.sending import Haste, send
from marketplace.outbox.promising import handles
from marketplace.settings import settings

DAY, HOUR = timedelta(hours=24), timedelta(hours=1)
PORTION, PORTIONS = 100, 20
"""Letters written in one transaction; transactions in one turn of the clock, so that nobody else waits long."""


class Due(StrEnum):
    """The next letter of a reminder."""

    DAY = "day"
    HOUR = "hour"
    NONE = "none"


LETTERS = tuple(Due)
"""In the order in which their times come."""


class OpeningReminder(Base):
    """Somebody asked to hear before a sale opens. It goes when the sale has opened or is off."""

    __tablename__ = "opening_reminders"
    __table_args__ = (
        sa.UniqueConstraint("listing_id", "account_id", name="uq_opening_reminders_once"),
        sa.Index("ix_opening_reminders_account_id", "account_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    listing_id: Mapped[int] = mapped_column(sa.ForeignKey("listings.id"))
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("accounts.id"))
    asked_at: Mapped[datetime]
    due: Mapped[Due] = state_column(Due, name="due")


class OpensSoon(WrongState):
    code = "opens_soon"
    message = "まもなく始まるか、もう始まっているため、お知らせは申し込めません。このページをごらんください。"


def may_ask(listing: Listing) -> bool:
    return listing.state == ListingState.PUBLISHED and listing.opens_at - now() > HOUR


def asked(listing_id: int, account_id: int) -> bool:
    mine = sa.exists().where(OpeningReminder.listing_id == listing_id, OpeningReminder.account_id == account_id)
    return bool(db.session.scalar(sa.select(mine)))


def waiting(listing_id: int) -> int:
    """How many asked."""
    rows = sa.select(sa.func.count()).where(OpeningReminder.listing_id == listing_id)
    return db.session.scalar(rows) or 0


def ask(listing_id: int, account_id: int) -> None:
    """Have letters sent before it opens. Asked twice is once. OpensSoon from the last hour on."""
    with transaction():
        listing = lock(Listing, listing_id)  # it can't open between the look and the row
        if not may_ask(listing):
            raise OpensSoon
        insert_once(
            OpeningReminder,
            {"listing_id": listing_id, "account_id": account_id, "asked_at": now(), "due": _due(listing.opens_at)},
        )


def stop(listing_id: int, account_id: int) -> None:
    """No more letters. There may be none to stop."""
    with transaction() as session:
        mine = (OpeningReminder.listing_id == listing_id, OpeningReminder.account_id == account_id)
        session.execute(sa.delete(OpeningReminder).where(*mine))


def _due(opens_at: datetime) -> Due:
    left = opens_at - now()
    return Due.DAY if left > DAY else Due.HOUR if left > HOUR else Due.NONE


@sheet(every=10, name="listings.tell_openings")
def tell_openings() -> None:
    for _ in range(PORTIONS):
        if _tell_some() < PORTION:
            return


def _tell_some() -> int:
    """One portion of those for whom it is time, or whose sale waits no more; how many they were."""
    in_an_hour = sa.and_(OpeningReminder.due != Due.NONE, Listing.opens_at <= now() + HOUR)
    in_a_day = sa.and_(OpeningReminder.due == Due.DAY, Listing.opens_at <= now() + DAY)
    by_time = sa.and_(Listing.opens_at > now(), sa.or_(in_an_hour, in_a_day))
    query = (
        sa.select(OpeningReminder)
        .join(Listing, Listing.id == OpeningReminder.listing_id)
        .where(sa.or_(Listing.state != ListingState.PUBLISHED, by_time))
        .order_by(OpeningReminder.id)
        .limit(PORTION)
        .with_for_update(of=OpeningReminder)
    )
    with transaction() as session:
        rows = session.scalars(query).all()
        for row in rows:
            listing = get(Listing, row.listing_id)
            if listing.state != ListingState.PUBLISHED:
                _write(row, listing)
                session.delete(row)
            elif (due := _due(listing.opens_at)) != row.due:
                if LETTERS.index(due) > LETTERS.index(row.due):  # else its opening was moved between our two looks
                    _write(row, listing)
                row.due = due
        return len(rows)


def _write(row: OpeningReminder, listing: Listing) -> None:
    """The letter that fits now. Nobody who was told an hour ago hears of the opening itself; a sale that is suspended
    or over has none."""
    if listing.state == ListingState.CANCELLED:
        _send("opening_off", row, listing, "off")
    elif listing.state == ListingState.OPEN and row.due != Due.NONE:
        _send("opening", row, listing, "open")
    elif listing.state == ListingState.PUBLISHED:
        _send("opening", row, listing, "hour" if listing.opens_at - now() <= HOUR else "day")


def _send(template: str, row: OpeningReminder, listing: Listing, when: str) -> None:
    account = get(Account, row.account_id)
    key = f"{template}:{listing.code}:{account.code}:{listing.opens_at:%Y%m%d%H%M}:{when}"
    link = f"{settings().base_url}/listings/{listing.code}"
    haste = Haste.ONE if when in ("hour", "open") else Haste.MANY  # a day before, a letter can wait
    send(template, account.email, key, haste=haste, listing=listing, right=listing.right, when=when, link=link)


@handles("listing.amended")
def on_amended(listing_id: int, amendment_id: int) -> None:
    """All hear what changed, a portion at a time; who was told of the old hour is told of the new one, too."""
    past: int | None = 0
    while past is not None:
        past = _retell(listing_id, amendment_id, past)


def _retell(listing_id: int, amendment_id: int, past: int) -> int | None:
    """One portion; the last id of it, None where no more are left."""
    with transaction() as session:
        listing = get(Listing, listing_id)
        query = sa.select(OpeningReminder).where(OpeningReminder.listing_id == listing_id, OpeningReminder.id > past)
        rows = session.scalars(query.order_by(OpeningReminder.id).limit(PORTION).with_for_update()).all()
        amending.tell(amendment_id, [row.account_id for row in rows])
        for row in rows:
            row.due = _due(listing.opens_at)
        return rows[-1].id if len(rows) == PORTION else None


@handles("account.closed")
def on_closed(account_id: int) -> None:
    with transaction() as session:
        session.execute(sa.delete(OpeningReminder).where(OpeningReminder.account_id == account_id))
