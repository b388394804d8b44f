"""Whoever has a date is reminded the day before: once for each date that was fixed."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask

from marketplace.accounts.letters import LetterKind, choose, wanted
from marketplace.appointments import arranging, asking
from marketplace.appointments.reminding import remind_due
from marketplace.kit.clock import pretending
from tests import given
from tests.appointments.stage import FRIDAY, MONDAY, asked, fixed, held, mayors_talks
from tests.chainlogs import Chain
from tests.holders.stage import mails
from tests.racing import at_once

HOUR = timedelta(hours=1)
REMINDER = "appointment_tomorrow"


def reminded() -> int:
    return mails("hana@example.jp").count(REMINDER)


def test_a_fixed_date_is_reminded_of_once_within_the_last_day(chain: Chain, hana: int) -> None:
    fixed(mayors_talks(chain, hana))
    for before, letters in ((25 * HOUR, 0), (24 * HOUR, 1), (2 * HOUR, 1), (-HOUR, 1)):
        with pretending(MONDAY - before):
            remind_due()
            remind_due()
        assert reminded() == letters, before


def test_what_is_only_asked_for_cancelled_or_held_is_not_reminded_of(chain: Chain, hana: int) -> None:
    asked(mayors_talks(chain, hana), MONDAY)
    asking.cancel(fixed(mayors_talks(chain, hana, serial=2), MONDAY + 2 * HOUR), hana)
    held(mayors_talks(chain, hana, serial=3), MONDAY + 4 * HOUR)
    with pretending(MONDAY - HOUR):
        remind_due()
    assert reminded() == 0


def test_a_date_that_was_moved_is_reminded_of_at_its_new_time(chain: Chain, hana: int) -> None:
    talk = fixed(mayors_talks(chain, hana))
    with pretending(MONDAY - 20 * HOUR):
        remind_due()
        arranging.offer(talk, given.staff("drafter"), [FRIDAY], "議会のため")
        asking.accept(talk, hana, FRIDAY)
        remind_due()
    assert reminded() == 1
    with pretending(FRIDAY - 20 * HOUR):
        remind_due()
        remind_due()
    assert reminded() == 2


def test_what_was_fixed_on_the_last_day_has_just_been_told(chain: Chain, hana: int) -> None:
    talk = asked(mayors_talks(chain, hana), MONDAY)
    with pretending(MONDAY - 20 * HOUR):
        arranging.confirm(talk, given.staff("drafter"), MONDAY)
        remind_due()
    assert mails("hana@example.jp").count("appointment_fixed") == 1
    assert reminded() == 0


def test_who_wants_no_reminders_gets_none(chain: Chain, hana: int) -> None:
    fixed(mayors_talks(chain, hana))
    choose(hana, wanted(hana) - {LetterKind.TOMORROW})
    with pretending(MONDAY - 20 * HOUR):
        remind_due()
    assert reminded() == 0


def test_two_workers_at_once_write_one_letter(app: Flask, chain: Chain, hana: int) -> None:
    fixed(mayors_talks(chain, hana))
    with pretending(MONDAY - 20 * HOUR):
        assert at_once(app, 3, lambda _: remind_due()) == [None] * 3
    assert reminded() == 1
