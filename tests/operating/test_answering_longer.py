"""Whoever was asked for an answer has the time back that the town's machine took, once, and not more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from marketplace.collections import swapping
from marketplace.collections.models import Swap
from marketplace.gatherings import booking, moving_up
from marketplace.gatherings.models import Rsvp
from marketplace.holders import giving
from marketplace.holders.models import Gift
from marketplace.kit import clock
from marketplace.kit.clock import pretending
from marketplace.kit.db import db, get
from marketplace.listings.models import Listing
from marketplace.naming import inviting
from marketplace.naming.models import Naming
from marketplace.operating.coming_back import come_back
from marketplace.operating.watching import write
from tests import given
from tests.chainlogs import Chain
from tests.gatherings.stage import a_gathering, rsvp
from tests.naming.stage import a_naming
from tests.resale.stage import held_token

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
Asked = tuple[type[Any], int, str, Callable[[], object]]
"""The row that waits, its deadline, and what the worker's clock does with it when that is over."""


def a_gift(chain: Chain, hana: int) -> Asked:
    return Gift, giving.give(held_token(chain, hana), hana, "grandchild@example.jp"), "expires_at", giving.expire_due


def an_exchange(chain: Chain, hana: int) -> Asked:
    first, second = (given.a_listing(kind="card", title_ja=name) for name in ("わらび", "うど"))
    hers, wanted = held_token(chain, hana, first), get(Listing, second).right_id
    return Swap, swapping.offer(hers, hana, wanted, None, None, 7), "expires_at", swapping.expire_due


def a_seat(chain: Chain, hana: int) -> Asked:
    event, before = a_gathering(seats=1), given.an_account()
    for who in (before, hana):
        booking.ask(event, who)
    booking.give_up(event, before)
    return Rsvp, rsvp(event, hana).id, "answer_until", moving_up.lapse_due


def a_name(chain: Chain, hana: int) -> Asked:
    return Naming, a_naming(chain, hana), "answer_by", inviting.deadlines


def seen(asked: Asked) -> tuple[str, datetime]:
    """Where it stands, and until when."""
    db.session.rollback()
    row = get(asked[0], asked[1])
    return str(row.state), getattr(row, asked[2])


def about(one: datetime, other: datetime) -> bool:
    """The same, but for what the test itself takes."""
    return abs(one - other) < MINUTE


@pytest.mark.parametrize("ask", [a_gift, an_exchange, a_seat, a_name])
def test_what_ran_out_while_nobody_could_answer_is_open_for_as_long_as_was_lost(
    app: Flask, chain: Chain, hana: int, ask: Callable[[Chain, int], Asked]
) -> None:
    asked = ask(chain, hana)
    state, until = seen(asked)
    with pretending(until - 2 * MINUTE):
        write([])
    with pretending(until + DAY):
        come_back()
        asked[3]()
        assert come_back() == 0  # killed before its first round, and begun again
        write([])
    now_state, now_until = seen(asked)
    assert (now_state, about(now_until, until + DAY + 2 * MINUTE)) == (state, True)
    with pretending(until + DAY + 4 * MINUTE):
        asked[3]()
    assert seen(asked)[0] not in (state, "accepted")


def test_what_was_asked_while_the_worker_was_away_has_back_no_more_than_its_own_time(
    app: Flask, chain: Chain, hana: int
) -> None:
    write([])
    began = clock.now()
    with pretending(began + DAY):
        asked = a_gift(chain, hana)
        until = seen(asked)[1]
    with pretending(began + 3 * DAY):
        come_back()
    assert about(seen(asked)[1], until + 2 * DAY)


def test_a_seat_is_not_kept_beyond_the_beginning(app: Flask, chain: Chain, hana: int) -> None:
    asked = a_seat(chain, hana)
    write([])
    begins_at = get(Rsvp, asked[1]).gathering.begins_at
    with pretending(begins_at - MINUTE):
        come_back()
    assert seen(asked)[1] == begins_at


def test_what_was_answered_or_over_before_stays_so(app: Flask, chain: Chain, hana: int) -> None:
    declined, over = a_gift(chain, hana), an_exchange(chain, hana)
    giving.decline(declined[1], None)
    with pretending(seen(over)[1] + MINUTE):
        write([])
    before = [seen(each) for each in (declined, over)]
    with pretending(seen(over)[1] + 2 * DAY):
        come_back()
        over[3]()
    assert [seen(declined), seen(over)] == [before[0], ("expired", before[1][1])]
