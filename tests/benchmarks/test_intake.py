from __future__ import annotations

from functools import partial

from flask import Flask

from benchmarks.intake import applied
from benchmarks.rush import arrivals, rush
from marketplace.settings import Settings


def test_the_arrivals_are_the_recorded_ones() -> None:
    times = arrivals()
    assert (len(times), sum(at < 60_000 for at in times), sum(at < 10_000 for at in times)) == (13_440, 1_180, 421)


def test_of_the_first_ten_seconds_at_ten_times_the_pace_nobody_is_lost_and_nobody_twice(
    app: Flask, settings: Settings
) -> None:
    """421 people, some of whom press twice, against two web processes; benchmarks/intake.py is the long version."""
    times = [at / 10_000 for at in arrivals() if at < 10_000]
    seen = applied(app, settings, len(times), partial(rush, times=times))
    assert len(seen.waits) == 421 + 22
