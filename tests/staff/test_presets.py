from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask

from marketplace.kit.clock import JST, pretending
from marketplace.listings.checking import Weight, checks
from marketplace.listings.rules import faults
from marketplace.staff.presets import PRESETS

DAYS = [datetime(2026, 11, 28, 15, 0, tzinfo=JST) + timedelta(days=n) for n in range(2 * 365)]


@pytest.mark.parametrize("template", PRESETS)
def test_a_template_can_be_sold_and_has_no_doubtful_line_whatever_the_day(app: Flask, template: str) -> None:
    usual = {"reserve_yen": None, "issuer": "", "urgent_reason": ""}
    for day in DAYS:
        with pretending(day):
            filled = usual | PRESETS[template].filled()
        wrong = [(each.field, each.message) for each in faults(filled)]
        doubtful = [(each.field, each.why) for each in checks(filled, day) if each.weight is not Weight.FINE]
        assert (day, wrong, doubtful) == (day, [], [])


def test_a_resident_card_can_be_passed_on_two_weeks_after_the_draw_as_its_words_say() -> None:
    """Of the days before the year's end, too, which moves the closing and the draw."""
    for day in DAYS[:60]:
        with pretending(day):
            filled = PRESETS["resident"].filled()
        assert filled["draw_at"] >= filled["closes_at"] + timedelta(days=1, hours=14)
        assert filled["tradable_from"] >= filled["draw_at"] + timedelta(days=14)
