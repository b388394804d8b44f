"""月次・年度の締め: what is closed takes no posting any more, and two persons close it, or open it again.

Months are closed one after the other, and a fiscal year after its last month and the end of its books on 31 May.
What comes later for a closed month is booked in the first open one, with a memo (see posting.py).
"""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256

import sqlalchemy as sa

from marketplace.accounts.second_person import acting, reason
from marketplace.fund.models import Period, PeriodState, Posting
from marketplace.fund.posting import hold_book, is_closed
from marketplace.fund.statements import totals
from marketplace.fund.years import books_close, midday, month_ends, month_of, months_of, next_month, year_of_month
from marketplace.journal.writing import move
from marketplace.kit.clock import now
from marketplace.kit.db import db, insert_once, lock, transaction
from marketplace.kit.published import canon
from marketplace.kit.refusals import Refused, WrongState


class NotOver(Refused):
    code = "period_not_over"
    message = "まだ終わっていない期間は、締められません。"


class EarlierFirst(Refused):
    code = "earlier_period_open"
    message = "先に、前の月を締めてください。月は順に締めます。"


class LaterFirst(Refused):
    code = "later_period_closed"
    message = "先に、あとの月（または年度）の締めを開いてください。"


class Unexplained(Refused):
    code = "differences_left"
    message = "説明のついていない差異があります。「照合」で確かめて説明を書くと、締められます。"


class ChangedMeanwhile(Refused):
    code = "period_changed_meanwhile"
    message = "お読みのあいだに、申し出か帳簿の数字が変わりました。もう一度お確かめください。"


class NoSuchPeriod(LookupError):
    pass


def ask_to_close(name: str, actor_id: int, why: str, differences: int = 0) -> None:
    """One person says that the period is complete. `differences` are those that nobody has explained yet.

    Raises:
        NotOver, EarlierFirst, Unexplained, NoReason; WrongState where it is closed, or somebody asks already.
    """
    if differences:
        raise Unexplained
    with transaction():
        hold_book()
        _check_over(name)
        _ask(name, "period.ask_to_close", actor_id, reason(why))


def close(name: str, actor_id: int, differences: int = 0, read: str | None = None) -> None:
    """Another person closes it; what stands on every account is kept. `differences` as in ask_to_close(): some may have
    come since. `read` is what seen() said of the page on the screen; ChangedMeanwhile where it is another one now.

    SamePerson, EarlierFirst, Unexplained, WrongState.
    """
    if differences:
        raise Unexplained
    with transaction():
        hold_book()
        _check_over(name)
        period = _locked(name)
        period.decide(actor_id)
        _check_read(period, read)
        period.closed_at, period.totals = now(), totals(name)
        move(period, "period.close", by=acting(actor_id))


def ask_to_reopen(name: str, actor_id: int, why: str) -> None:
    """One person says why it has to be opened again. LaterFirst, NoReason, WrongState."""
    with transaction():
        hold_book()
        _check_last(name)
        _ask(name, "period.ask_to_reopen", actor_id, reason(why))


def reopen(name: str, actor_id: int, read: str | None = None) -> None:
    """Another person opens it. `read` as in close(). SamePerson, LaterFirst, WrongState."""
    with transaction():
        hold_book()
        _check_last(name)
        period = _locked(name)
        period.decide(actor_id)
        _check_read(period, read)
        period.closed_at = None
        move(period, "period.reopen", by=acting(actor_id))


def seen(period: Period) -> str:
    """What was asked for, why, and every sum: whoever decides says what they read."""
    asked = [str(period.state), period.asked_at.isoformat(), period.why]
    return sha256(canon([*asked, totals(period.name)])).hexdigest()


def _check_read(period: Period, read: str | None) -> None:
    if read not in (None, seen(period)):
        raise ChangedMeanwhile


def leave(name: str, actor_id: int) -> None:
    """What somebody asked for is taken back: the period stays as it is."""
    with transaction():
        period = _locked(name)
        closing = period.state == PeriodState.CLOSING
        move(period, "period.leave_open" if closing else "period.leave_closed", by=acting(actor_id))


def months() -> list[str]:
    """From the first month with a posting to the present one, the newest first."""
    first = db.session.scalar(sa.select(sa.func.min(Posting.month)))
    last, found = month_of(now()), []
    month = min(first or last, last)
    while month <= last:
        found.append(month)
        month = next_month(month)
    return found[::-1]


def years() -> list[int]:
    """The fiscal years of the months, the newest first."""
    whole = months()
    return list(range(year_of_month(whole[0]), year_of_month(whole[-1]) - 1, -1))


def by_name() -> dict[str, Period]:
    return {period.name: period for period in db.session.scalars(sa.select(Period))}


def check_name(name: str) -> None:
    """NoSuchPeriod for what is no month and no fiscal year of the book."""
    if name not in months() and name not in [f"FY{year}" for year in years()]:
        raise NoSuchPeriod(name)


def _check_over(name: str) -> None:
    check_name(name)
    if name.startswith("FY"):
        year = int(name[2:])
        if now() < midday(books_close(year)) + timedelta(hours=12):
            raise NotOver("年度は、出納整理期間が終わる5月31日をすぎてから締めます。")
        if not all(is_closed(month) for month in months_of(year) if month >= months()[-1]):
            raise EarlierFirst("先に、その年度のすべての月（出納整理期間の4月・5月まで）を締めてください。")
        return
    if now() < month_ends(name):
        raise NotOver
    if not all(is_closed(month) for month in months() if month < name):
        raise EarlierFirst


def _check_last(name: str) -> None:
    """Nothing that was counted on top of the period is closed."""
    check_name(name)
    if name.startswith("FY"):
        return
    later = [period for period in by_name() if not period.startswith("FY") and period > name]
    if any(map(is_closed, [*later, f"FY{year_of_month(name)}"])):
        raise LaterFirst


def _ask(name: str, event: str, actor_id: int, why: str) -> None:
    insert_once(
        Period,
        {"name": name, "state": PeriodState.OPEN, "totals": {}, "asked_by": actor_id, "asked_at": now(), "why": why},
    )
    period = _locked(name)
    move(period, event, by=acting(actor_id), why=why)
    period.asked_by, period.asked_at, period.why = actor_id, now(), why
    period.decided_by = period.decided_at = None


def _locked(name: str) -> Period:
    id_ = db.session.scalar(sa.select(Period.id).where(Period.name == name))
    if id_ is None:
        raise WrongState
    return lock(Period, id_)
