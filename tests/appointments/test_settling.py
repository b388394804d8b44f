"""What was held is confirmed by both sides and counted once, by the plan's ledger or by the right alone; and resale."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.appointments import arranging, asking, counting, rules, settling
from marketplace.appointments.models import AppointmentState, Count
from marketplace.kit.clock import pretending
from marketplace.kit.db import db
from marketplace.kit.refusals import Invalid, WrongState
from marketplace.kit.sheets import SHEETS, run_one
from marketplace.outbox import keeping
from marketplace.perks.models import Use
from marketplace.resale import offering
from tests import given
from tests.appointments.stage import (
    FRIDAY,
    MONDAY,
    WEDNESDAY,
    Talks,
    asked,
    counted,
    fixed,
    held,
    mayors_talks,
    row,
    slots,
    sold_on,
    wish,
)
from tests.chainlogs import Chain, somebody
from tests.holders.stage import mails, moved, proved, refusal
from tests.racing import at_once
from tests.resale.stage import calls, custody, token
from tests.wallets import OwnWallet


@pytest.fixture
def office(app: Flask) -> int:
    return given.staff("drafter")


def left(talks: Talks) -> int | None:
    return counting.left(token(talks.token_id))


def in_ledger() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Use.ref).order_by(Use.id)))


def test_a_held_lecture_is_confirmed_and_counts_its_hours_in_the_ledger_and_on_chain(talks: Talks) -> None:
    appointment_id = counted(talks, uses=2)
    code = row(appointment_id).code
    assert (row(appointment_id).state, left(talks)) == (AppointmentState.SETTLED, 10)
    assert in_ledger() == [f"{code}-1", f"{code}-2"]
    assert [call[2] for call in calls("use:")] == ["redeem", "redeem"]
    assert list(db.session.scalars(sa.select(Count))) == []
    assert mails("hana@example.jp") == ["appointment_fixed", "appointment_held", "appointment_counted"]
    settling.confirm(appointment_id, talks.holder)
    assert (left(talks), len(calls("use:"))) == (10, 2)


def test_a_right_without_a_plan_is_counted_on_chain_by_its_appointments(chain: Chain, hana: int) -> None:
    talks = mayors_talks(chain, hana, planned=False)
    counted(talks, uses=3)
    assert (left(talks), in_ledger(), len(calls("use:"))) == (9, [], 3)
    chain.redeemed(talks.token_id, custody(hana), 4, 8, block=7)
    chain.tell()
    assert left(talks) == 8  # what the chain says, where it says less


def test_both_who_confirm_at_once_count_once(app: Flask, talks: Talks) -> None:
    appointment_id = held(talks)
    with pretending(MONDAY + timedelta(days=8)):
        acts = (lambda: settling.confirm(appointment_id, talks.holder), settling.settle_due)
        assert at_once(app, 4, lambda number: acts[number % 2]()) == [None] * 4
    assert (left(talks), len(in_ledger()), len(calls("use:"))) == (11, 1, 1)


def test_nobody_objects_in_a_week_and_it_counts(talks: Talks) -> None:
    appointment_id = held(talks)
    with pretending(MONDAY + timedelta(days=7)):
        run_one(SHEETS["appointments.settle"])
        assert row(appointment_id).state == AppointmentState.DONE
    with pretending(MONDAY + timedelta(days=7, hours=3)):
        run_one(SHEETS["appointments.settle"])
        run_one(SHEETS["appointments.settle"])
    assert (row(appointment_id).state, left(talks)) == (AppointmentState.SETTLED, 11)


def test_an_objection_stops_the_count_until_the_office_has_looked(talks: Talks, office: int) -> None:
    appointment_id = held(talks, uses=2)
    with pytest.raises(Invalid):
        settling.object_to(appointment_id, talks.holder, "")
    settling.object_to(appointment_id, talks.holder, "1時間で終わりました。")
    with pretending(MONDAY + timedelta(days=30)):
        run_one(SHEETS["appointments.settle"])
        with pytest.raises(WrongState):
            settling.confirm(appointment_id, talks.holder)
        assert left(talks) == 12
        settling.held(appointment_id, office, 1)
        settling.confirm(appointment_id, talks.holder)
    assert left(talks) == 11


def test_the_office_counts_or_drops_what_was_objected_to_with_its_reason(talks: Talks, office: int) -> None:
    one, two = held(talks, MONDAY), held(talks, WEDNESDAY)
    for each in (one, two):
        settling.object_to(each, talks.holder, "来ていません。")
    with pytest.raises(Invalid):
        settling.settle(one, office, " ")
    settling.settle(one, office, "出席の記録を確かめました。")
    arranging.cancel(two, office, "行けませんでした。")
    assert [row(each).state for each in (one, two)] == [AppointmentState.SETTLED, AppointmentState.CANCELLED]
    assert left(talks) == 11


def test_what_has_not_begun_is_not_held(talks: Talks, office: int) -> None:
    appointment_id = fixed(talks)
    assert refusal(lambda: settling.held(appointment_id, office, 1)) == "not_yet_held"
    with pretending(MONDAY + timedelta(hours=2)), pytest.raises(Invalid):
        settling.held(appointment_id, office, 0)


def test_no_more_is_asked_for_than_is_left(chain: Chain, hana: int, office: int) -> None:
    talks = mayors_talks(chain, hana, planned=False, uses_per_token=3)
    fixed(talks, MONDAY, uses=2)
    with pytest.raises(rules.NotEnoughLeft, match="のこりは3回で、日程を決められるのはあと1回"):
        asked(talks, FRIDAY, uses=2)
    asked(talks, FRIDAY)
    with pytest.raises(rules.NotEnoughLeft):
        asked(talks, WEDNESDAY)


def test_two_who_ask_for_the_last_hour_at_once_get_it_once(app: Flask, chain: Chain, hana: int) -> None:
    talks = mayors_talks(chain, hana, planned=False, uses_per_token=1)
    starts = (MONDAY, WEDNESDAY, FRIDAY)
    outcomes = at_once(app, 3, lambda number: asking.ask(talks.token_id, hana, wish(starts[number])))
    assert sorted(type(each).__name__ for each in outcomes) == ["NotEnoughLeft", "NotEnoughLeft", "int"]


def test_a_sold_right_loses_its_dates_and_both_are_told(chain: Chain, talks: Talks, taro: int) -> None:
    counted(talks, MONDAY, uses=4)
    open_one, wished = fixed(talks, WEDNESDAY), asked(talks, FRIDAY)
    sold_on(chain, talks, taro)
    keeping.drain()
    assert [row(each).state for each in (open_one, wished)] == [AppointmentState.CANCELLED] * 2
    assert slots() == [MONDAY + timedelta(minutes=30) * number for number in range(8)]
    assert mails("hana@example.jp").count("appointment_sold") == 2
    assert mails("taro@example.jp").count("appointment_inherited") == 2
    assert left(talks) == 8
    assert refusal(lambda: asking.cancel(open_one, talks.holder)) == "not_the_holder"
    asking.ask(talks.token_id, taro, wish(WEDNESDAY))


def test_what_was_held_binds_the_right_until_it_is_counted(talks: Talks) -> None:
    appointment_id = held(talks)
    assert refusal(lambda: offering.offer(talks.token_id, talks.holder, 900)) == "appointment_not_counted"
    settling.confirm(appointment_id, talks.holder)
    offering.offer(talks.token_id, talks.holder, 900)


def test_what_was_held_before_a_sale_is_for_the_office_not_for_the_buyer(
    chain: Chain, talks: Talks, taro: int, office: int
) -> None:
    appointment_id = held(talks)
    sold_on(chain, talks, taro)
    there = row(appointment_id)
    assert (there.state, "持ち主が変わりました" in there.objection) == (AppointmentState.OBJECTED, True)
    assert left(talks) == 12
    arranging.cancel(appointment_id, office, "数えません。")
    assert left(talks) == 12


def test_a_right_that_goes_to_the_holders_own_wallet_keeps_its_dates(chain: Chain, talks: Talks) -> None:
    appointment_id, own = fixed(talks, WEDNESDAY), OwnWallet("hana")
    proved(talks.holder, own)
    moved(chain, talks.token_id, custody(talks.holder), own.address, 5)
    assert row(appointment_id).state == AppointmentState.CONFIRMED
    moved(chain, talks.token_id, own.address, somebody("stranger"), 6)
    assert row(appointment_id).state == AppointmentState.CANCELLED


def test_what_has_begun_binds_the_right_too_and_is_for_the_office_where_it_is_sold_all_the_same(
    chain: Chain, talks: Talks, taro: int, office: int
) -> None:
    begun, coming = fixed(talks, MONDAY), fixed(talks, FRIDAY)
    with pretending(MONDAY + timedelta(minutes=1)):
        assert refusal(lambda: offering.offer(talks.token_id, talks.holder, 900)) == "appointment_not_counted"
        sold_on(chain, talks, taro)
        assert [row(each).state for each in (begun, coming)] == [AppointmentState.CONFIRMED, AppointmentState.CANCELLED]
        assert "持ち主が変わりました" in row(begun).objection
        settling.held(begun, office, 1)
    with pretending(MONDAY + timedelta(days=8)):
        settling.settle_due()
        assert (row(begun).state, left(talks)) == (AppointmentState.SETTLED, 11)
