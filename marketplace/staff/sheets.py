"""What is on the desk today: small questions to the offices below, each with the one button that answers it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa

from marketplace.admissions.deciding import WAITS
from marketplace.chain import alarms
from marketplace.chain.models import Call, CallState
from marketplace.kit.clock import jst, now
from marketplace.kit.db import db
from marketplace.listings.models import Listing, ListingState
from marketplace.orders.models import Order, OrderState
from marketplace.outbox.models import Message
from marketplace.staff import (
    appointment_tasks,
    calendar,
    money_tasks,
    naming_tasks,
    people_tasks,
    perk_tasks,
    sale_tasks,
    webhook_tasks,
    works_tasks,
)
from marketplace.staff.calendar import Event
from marketplace.staff.tasks import Task, day_of


def today(account_id: int) -> list[Task]:
    """Everything that waits for a member of staff, the most pressing first."""
    return [
        *works_tasks.standing_still(),
        *works_tasks.letters_late(),
        *works_tasks.watch_stopped(),
        *works_tasks.chain_alarms(),
        *works_tasks.parked(),
        *works_tasks.parked_calls(),
        *perk_tasks.unexplained_counts(),
        *perk_tasks.locked_counters(),
        *sale_tasks.draws(),
        *sale_tasks.auctions(),
        *sale_tasks.admissions(),
        *money_tasks.without_page(),
        *money_tasks.in_question(),
        *money_tasks.not_ended(),
        *money_tasks.not_given_back(),
        *money_tasks.disputed(),
        *money_tasks.refunds_to_approve(account_id),
        *money_tasks.not_agreeing(),
        *money_tasks.to_decide(account_id),
        *money_tasks.deposits_ending(),
        *people_tasks.second_persons(account_id),
        *perk_tasks.flagged_uses(),
        *perk_tasks.not_on_chain(),
        *appointment_tasks.appointments(),
        *naming_tasks.namings(account_id),
        *webhook_tasks.endpoints(account_id),
        *sale_tasks.not_published(),
        *works_tasks.lost_blocks(),
        *works_tasks.unanchored_days(),
        *sale_tasks.corrections(account_id),
        *sale_tasks.stopped(account_id),
        *sale_tasks.amendments(account_id),
        *sale_tasks.awaiting_approval(account_id),
        *sale_tasks.sent_back(account_id),
        *money_tasks.unpaid_winners(),
        *sale_tasks.to_report(),
    ]


GROUPS = {
    "bad": "すぐに見てください",
    "warn": "あなたの手を待っています",
    "plain": "時間のあるときに",
}
BY_ITSELF = ("publish", "open", "close", "pay", "trade", "term")
"""Events of the calendar at whose hour nobody has to do anything: not a draw or an opening before witnesses."""


def grouped(tasks: Iterable[Task]) -> list[tuple[str, list[Task]]]:
    """(heading, tasks) in the order of GROUPS, without the empty ones."""
    by_tone: dict[str, list[Task]] = {}
    for task in tasks:
        by_tone.setdefault(task.tone, []).append(task)
    return [(heading, by_tone[tone]) for tone, heading in GROUPS.items() if tone in by_tone]


def by_itself(day: datetime) -> list[Event]:
    """What time alone makes happen on that day in Japan, in its order."""
    return [event for event in calendar.of_day(jst(day).date()) if event.kind in BY_ITSELF]


def waiting() -> dict[str, int]:
    """How many wait, for the side menu: {"approvals", "admissions", "works"}."""
    applied = sa.select(sa.func.count()).where(WAITS)
    submitted = sa.select(sa.func.count()).select_from(Listing).where(Listing.state == ListingState.SUBMITTED)
    stuck = (
        sa.select(sa.func.count()).select_from(Message).where(Message.parked_at.is_not(None), Message.done_at.is_(None))
    )
    calls = sa.select(sa.func.count()).select_from(Call).where(Call.state == CallState.PARKED)
    works = (db.session.scalar(stuck) or 0) + (db.session.scalar(calls) or 0) + len(alarms.standing())
    return {
        "approvals": db.session.scalar(submitted) or 0,
        "admissions": db.session.scalar(applied) or 0,
        "works": works,
    }


def figures() -> dict[str, int]:
    """{"open": sales now, "orders": orders of today, "paid_yen": paid since April, "paid": orders paid since April}."""
    start, _ = day_of(now())
    april = start.replace(year=start.year - (start.month < 4), month=4, day=1)
    paid = (OrderState.PAID, OrderState.ISSUED)
    count, total = db.session.execute(
        sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(Order.yen), 0)).where(
            Order.state.in_(paid), Order.paid_at >= april
        )
    ).one()
    open_sales = sa.select(sa.func.count()).select_from(Listing).where(Listing.state == ListingState.OPEN)
    orders = sa.select(sa.func.count()).select_from(Order).where(Order.created_at >= start)
    return {
        "open": db.session.scalar(open_sales) or 0,
        "orders": db.session.scalar(orders) or 0,
        "paid_yen": int(total),
        "paid": count,
    }
