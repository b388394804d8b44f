"""The pages of this office."""

from __future__ import annotations

from marketplace.appointments import desk, mine, planner

BLUEPRINTS = (mine.bp, desk.bp, planner.bp)
