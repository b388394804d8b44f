from datetime import date
from pathlib import Path

import pytest

from benchmarks import Result, document
from benchmarks.goals import Goal, goal_of


def test_the_page_of_benchmarks_is_what_was_recorded() -> None:
    assert document.PAGE.read_text() == document.page(document.read())


def test_a_result_is_kept_with_its_day_and_machine_in_place_of_the_older_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(document, "RECORDED", tmp_path / "benchmarks.json")
    monkeypatch.setattr(document, "PAGE", tmp_path / "benchmarks.md")
    older = Result("pages.catalogue.sqlite", 20.0, "CPU-ms", 5.0, "bare Flask", 7)
    newer = Result("pages.catalogue.sqlite", 8.5, "CPU-ms", 2.9, "bare Flask", 7)
    document.record([older], date(2026, 11, 27), "an old machine")
    assert "| **not met** |" in document.PAGE.read_text()
    document.record([newer], date(2026, 11, 28), "2 cores")
    text = document.PAGE.read_text()
    assert "| `pages.catalogue.sqlite` | 8.5 CPU-ms | bare Flask | 2.9 | 7 | value ≤ 11, ratio ≤ 3.2 | met |" in text
    assert "Measured 2026-11-28, 2 cores." in text
    assert "an old machine" not in text


@pytest.mark.parametrize(
    ("ratio", "met"),
    [(0.5, True), (0.49, False), (7.0, True)],
)
def test_a_goal_may_be_a_least_or_a_most(ratio: float, met: bool) -> None:
    result = Result("pages.cached.postgresql", 1000.0, "/CPU-s", ratio, "hello", 7)
    goal = goal_of(result.name)
    assert goal == Goal(ratio_at_least=0.5)
    assert goal.met(result) == met


def test_what_has_no_goal_is_only_told() -> None:
    assert goal_of("memory") is None
    assert goal_of("ordering.sqlite.web") is None
