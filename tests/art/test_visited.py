"""The resident card as its holder sees it."""

import re
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.art import png
from marketplace.art.visited import MOST_TREES, Season, season_of, visited_card


def drawn(season: Season = Season.SPRING, visits: int = 0, serial: int = 3) -> str:
    return visited_card("7", serial, 100, season, visits).svg()


def trunks(svg: str) -> list[str]:
    """Where the round trees stand."""
    return re.findall(r'<g transform="translate\(([^)]*)\)[^"]*"><path d="M0 0V', svg)


@given(st.dates(date(2020, 1, 1), date(2040, 12, 31)))
def test_a_year_has_four_seasons_that_begin_with_a_month(day: date) -> None:
    begins = {3: Season.SPRING, 6: Season.SUMMER, 9: Season.AUTUMN, 12: Season.WINTER}
    if day.month in begins:
        assert season_of(day) == begins[day.month]
    assert season_of(day) == season_of(day.replace(day=1))


def test_the_day_before_spring_is_winter() -> None:
    first = date(2027, 3, 1)
    assert (season_of(first), season_of(first - timedelta(days=1))) == (Season.SPRING, Season.WINTER)


@pytest.mark.parametrize("season", list(Season))
def test_the_same_card_on_the_same_day_is_the_same_picture(season: Season) -> None:
    assert drawn(season, 5) == drawn(season, 5)
    assert png(drawn(season, 5), 120).startswith(b"\x89PNG")


def test_each_season_each_number_and_each_visit_is_seen() -> None:
    visited = [drawn(visits=n) for n in range(1, 2 * MOST_TREES, 7)]
    seen = [*(drawn(season) for season in Season), drawn(serial=4), *visited]
    assert len(set(seen)) == len(seen)


def test_a_tree_stays_where_it_was_when_the_next_one_comes() -> None:
    grown = [set(trunks(drawn(visits=n))) for n in range(MOST_TREES + 1)]
    assert all(before <= after for before, after in pairwise(grown))
    assert len(grown[-1]) > len(grown[3])


def test_more_visits_than_the_shore_has_room_for_light_lanterns_until_all_are_lit() -> None:
    lit = [drawn(visits=n).count("#fff3c4") for n in (MOST_TREES, MOST_TREES + 1, 2 * MOST_TREES, 900)]
    assert lit == [0, 1, MOST_TREES, MOST_TREES]
