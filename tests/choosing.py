"""Which tests are run on which database, and which of them first."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

PROGRAMS = {"browser", "stripe_process"}
"""Fixtures that start programs; what starts others is marked `browser` or `node`."""


def on_postgresql(item: pytest.Item) -> bool:
    """What meets a database and is not seen through a browser: the rest says the same as in the run on SQLite.

    A browser test marked `on_both` is one in which people meet at one row: the main sale, an auction, a lottery. One
    marked `on_sqlite` needs a town and looks at something else. Every page is still shown once: access/test_pages.py.
    """
    if "databases" not in getattr(item, "fixturenames", ()) or item.get_closest_marker("on_sqlite"):
        return False
    return item.get_closest_marker("browser") is None or item.get_closest_marker("on_both") is not None


def starts_programs(item: pytest.Item) -> bool:
    """Such tests take seconds, the others a tenth of one."""
    fixtures: Sequence[str] = getattr(item, "fixturenames", ())
    return bool(PROGRAMS & set(fixtures)) or any(item.get_closest_marker(name) for name in ("browser", "node"))


def long_ones_first(items: list[pytest.Item]) -> list[pytest.Item]:
    """So that at the end only short ones are left, and no process of a run waits long for another."""
    return sorted(items, key=starts_programs, reverse=True)
