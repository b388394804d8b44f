"""Lotteries in the states that tests begin with, reached by the real commands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle
from typing import Any

import sqlalchemy as sa

from marketplace.kit.clock import pretending
from marketplace.kit.db import db, get
from marketplace.kit.sheets import SHEETS, run_one
from marketplace.listings.models import Listing, ListingState
from marketplace.lotteries.closing import of_listing
from marketplace.lotteries.drawing import draw_with_dice
from marketplace.lotteries.entering import Received, enter
from marketplace.lotteries.models import Entry, Lottery
from marketplace.lotteries.rules import Application
from marketplace.lotteries.states import LotteryState
from marketplace.outbox import keeping
from tests import given

DICE = "04719283640192837465"
WITNESSES = ["月山 一郎", "最上 花子"]


def a_lottery(**more: Any) -> Lottery:
    """Open, for two units where nothing else is said."""
    lottery = of_listing(given.a_listing("lottery", **{"quantity": 2} | more))
    assert lottery is not None
    return lottery


def asking(**entry: Any) -> dict[str, Any]:
    """A sale whose lottery asks this of applicants: address=True, least_age=18, age_by="birth", sms=True …"""
    return {"auction_rules": {"entry": entry}}


def somebody(kana: str = "やまだ はなこ", address: str = "月見沢町海野510", **more: Any) -> Application:
    """What a person gives where name and address are asked."""
    return Application(name="山田 花子", kana=kana, address=address, **more)


def with_entries(people: int, groups: Sequence[str] = ("",), **more: Any) -> tuple[Lottery, list[Received], list[int]]:
    """`groups` are chosen in turn."""
    lottery = a_lottery(**more)
    accounts = [given.an_account() for _ in range(people)]
    received = [
        enter(lottery.id, account, Application(group=group))
        for account, group in zip(accounts, cycle(groups), strict=False)
    ]
    return lottery, received, accounts


@contextmanager
def after_the_close(lottery: Lottery) -> Iterator[None]:
    """At the time of the draw: the sheet has closed the sale, and everybody has heard."""
    draw_at = get(Listing, lottery.listing_id).draw_at
    assert draw_at is not None
    with pretending(draw_at):
        run_one(SHEETS["listings.close_due"])
        keeping.drain()
        yield


def drawn(people: int, **more: Any) -> tuple[Lottery, list[Received], list[int]]:
    """Closed, drawn by dice, and everybody has heard."""
    lottery, received, accounts = with_entries(people, **more)
    with after_the_close(lottery):
        draw_with_dice(lottery.id, DICE, WITNESSES, given.staff("approver"))
        keeping.drain()
    return lottery, received, accounts


def ranked() -> list[Entry]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Entry).order_by(Entry.rank)))


def state(lottery: Lottery) -> tuple[LotteryState, ListingState]:
    db.session.expire_all()
    return lottery.state, get(Listing, lottery.listing_id).state
