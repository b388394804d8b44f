"""The story of the demo town can be told at any hour of any day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from marketplace.appointments.rules import LEAD
from marketplace.demo import hours, names
from marketplace.demo.history import Tale
from marketplace.demo.scene import Scene
from marketplace.demo.town import story
from marketplace.kit.clock import now, pretending

MIDNIGHT = datetime(2026, 11, 28, 15, tzinfo=UTC)
"""Of a Sunday in Japan."""


def test_no_sale_lets_a_person_have_more_than_there_are() -> None:
    values = {sale.id: sale.values() for sale in story().sales}
    assert len(values) > 10
    assert [name for name, each in values.items() if each["per_person_limit"] > each["quantity"]] == []


@pytest.mark.parametrize("hour", range(24))
def test_a_place_is_put_on_the_map_after_its_sale_is_drafted(hour: int) -> None:
    with pretending(MIDNIGHT + timedelta(hours=hour, minutes=20)):
        present = now()
        drafted = {sale.id: min(act.at for act in Tale(sale, {}, 0).acts()) for sale in story().sales}
        last = max(act.at for act in names.acts(Scene({}, lambda _sale: 0, lambda: None, present)))
    assert [sale for *_, sale in names.TO_BE_NAMED if not drafted[sale] < last < present] == []


@pytest.mark.parametrize("year", range(2026, 2034))
def test_what_was_talked_about_was_asked_for_in_good_time_however_long_the_town_hall_was_closed(year: int) -> None:
    late = []
    for day in range(365):
        present = MIDNIGHT.replace(year=year) + timedelta(days=day, minutes=20)
        acts = list(hours.acts(Scene({}, lambda _sale: 0, lambda: None, present)))
        talks = [(ask.at, held.at) for ask, held in pairwise(acts) if ask.do.__name__ == "ask"]
        assert len(talks) == 2
        late += [
            present for asked, counted in talks if not asked + LEAD < counted - 3 * hours.HOUR < present - LEAD / 2
        ]
    assert late == []
