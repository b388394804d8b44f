"""Old backups go; the newest of each of the last days, weeks and months stay."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from flask import Flask
from hypothesis import given as given_any
from hypothesis import strategies as st

from marketplace.kit.clock import jst, now, pretending
from marketplace.operating.archive import kept_in, name_of, newest
from marketplace.operating.backing_up import back_up
from marketplace.operating.retaining import kept, thin_out, unfinished

NIGHT = datetime(2026, 11, 28, 17, 0, tzinfo=UTC)  # two o'clock in Japan, a Sunday

MOMENTS = st.lists(st.integers(0, 24 * 800).map(lambda hours: NIGHT - timedelta(hours=hours)), min_size=1, unique=True)
COUNTS = st.integers(0, 9)


def test_a_year_of_nights_leaves_a_handful() -> None:
    nights = [NIGHT - timedelta(days=n) for n in range(365)]
    ages = sorted((NIGHT - moment).days for moment in kept(nights, 7, 4, 6))
    assert ages == [0, 1, 2, 3, 4, 5, 6, 7, 14, 21, 29, 60, 90, 121, 152]


@given_any(MOMENTS, COUNTS, COUNTS, COUNTS)
def test_the_newest_stays_and_nothing_is_kept_that_was_not_there(
    moments: list[datetime], days: int, weeks: int, months: int
) -> None:
    stay = kept(moments, days, weeks, months)
    assert max(moments) in stay
    assert stay <= set(moments)
    assert len(stay) <= max(1, days + weeks + months)


@given_any(MOMENTS, COUNTS)
def test_each_of_the_last_days_keeps_its_newest(moments: list[datetime], days: int) -> None:
    newest_of = {jst(moment).date(): moment for moment in sorted(moments)}
    wanted = {newest_of[day] for day in sorted(newest_of, reverse=True)[: max(days, 1)]}
    assert kept(moments, days, 0, 0) == wanted


@given_any(MOMENTS, COUNTS, COUNTS, COUNTS)
def test_what_is_kept_tonight_and_gone_tomorrow_is_never_wanted_again(
    moments: list[datetime], days: int, weeks: int, months: int
) -> None:
    """Thinning out each night leaves the same as thinning out once in the end."""
    ordered = sorted(moments)
    there: set[datetime] = set()
    for moment in ordered:
        there = kept({*there, moment}, days, weeks, months)
    assert there == kept(moments, days, weeks, months)


def test_what_goes_is_removed_with_its_files(app: Flask, tmp_path: Path) -> None:
    began = now()
    for day in range(4):
        with pretending(began + timedelta(days=day)):
            back_up(tmp_path)
    (tmp_path / "notes.txt").write_text("not ours")
    gone = thin_out(tmp_path, 2, 0, 0)
    assert [archive.made_at.date() for archive in gone] == [(began + timedelta(days=day)).date() for day in (0, 1)]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        ["notes.txt", *(archive.place.name for archive in kept_in(tmp_path))]
    )
    assert newest(tmp_path) is not None


def test_what_a_killed_backup_or_removal_left_is_cleared_away_by_the_next_nights(app: Flask, tmp_path: Path) -> None:
    """Nobody sees it, no count of backups has it, and a whole database lies in it. One that is being made stays."""
    began = now()
    killed, under_way = (unfinished(tmp_path / name_of(began + timedelta(hours=hours))) for hours in (0, 23))
    half_gone = tmp_path / f".{name_of(began - timedelta(days=90))}.old"
    for place in (killed, under_way, half_gone):
        place.mkdir()
        (place / "copying.sqlite").write_bytes(b"everything that is known of everybody")
    (tmp_path / ".snapshots").mkdir()  # of the file system
    with pretending(began + timedelta(days=1)):
        made = back_up(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {made.place.name, under_way.name, ".snapshots"}
