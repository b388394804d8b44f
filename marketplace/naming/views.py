"""The pages of this office."""

from __future__ import annotations

from marketplace.naming import desk, mine, pages, placing

BLUEPRINTS = (pages.bp, mine.bp, desk.bp, placing.bp)
