"""Two webs, two workers and two followers on one database, and any of them may die."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.chaos.fleet import at_anchor
from tests.chaos.living import live
from tests.chaos.running import Ending
from tests.chaos.state import alike, fingerprint
from tests.databases import chosen

KILLS = 4

pytestmark = [
    pytest.mark.node,
    pytest.mark.skipif(sys.platform != "linux", reason="the processes are found in /proc"),
    pytest.mark.skipif(chosen() != "postgresql", reason="PostgreSQL: tests/journeys/test_kill.py does it on SQLite"),
]


def test_two_of_each_end_as_one_alone_whatever_is_killed(database_url: str, tmp_path: Path, calm: Ending) -> None:
    with at_anchor(tmp_path / "fleet", database_url) as fleet:
        life = live(fleet, KILLS, seed=1)
    assert life.state == alike(calm.state)
    assert life.hash == fingerprint(alike(calm.state))
    assert sum(life.killed.values()) >= KILLS // 2
