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


def test_two_results_of_one_name_are_not_recorded_since_one_would_hide_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(document, "RECORDED", tmp_path / "benchmarks.json")
    both = [Result("index.dense", 20_000.0, "ev/s", ratio, against, 2) for ratio, against in ((0.5, "a"), (17, "b"))]
    with pytest.raises(ValueError, match=r"hide the other: index\.dense$"):
        document.record(both, date(2026, 11, 28), "2 cores")
    assert document.read() == {}


@pytest.mark.parametrize(
    ("name", "worse"),
    [
        ("index.dense.bare", Result("", 20_000.0, "ev/s", 0.39, "bare", 5)),
        ("index.sparse.ponder", Result("", 20_000.0, "ev/s", 9.9, "ponder", 2)),
        ("mint.thousand", Result("", 5.1, "s", 0.1, "web3", 1)),
        ("resale.followed", Result("", 2.1, "s", 1.0, "mining the sale", 5)),
        ("watching.304", Result("", 7_000.0, "answers/s", 0.79, "hello", 9)),
        ("intake.postgresql.full.time", Result("", 241.0, "s", 1.004, "four minutes", 13_440)),
    ],
)
def test_what_was_promised_is_a_goal_that_can_be_missed(name: str, worse: Result) -> None:
    goal = goal_of(name)
    assert goal is not None
    assert not goal.met(worse)


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
