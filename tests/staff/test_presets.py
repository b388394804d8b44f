from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask

from marketplace.kit.clock import JST, pretending
from marketplace.listings.checking import Weight, checks
from marketplace.staff.presets import PRESETS


@pytest.mark.parametrize("template", PRESETS)
@pytest.mark.parametrize("day", [datetime(2026, 11, 28, 15, 0, tzinfo=JST) + timedelta(days=n) for n in (0, 1, 16, 24)])
def test_a_template_has_no_doubtful_line_whatever_the_day(app: Flask, template: str, day: datetime) -> None:
    usual = {"reserve_yen": None, "issuer": "", "urgent_reason": ""}
    with pretending(day):
        found = checks(usual | PRESETS[template].filled(), day)
    assert [(each.field, each.why) for each in found if each.weight is not Weight.FINE] == []
